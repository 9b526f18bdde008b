"""The consumers of the registry.

device-events         the repair path: the same fold that the device API applied before it answered, once more
provider-dispatched   dead tokens ─▶ TokenRetired; accepted by a token not yet seen to work, or not yet under these
                      credentials ─▶ TokenWorked. Nearly all speak of no token, and are not even decoded

A provider's answer counts only for the token that the installation had when the push was sent. See docs/design.md §5,
§6.
"""

from collections.abc import Sequence

from schemas import ids
from schemas.device_events import DeviceEvent, OwnerProofsRevoked, TokenRetired, TokenWorked
from schemas.events import ProviderDispatched
from schemas.topics import DEVICE_EVENTS
from services.registry.devices.fold.state import Device, LiveToken, Token
from services.registry.devices.store import DeviceStore
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.log.kafka import Append

_OF_TOKENS = tuple(b'"%s":' % name.encode() for name in ("dead_token", "worked_under"))


def speaks_of_token(raw: bytes) -> bool:
    """Whether a record of `provider-dispatched` may have news of a token. What is null is left out of a record, and
    dispatch names the credentials of each token that it does not know to work under them."""
    return any(name in raw for name in _OF_TOKENS)


class DeviceConsumers:
    """The steps of both consumers."""

    def __init__(self, devices: DeviceStore) -> None:
        self._devices = devices

    async def device_events(self, records: Sequence[Record]) -> StepResult:
        """Fold the events again; nothing is written when the documents contain them already."""
        events = [record.event for record in records if isinstance(record.event, DeviceEvent)]
        revocations = [record.event for record in records if isinstance(record.event, OwnerProofsRevoked)]
        return self._follows(events, revocations, appended=True)

    async def dispatched(self, records: Sequence[Record]) -> StepResult:
        """Append what the providers' answers show of tokens."""
        events = [record.event for record in records if isinstance(record.event, ProviderDispatched)]
        events = [event for event in events if event.dead_token is not None or event.outcome == "accepted"]
        devices = await self._devices.load({event.installation_id for event in events})
        follow: dict[str, DeviceEvent] = {}
        for event in events:
            device = devices.get(event.installation_id)
            learnt = learnt_of(event, device) if device is not None else None
            if learnt is not None:
                follow.setdefault(f"{learnt.type}/{learnt.installation_id}/{event.slot}", learnt)
        return self._follows(list(follow.values()), appended=False)

    def _follows(
        self, events: Sequence[DeviceEvent], revocations: Sequence[OwnerProofsRevoked] = (), *, appended: bool
    ) -> StepResult:
        async def project() -> None:
            if revocations:
                await self._devices.revoke(revocations)
            await self._devices.apply(events)

        appends = [] if appended else [Append(DEVICE_EVENTS, event.installation_id, event) for event in events]
        return StepResult(appends, project if events or revocations else None)


def learnt_of(event: ProviderDispatched, device: Device) -> TokenRetired | TokenWorked | None:
    """The event that follows from an attempt for the token that the installation has now; None: nothing new."""
    if event.slot:
        return _live_learnt_of(event, device)
    token = device.token
    if token is None or token.provider is not event.provider:
        return None
    if event.dead_token is not None:
        return _retired(event, device, token)
    is_known = token.worked and event.worked_under in (None, token.worked_under)
    if is_known or token.registered_at > event.at - event.latency_ms:
        return None
    return TokenWorked(
        event_id=ids.event_id_of(event.event_id, "token-worked"),
        at=event.at,
        installation_id=device.installation_id,
        application_id=device.application_id,
        digest=token.digest,
        under=event.worked_under or "",
    )


def _live_learnt_of(event: ProviderDispatched, device: Device) -> TokenRetired | None:
    """The same for a Live Activity, of which only death is news: APNs may take a push for one that has ended."""
    token = device.live_token(event.slot)
    return _retired(event, device, token) if token is not None and event.dead_token is not None else None


def _retired(event: ProviderDispatched, device: Device, token: Token | LiveToken) -> TokenRetired | None:
    dead_at = event.at if event.dead_at is None else event.dead_at
    if token.digest != event.dead_token or token.registered_at > dead_at:
        return None
    return TokenRetired(
        event_id=ids.event_id_of(event.event_id, "token-retired"),
        at=event.at,
        installation_id=device.installation_id,
        application_id=device.application_id,
        digest=token.digest,
        dead_at=dead_at,
        detail=event.detail,
        slot=event.slot,
    )
