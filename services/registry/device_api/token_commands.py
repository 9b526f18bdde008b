"""What a device may ask for with its push token, as events: register it, take it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.device_events import TokenRegistered, TokenRemoved
from schemas.providers import Provider
from services.registry.device_api.bodies import TokenBody
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.tokens import TokenFacts, server_key, token_text
from services.registry.devices import Device, installations_in, next_event, token_key
from services.runtime.clock import now_ms

_REFRESH_MS = 86_400_000
"""The same token again is a new registration once a day: a late "dead since" from the provider then leaves it alone."""


@dataclass(frozen=True)
class TokenCommands:
    """Turns requests about push tokens into events."""

    commands: DeviceCommands

    async def register(self, device: Device, body: TokenBody) -> Device:
        """Register the token of the body, unless the installation has it already. Raises BadField."""
        text, secrets = token_text(body), self.commands.secrets
        digests = secrets.digests(f"{body.provider}/{text}", "token")
        facts = self.facts(device.application_id, body)
        token = device.token
        if token is not None and token.digest == digests[0]:
            if server_key(body) is None:
                facts = facts.with_server_key(token.server_key)  # a subscription is of one key, whatever is current now
            if TokenFacts.of(token) == facts and now_ms() - token.registered_at < _REFRESH_MS:
                return device
        holders = await self._holders(device, digests)
        waits = not self.commands.counts_as_proved(device) and await self._is_proved_elsewhere(device, holders, digests)
        if waits and device.waiting_token is not None and device.waiting_token.digest == digests[0]:
            return device
        registered = next_event(
            TokenRegistered,
            device,
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
        return await self.commands.change(registered)

    async def take_waiting(self, device: Device) -> Device:
        """Take the token that the installation registered while a proved one held it; after a login that counts."""
        token, secrets = device.waiting_token, self.commands.secrets
        if token is None:
            return device
        text = secrets.open(token.sealed, b"token").decode()
        digests = secrets.digests(f"{token.provider.value}/{text}", "token")
        registered = next_event(
            TokenRegistered,
            device,
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
        return await self.commands.change(registered)

    async def remove(self, device: Device) -> Device:
        if device.token is None and device.waiting_token is None:
            return device
        return await self.commands.change(next_event(TokenRemoved, device))

    def facts(self, application_id: str, body: TokenBody) -> TokenFacts:
        """What goes with the token; where the body says nothing, as the application has it. Raises BadField."""
        directory = self.commands.directory
        web = directory.credentials.get((application_id, Provider.WEB))
        return TokenFacts.given(body, directory.applications[application_id], web.public_key if web else None)

    async def _holders(self, device: Device, digests: Sequence[str]) -> list[str]:
        keys = [token_key(device.application_id, digest) for digest in digests]
        return list((await self.commands.devices.tokens.read(keys)).values())

    async def _is_proved_elsewhere(self, device: Device, holders: Sequence[str], digests: Sequence[str]) -> bool:
        """Whether a proved installation holds the token: an app that merely knows the token must not take it."""
        others = installations_in(holders) - {device.installation_id}
        found = (await self.commands.devices.load(others)).values() if others else ()
        return any(other.is_proved and other.token is not None and other.token.digest in digests for other in found)
