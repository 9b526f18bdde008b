"""Bringing existing tokens in: `rpns import-devices`. One line is one installation without an app behind it yet.

An imported installation has no proof, so no device can speak for it; when the app is updated it installs itself, and
its token moves to the new installation. Ids are derived from the token, and only what is not known yet is appended:
a file can be imported twice, and never undoes what a device has reported since.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from schemas.device_events import DeviceEvent
from services.registry.bodies import BadField
from services.registry.device_api import DeviceCommands, TokenCommands
from services.registry.devices import token_key
from services.registry.support.bodies import BadLine, ImportAnswer
from services.registry.support.import_events import Import, ImportLine, ParsedLine, events_of, parsed
from services.runtime.clock import now_ms
from services.runtime.http.server import field_errors
from services.runtime.lists.lines import RawLine

MAX_LINES = 5_000
_BATCH = 200
_MOST_ERRORS = 3


@dataclass
class TokenImport:
    """One import of one application: feed it lines, then read `answer`. `by` is the operator, as events say it."""

    commands: DeviceCommands
    application_id: str
    by: str
    first_line: int = 1
    lines: int = 0
    imported: int = 0
    known: int = 0
    bad: list[BadLine] = field(default_factory=list)

    @property
    def answer(self) -> ImportAnswer:
        return ImportAnswer(lines=self.lines, imported=self.imported, known=self.known, bad=self.bad)

    async def read(self, lines: AsyncIterator[RawLine]) -> None:
        """Import all lines, batch by batch. Raises LogUnavailable, mongo.TRANSIENT_ERRORS: then repeat the whole."""
        batch: list[ParsedLine] = []
        async for raw in lines:
            self.lines = raw.line
            try:
                batch.append(parsed(raw))
            except (BadField, ValidationError) as error:
                self.bad += _bad_lines(self.first_line - 1 + raw.line, error)
            if len(batch) >= _BATCH:
                await self._store(batch)
                batch = []
        await self._store(batch)

    async def _store(self, batch: Sequence[ParsedLine]) -> None:
        """Append what is not known yet, and fold it."""
        secrets, tokens = self.commands.secrets, TokenCommands(self.commands)
        by_id: dict[str, ParsedLine] = {}
        for line in batch:
            by_id.setdefault(line.installation_id(self.application_id), line)
        self.known += len(batch) - len(by_id)  # the same token twice in the file
        digests = {key: secrets.digests(line.token_name, "token") for key, line in by_id.items()}
        devices = await self.commands.devices.load(by_id)
        holders = await self.commands.devices.holders(
            self.application_id, [digest for several in digests.values() for digest in several]
        )
        imported = Import(self.application_id, self.by, now_ms())
        events: list[DeviceEvent] = []
        for key, line in by_id.items():
            keys = [token_key(self.application_id, digest) for digest in digests[key]]
            news: list[DeviceEvent] = []
            if all(holders.get(name, key) == key for name in keys):
                news = events_of(
                    imported,
                    line,
                    devices.get(key),
                    sealed=secrets.seal(line.token.encode(), b"token"),
                    digests=digests[key],
                    facts=tokens.facts(self.application_id, line.line),
                )
            self.known += not news
            self.imported += bool(news)
            events += news
        await self.commands.change_all(events)


def _bad_lines(number: int, error: BadField | ValidationError) -> list[BadLine]:
    if isinstance(error, BadField):
        return [BadLine(line=number, field=error.field, rule=error.rule)]
    faults = field_errors(error.errors(include_url=False, include_context=False, include_input=False), ImportLine)
    return [BadLine(line=number, field=fault["field"], rule=fault["rule"]) for fault in faults[:_MOST_ERRORS]]
