"""One installation as the fold of its events: `fold(device, event) -> device`. Pure; any order gives the same.

    fact                                       what it is
    proof of the owner's login                 goes with the owner, unless revoked later
    device, version, locale, zone, owner,      last-writer-wins registers by `stamp` = (server time, event id)
    settings, each subscription, claim
    subscriptions                              the newest hundred of them
    token                                      a register; gone when retired later than registered
    retired, worked, accepted, proofs used     by digest; the eight (of proofs sixteen) newest are remembered
    live                                       a register for each Live Activity (`live.py`)
    proof, application                         the first install wins, so nobody takes a known id over
    installed_at, last_used_at, updated_at     minimum, maximum, maximum
    launches                                   counted once for each event, known by the newest sixteen
    permission of the system                   the newest thirty-two reports (`permission.py`)
    an import's word                           less than any device's (`imported.py`)

What spans installations is decided in `shared.py`, by the registers of tokens and owners. Source: docs/design.md §6,
`docs/device-api.md`.
"""

from collections.abc import Sequence

from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    AppStarted,
    Depersonalized,
    DeviceEvent,
    InstallationReplaced,
    Installed,
    Personalized,
    ProofRevoked,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
    SettingsChanged,
    TokenRegistered,
    TokenRemoved,
    TokenRetired,
    TokenWorked,
)
from schemas.events import Event
from services.registry.devices.fold.imported import register_stamp
from services.registry.devices.fold.launches import counted
from services.registry.devices.fold.live import with_event, without_retired
from services.registry.devices.fold.permission import changes_in, with_report
from services.registry.devices.fold.state import (
    Device,
    KeptSubscription,
    Mark,
    Owner,
    PermissionReport,
    PrimaryClaim,
    Stamp,
    Token,
)

REMEMBERED_DIGESTS = 8
REMEMBERED_PROOFS = 16
REMEMBERED_SUBSCRIPTIONS = 100
"""The newest; the API refuses more, but calls that come side by side do not see each other."""
_REPORTED = ("app_version", "os_version", "locale", "time_zone", "push_enabled", "push_os_enabled")


def stamp_of(event: Event) -> Stamp:
    """The stamp of an event, which sorts by server time, then by event id."""
    return f"{event.at:015d}/{event.event_id}"


def fold(device: Device | None, event: DeviceEvent) -> Device:
    """The installation after `event`; what spans installations is left to `shared.py`."""
    device = device or Device(installation_id=event.installation_id, application_id=event.application_id)
    changed = _changed(device, event, stamp_of(event))
    if isinstance(event, SettingsChanged) and event.by:
        return changed  # an import's word on an installation: it was not used, and its device is shown nothing of it
    is_by_device = not isinstance(event, TokenRetired | TokenWorked | InstallationReplaced | ProofRevoked)
    return changed.replace(
        updated_at=max(changed.updated_at, event.at),
        last_used_at=max(changed.last_used_at, event.at) if is_by_device else changed.last_used_at,
    )


def _changed(device: Device, event: DeviceEvent, stamp: Stamp) -> Device:
    match event:
        case Installed():
            return _installed(device, event, stamp)
        case TokenRegistered():
            token, waiting = (None, _token(event)) if event.waits else (_token(event), None)
            return _with_marks(
                device.written("token", register_stamp(event, stamp), token=token, waiting_token=waiting)
            )
        case TokenRemoved():
            return device.written("token", stamp, token=None, waiting_token=None)
        case TokenRetired() | TokenWorked():
            return _with_marks(_marked(device, event, stamp))
        case ActivityTokenRegistered() | PushToStartTokenRegistered() | ActivityEnded() | PushToStartTokenRemoved():
            return _with_marks(device.replace(live=with_event(device.live, event, stamp)))
        case Personalized() | Depersonalized() | InstallationReplaced():
            return _without_revoked_proof(_owned(device, event, stamp))
        case ProofRevoked():
            return _without_revoked_proof(device.written("revoked", stamp))
        case SettingsChanged():
            return _settings(device, event, stamp)
        case AppStarted():
            launches = counted(device.launches, stamp, event.at, event.session_s)
            return _reported(device, event, stamp).replace(launches=launches)
        case _:
            return device


def _installed(device: Device, event: Installed, stamp: Stamp) -> Device:
    device = device.replace(installed_at=min(event.at, device.installed_at or event.at))
    if not device.first_stamp or stamp < device.first_stamp:
        device = device.replace(first_stamp=stamp, proof_hash=event.proof_hash, application_id=event.application_id)
    device = device.written(
        "device",
        stamp,
        device_id=event.device_id,
        platform=event.platform,
        model=event.model,
        public_key=event.public_key,
    )
    return _reported(device, event, stamp)


def _reported(device: Device, event: Installed | AppStarted | SettingsChanged, stamp: Stamp) -> Device:
    """The installation with what the device reports: a register for each field; None is no report."""
    for name in _REPORTED:
        value = getattr(event, name, None)
        if value is not None:
            is_word = isinstance(event, SettingsChanged)
            kept_under = register_stamp(event, stamp, forbids=value is False) if is_word else stamp
            device = device.written(name, kept_under, **{name: value})
    return device


def _marked(device: Device, event: TokenRetired | TokenWorked, stamp: Stamp) -> Device:
    """The installation with a mark of what became known of a token, even of one that it does not have."""
    if isinstance(event, TokenRetired):
        mark = Mark(digest=event.digest, stamp=stamp, cutoff=event.at if event.dead_at is None else event.dead_at)
        if event.slot:
            return device.replace(live_retired=_remembered(device.live_retired, mark))
        return device.replace(retired=_remembered(device.retired, mark))
    device = device.replace(worked=_remembered(device.worked, Mark(digest=event.digest, stamp=stamp)))
    if not event.under:
        return device
    return device.replace(
        accepted=_remembered(device.accepted, Mark(digest=event.digest, stamp=stamp, under=event.under))
    )


def _owned(device: Device, event: Personalized | Depersonalized | InstallationReplaced, stamp: Stamp) -> Device:
    """The installation with its owner and what goes with the owner: one register."""
    if not isinstance(event, Personalized):
        by = event.by_installation_id if isinstance(event, InstallationReplaced) else ""
        return device.written("owner", stamp, owner=None, proof=None, replaces=(), replaced_by=by)
    if event.proof is not None:
        mark = Mark(digest=event.proof.digest, stamp=stamp, cutoff=event.proof.signed_at)
        device = device.replace(proofs_used=_remembered(device.proofs_used, mark, REMEMBERED_PROOFS))
    owner = Owner(external_user_id=event.external_user_id, phone=event.phone)
    return device.written(
        "owner",
        register_stamp(event, stamp),
        owner=owner,
        proof=event.proof,
        replaces=event.replaces,
        replaced_by="",
    )


def _without_revoked_proof(device: Device) -> Device:
    """The installation without the proof of a login that was before the last revocation."""
    if device.proof is None or device.stamps.get("owner", "") > device.stamps.get("revoked", ""):
        return device
    return device.replace(proof=None)


def _settings(device: Device, event: SettingsChanged, stamp: Stamp) -> Device:
    if event.primary is not None:
        claim = PrimaryClaim(value=event.primary, card=event.claimed_for)
        device = device.written("claim", stamp, claim=claim)
    device = _reported(device, event, stamp)
    if event.push_os_enabled is not None:
        report = PermissionReport(stamp=stamp, allowed=event.push_os_enabled, source=event.source)
        reports = with_report(device.os_said, report)
        device = device.replace(os_said=reports, os_changes=changes_in(reports))
    if event.subscriptions:
        reported = [
            KeptSubscription.of(entry, register_stamp(event, stamp, forbids=not entry.value))
            for entry in event.subscriptions
        ]
        device = device.replace(subscriptions=_subscribed(device.subscriptions, reported))
    return device


def _subscribed(
    known: tuple[KeptSubscription, ...], reported: Sequence[KeptSubscription]
) -> tuple[KeptSubscription, ...]:
    kept = {subscription.id: subscription for subscription in known}
    for subscription in reported:
        if subscription.id not in kept or subscription.stamp > kept[subscription.id].stamp:
            kept[subscription.id] = subscription
    newest = sorted(kept, key=lambda key: (kept[key].stamp, key), reverse=True)[:REMEMBERED_SUBSCRIPTIONS]
    return tuple(kept[key] for key in sorted(newest))


def _token(event: TokenRegistered) -> Token:
    return Token(
        provider=event.provider,
        sealed=event.sealed,
        digest=event.digest,
        environment=event.environment,
        bundle=event.bundle,
        variant=event.variant,
        server_key=event.server_key,
        registered_at=event.at,
    )


def _with_marks(device: Device) -> Device:
    """The installation without tokens retired since they were registered, and whether its push token works."""
    if device.live_retired:
        device = device.replace(live=without_retired(device.live, device.live_retired))
    token = device.token
    if token is None:
        return device
    if any(mark.digest == token.digest and token.registered_at <= mark.cutoff for mark in device.retired):
        return device.replace(token=None)
    worked = any(mark.digest == token.digest for mark in device.worked)
    under = next((mark.under for mark in device.accepted if mark.digest == token.digest), "")
    return device.replace(token=token.replace(worked=worked, worked_under=under))


def _remembered(marks: tuple[Mark, ...], mark: Mark, most: int = REMEMBERED_DIGESTS) -> tuple[Mark, ...]:
    """The greatest mark of each digest, and of those the newest: the same in whatever order they come."""
    kept = {known.digest: known for known in marks}
    known = kept.get(mark.digest)
    if known is not None:
        newest = max(known, mark, key=lambda either: either.stamp)
        mark = newest.replace(cutoff=max(known.cutoff, mark.cutoff))
    kept[mark.digest] = mark
    return tuple(sorted(kept.values(), key=lambda known: known.stamp, reverse=True)[:most])
