"""Notes that tokens work, behind the answers: a token that brought a push which was received has reached its device.

A receipt is answered without the database, so this looks up once a second, for all receipts since, whose token is not
known to work yet. What a crash loses the next receipt brings again.
"""

import asyncio
from contextlib import suppress
from itertools import islice

from schemas.device_events import TokenWorked
from services.registry.device_api import DeviceCommands
from services.registry.devices import next_event
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.loops import keep_on

_INTERVAL_S = 1.0
_MOST = 50_000
"""Installations of one interval; beyond that one misses its turn, and gets it with a later receipt."""
_BATCH = 500
"""Noted at a time: after an hour without the database as many as may wait, and the API must answer in between."""


class WorkedTokens:
    """Remembers who received pushes, until it is noted which tokens work."""

    def __init__(self, commands: DeviceCommands) -> None:
        self._commands = commands
        self._received: dict[str, int] = {}

    def received(self, installation_id: str, happened_at: int) -> None:
        """Remember that the installation received a push at that time, UTC ms."""
        if len(self._received) < _MOST or installation_id in self._received:
            self._received[installation_id] = max(happened_at, self._received.get(installation_id, 0))

    async def run(self, stop: asyncio.Event) -> None:
        """Note once a second until stopped, and once more then, if the log and the database are there."""
        await keep_on("worked-tokens", self.note, stop, _INTERVAL_S)
        with suppress(*TRANSIENT_ERRORS):
            await self.note()

    async def note(self) -> None:
        """Append TokenWorked for those whose token is older than the receipt and not known to work.

        Raises TRANSIENT_ERRORS; what was received is then kept for the next time. What fails for another reason is not:
        it would hold up the others, again and again, and the next receipt brings it.
        """
        for _ in range(0, len(self._received), _BATCH):
            batch = dict(islice(self._received.items(), _BATCH))
            for installation_id in batch:
                del self._received[installation_id]
            try:
                await self._note(batch)
            except TRANSIENT_ERRORS:
                for installation_id, happened_at in batch.items():
                    self.received(installation_id, happened_at)
                raise

    async def _note(self, received: dict[str, int]) -> None:
        devices = await self._commands.devices.with_unproven_tokens(received)
        await self._commands.change_all(
            [
                next_event(TokenWorked, device, digest=device.token.digest)
                for device in devices
                if device.token is not None and received[device.installation_id] > device.token.registered_at
            ]
        )
