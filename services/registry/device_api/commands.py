"""What a device may ask for, as events: append them (acks=all), fold them into Mongo, answer what was written.

The time of an event is the server's, but always later than everything that the installation and what it shares have
seen: two servers whose clocks differ must not turn a logout into a login. Source: docs/design.md §6.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas import ids
from schemas.device_events import (
    AppStarted,
    DeviceEvent,
    Installed,
    SettingsChanged,
    TokenRegistered,
    TokenRemoved,
)
from schemas.providers import Provider
from schemas.topics import DEVICE_EVENTS
from services.registry.bodies import MAX_SUBSCRIPTIONS, BadField
from services.registry.device_api.bodies import InstallBody, SessionBody, SettingsBody, TokenBody
from services.registry.device_api.tokens import public_key, server_key, token_text
from services.registry.devices.fold.shared import card_of, token_key
from services.registry.devices.fold.state import Device
from services.registry.devices.store import DeviceStore
from services.runtime.access.identity import is_trusted
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log

_REFRESH_MS = 86_400_000
"""The same token again is a new registration once a day: it tells a late "dead since" from the provider apart."""


class InstallationTaken(Exception):
    """The installation id belongs to somebody who knows another proof."""


@dataclass(frozen=True)
class DeviceCommands:
    """One for each process; keeps nothing between calls."""

    devices: DeviceStore
    sink: Log
    directory: Directory
    secrets: Secrets

    async def install(self, application_id: str, body: InstallBody) -> tuple[Device, str, bool]:
        """The installation, its credential, and whether it is new. Raises InstallationTaken, BadField."""
        installation_id, proof_hash = str(body.installation_id), hashlib.sha256(body.proof.encode()).hexdigest()
        known = (await self.devices.load([installation_id])).get(installation_id)
        is_new = known is None or known.installed_at is None
        if known is not None and not is_new and not _may_install(known, application_id, proof_hash):
            raise InstallationTaken
        if is_new and not await self.devices.may_install(installation_id, f"{application_id}/{proof_hash}"):
            raise InstallationTaken
        event = Installed(
            event_id=ids.uuid7(),
            at=_after(known),
            installation_id=installation_id,
            application_id=application_id,
            proof_hash=proof_hash,
            **body.model_dump(exclude={"installation_id", "proof", "public_key"}),
            public_key=public_key(body.public_key),
        )
        says_nothing_new = (
            known is not None
            and not is_new
            and all(
                getattr(known, name) == getattr(event, name)
                for name in ("device_id", "platform", "model", "public_key", *_SAID)
            )
        )
        device = known if known is not None and says_nothing_new else await self.change(event)
        if not _may_install(device, application_id, proof_hash):
            raise InstallationTaken
        return device, self.secrets.credential(installation_id, application_id), is_new

    async def register_token(self, device: Device, body: TokenBody) -> Device:
        """Raises BadField."""
        text = token_text(body)
        digest, *former = self.secrets.digests(f"{body.provider}/{text}", "token")
        about = self.token_facts(device.application_id, body)
        token, now = device.token, now_ms()
        if token is not None and token.digest == digest and server_key(body) is None:
            about["server_key"] = token.server_key  # a subscription is of one key for ever, whatever is current now
        if (
            token is not None
            and token.digest == digest
            and all(getattr(token, name) == value for name, value in about.items())
            and now - token.registered_at < _REFRESH_MS
        ):
            return device
        holders = await self._holders(device, [digest, *former])
        waits = not self.counts_as_proved(device) and await self._is_held_by_proof(device, holders, [digest, *former])
        if waits and device.waiting_token is not None and device.waiting_token.digest == digest:
            return device
        return await self.change(
            TokenRegistered(
                event_id=ids.uuid7(),
                at=_after(device, *holders),
                installation_id=device.installation_id,
                application_id=device.application_id,
                provider=Provider(body.provider),
                sealed=self.secrets.seal(text.encode(), b"token"),
                digest=digest,
                former_digests=tuple(former),
                waits=waits,
                **about,
            )
        )

    async def take_waiting_token(self, device: Device) -> Device:
        """The token that the installation registered while a proved one held it; after a login that counts."""
        token = device.waiting_token
        if token is None:
            return device
        text = self.secrets.open(token.sealed, b"token").decode()
        digest, *former = self.secrets.digests(f"{token.provider.value}/{text}", "token")
        holders = await self._holders(device, [digest, *former])
        facts = token.model_dump(exclude={"registered_at", "worked", "digest"})
        registered = TokenRegistered(
            **about_new(device, *holders), **facts, digest=digest, former_digests=tuple(former)
        )
        return await self.change(registered)

    def counts_as_proved(self, device: Device) -> bool:
        """Somebody is logged in, and is who the device says."""
        application = self.directory.applications.get(device.application_id)
        return device.owner is not None and is_trusted(device, application)

    async def _holders(self, device: Device, digests: list[str]) -> list[str]:
        keys = [token_key(device.application_id, one) for one in digests]
        return list((await self.devices.token_holders(keys)).values())

    async def _is_held_by_proof(self, device: Device, holders: list[str], digests: list[str]) -> bool:
        """A proved login holds the token: it is not taken by whoever merely knows it."""
        others = {one.rpartition("/")[2] for one in holders} - {device.installation_id}
        found = (await self.devices.load(others)).values() if others else ()
        return any(one.is_proved and one.token is not None and one.token.digest in digests for one in found)

    def token_facts(self, application_id: str, body: TokenBody) -> dict[str, Any]:
        """What goes with a token, where it was left out as the application has it. Raises BadField."""
        application, facts = self.directory.applications[application_id], body.facts
        is_subscription, fields = facts.token_form == "subscription", facts.token_fields
        return {
            "environment": (body.environment or "production") if "environment" in fields else None,
            "bundle": (body.bundle or application.bundle) if "bundle" in fields else None,
            "variant": (body.variant or application.rustore_variant) if "variant" in fields else None,
            "server_key": (server_key(body) or self._web_key(application_id)) if is_subscription else None,
        }

    def _web_key(self, application_id: str) -> str | None:
        held = self.directory.credentials.get((application_id, Provider.WEB))
        return None if held is None else held.public_key

    async def remove_token(self, device: Device) -> Device:
        if device.token is None and device.waiting_token is None:
            return device
        return await self.change(TokenRemoved(**about_new(device)))

    async def claim(self, device: Device) -> Device:
        """Claim the primary mark. Without a user, or against one that is proved, it waits for the next login."""
        if device.primary:
            return device
        card = card_of(device.application_id, device.owner)
        held = [one.primary for one in (await self.devices.load_cards([card])).values()] if card else []
        if card is not None and await self._is_marked_by_proof(device, card, held):
            card = None
        is_waiting = device.claim is not None and device.claim.value and device.claim.card is None
        if card is None and is_waiting:
            return device
        claimed = SettingsChanged(**about_new(device, *held), primary=True, claimed_for=card)
        return await self.change(claimed)

    async def _is_marked_by_proof(self, device: Device, card: str, held: list[str]) -> bool:
        """A proved installation of the same owner has the mark, and this one is not proved."""
        if self.counts_as_proved(device):
            return False
        holders = {one.rpartition("/")[2] for one in held if one}
        found = (await self.devices.load(holders)).values() if holders else ()
        return any(one.is_proved and one.primary and card_of(one.application_id, one.owner) == card for one in found)

    async def settings(self, device: Device, body: SettingsBody) -> Device:
        """Raises BadField."""
        said = {one.id: one.said() for one in body.subscriptions or ()}
        kept = {one.id: one.model_dump(exclude={"stamp"}) for one in device.subscriptions}
        if len(said.keys() | kept.keys()) > MAX_SUBSCRIPTIONS:
            raise BadField("subscriptions", f"an installation has at most {MAX_SUBSCRIPTIONS}")
        news = tuple(one for one in said.values() if kept.get(one.id) != one.model_dump())
        claim = device.claim is not None and device.claim.value
        change: dict[str, object] = {
            name: value
            for name in ("push_enabled", "push_os_enabled")
            if (value := getattr(body, name)) is not None and value != getattr(device, name)
        }
        change |= {"primary": False} if body.primary is False and claim else {}
        change |= {"subscriptions": news} if news else {}
        if change:
            device = await self.change(SettingsChanged.model_validate({**about_new(device), **change}))
        return await self.claim(device) if body.primary else device

    async def session(self, device: Device, body: SessionBody) -> Device:
        """Count a start of the app."""
        new = about_new(device)
        if body.session_id is not None:
            new["event_id"] = ids.event_id_of(device.installation_id, f"session/{body.session_id}")
        if not any(one.endswith(new["event_id"]) for one in device.launches.recent):
            said = {name: getattr(body, name) for name in _SAID}
            device = await self.change(AppStarted(**new, **said, session_s=body.previous_session_s))
        return await self.claim(device) if body.primary else device

    async def change(self, event: DeviceEvent) -> Device:
        """Append, fold, and read back. Raises LogUnavailable, mongo.TRANSIENT_ERRORS: the consumer folds it later."""
        return (await self.change_all([event]))[event.installation_id]

    async def change_all(self, events: Sequence[DeviceEvent]) -> dict[str, Device]:
        """Likewise, of several installations at once; by id."""
        await self.sink.append([Append(DEVICE_EVENTS, event.installation_id, event) for event in events])
        return await self.devices.apply(events) if events else {}


_SAID = ("app_version", "os_version", "locale", "time_zone")


def _may_install(device: Device, application_id: str, proof_hash: str) -> bool:
    same_proof = hmac.compare_digest(device.proof_hash.encode(), proof_hash.encode())
    return same_proof and device.application_id == application_id


def _after(device: Device | None, *stamps: str) -> int:
    """Now, or just after what has been seen, should another server's clock be ahead."""
    seen = [int(stamp[:15]) for stamp in stamps if stamp]
    return max(now_ms(), (device.updated_at if device else 0) + 1, *(at + 1 for at in seen))


def about_new(device: Device, *stamps: str) -> dict[str, Any]:
    """What every event of this installation has; `stamps`: of what it shares with others and this one is to follow."""
    return {
        "event_id": ids.uuid7(),
        "at": _after(device, *stamps),
        "installation_id": device.installation_id,
        "application_id": device.application_id,
    }
