"""What a device may ask for with its push token, as events: register it, take it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.device_events import TokenRegistered, TokenRemoved
from schemas.providers import Provider
from services.registry.device_api.bodies import TokenBody
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.tokens import TokenFacts, server_key, token_name, token_text
from services.registry.devices import Device, Token, import_id, installations_in, next_event, taken_over, token_key
from services.runtime.clock import now_ms

_REFRESH_MS = 86_400_000
"""The same token again is a new registration once a day: a late "dead since" from the provider then leaves it alone."""
_UNSETTLED_MS = 3_600_000
"""So long a repeat looks once more whether an import says anything of the token: the call before may have died."""


@dataclass(frozen=True)
class TokenCommands:
    """Turns requests about push tokens into events."""

    commands: DeviceCommands

    async def register(self, device: Device, body: TokenBody) -> Device:
        """Register the token of the body, unless the installation has it already. Raises BadField."""
        text, secrets = token_text(body), self.commands.secrets
        name = token_name(body.provider, text)
        digests = secrets.digests(name, "token")
        facts = self.facts(device.application_id, body)
        token = device.token
        if token is not None and token.digest == digests[0]:
            if server_key(body) is None:
                facts = facts.with_server_key(token.server_key)  # a subscription is of one key, whatever is current now
            age_ms = now_ms() - token.registered_at
            if TokenFacts.of(token) == facts and age_ms < _REFRESH_MS:
                return await self._take_over(device, name) if age_ms < _UNSETTLED_MS else device
        holders = await self._holders(device, digests)
        waits = not self.commands.counts_as_proved(device) and await self._is_proved_elsewhere(device, holders, digests)
        if waits and device.waiting_token is not None and device.waiting_token.digest == digests[0]:
            return device
        return await self._register(
            device,
            name,
            holders,
            provider=Provider(body.provider),
            sealed=secrets.seal(text.encode(), b"token"),
            digest=digests[0],
            former_digests=digests[1:],
            environment=facts.environment,
            bundle=facts.bundle,
            variant=facts.variant,
            server_key=facts.server_key,
            waits=waits,
        )

    async def take_waiting(self, device: Device) -> Device:
        """Take the token that the installation registered while a proved one held it; after a login that counts."""
        token, secrets = device.waiting_token, self.commands.secrets
        if token is None:
            return device
        name = self._name_of(token)
        digests = secrets.digests(name, "token")
        return await self._register(
            device,
            name,
            await self._holders(device, digests),
            provider=token.provider,
            sealed=token.sealed,
            digest=digests[0],
            former_digests=digests[1:],
            environment=token.environment,
            bundle=token.bundle,
            variant=token.variant,
            server_key=token.server_key,
        )

    async def given_way(self, device: Device) -> list[str]:
        """The installation that an import had made of this one's token, once it has given way to this one."""
        if device.token is None:
            return []
        key = import_id(device.application_id, self._name_of(device.token))
        made = (await self.commands.devices.load([key])).get(key)
        return [key] if made is not None and made.replaced_by == device.installation_id else []

    async def remove(self, device: Device) -> Device:
        if device.token is None and device.waiting_token is None:
            return device
        return await self.commands.change(next_event(TokenRemoved, device))

    def facts(self, application_id: str, body: TokenBody) -> TokenFacts:
        """What goes with the token; where the body says nothing, as the application has it. Raises BadField."""
        directory = self.commands.directory
        web = directory.credentials.get((application_id, Provider.WEB))
        return TokenFacts.given(body, directory.applications[application_id], web.public_key if web else None)

    async def _register(self, device: Device, name: str, holders: Sequence[str], **facts: Any) -> Device:
        """The installation with the token; what an import forbade comes first, lest a push slips through."""
        registered = next_event(TokenRegistered, device, holders, **facts)
        if registered.waits:
            return await self.commands.change(registered)
        others = await self._others(device, name, holders)
        after = await self.commands.change_all([*taken_over(device, others), registered])
        return await self._take_over(after[device.installation_id], name)  # an import may have come meanwhile

    async def _take_over(self, device: Device, name: str) -> Device:
        """The installation after it was told what an import says of its token, if it was not told before."""
        news = taken_over(device, await self._others(device, name))
        return (await self.commands.change_all(news)).get(device.installation_id, device)

    async def _others(self, device: Device, name: str, holders: Sequence[str] = ()) -> list[Device]:
        """The installation that an import has made of the token, and those that had the token last."""
        keys = installations_in(holders) | {import_id(device.application_id, name)}
        found = await self.commands.devices.load(keys - {device.installation_id})
        return [found[key] for key in sorted(found)]

    def _name_of(self, token: Token) -> str:
        return token_name(token.provider, self.commands.secrets.open(token.sealed, b"token").decode())

    async def _holders(self, device: Device, digests: Sequence[str]) -> list[str]:
        keys = [token_key(device.application_id, digest) for digest in digests]
        return list((await self.commands.devices.tokens.read(keys)).values())

    async def _is_proved_elsewhere(self, device: Device, holders: Sequence[str], digests: Sequence[str]) -> bool:
        """Whether a proved installation holds the token: an app that merely knows the token must not take it."""
        others = installations_in(holders) - {device.installation_id}
        found = (await self.commands.devices.load(others)).values() if others else ()
        return any(other.is_proved and other.token is not None and other.token.digest in digests for other in found)
