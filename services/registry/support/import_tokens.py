"""Bringing existing tokens in: `rpns import-devices`. One line is one installation without an app behind it yet.

An imported installation has no proof, so no device can speak for it; when the app is updated it installs itself, and
takes the token over: what the import forbade goes along, and the imported installation gives way
(`devices/take_over.py`). Ids are derived from the token, and only what is not known yet is appended: a file can be
imported twice, and never undoes what a device has reported since. Of a token that an app has already, a line tells only
what it forbids.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from schemas.device_events import DeviceEvent
from services.registry.bodies import BadField
from services.registry.device_api import DeviceCommands, TokenCommands
from services.registry.devices import Device, token_key
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
    """One import of one application: feed it lines, then read `answer`. `by` is the operator, as events say it.

    A dry one asks everything and stores nothing.
    """

    commands: DeviceCommands
    application_id: str
    by: str
    first_line: int = 1
    is_dry: bool = False
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
        by_id: dict[str, ParsedLine] = {}
        for line in batch:
            by_id.setdefault(line.installation_id(self.application_id), line)
        news = await self._news(by_id)
        informative = {key for key, events in news.items() if events}
        self.imported += len(informative)
        self.known += len(batch) - len(informative)  # among them the same token twice in the file
        while news and not self.is_dry:
            after = await self.commands.change_all([event for events in news.values() for event in events])
            # an app that took the token over meanwhile may have seen nothing of the line: it is told now
            lost = {key: line for key, line in by_id.items() if key in after and _has_lost(after[key])}
            news = {key: events for key, events in (await self._news(lost)).items() if events} if lost else {}

    async def _news(self, by_id: Mapping[str, ParsedLine]) -> dict[str, list[DeviceEvent]]:
        """What each line tells anew: of the installation that an import makes, or to that which has its token."""
        secrets, tokens = self.commands.secrets, TokenCommands(self.commands)
        digests = {key: secrets.digests(line.token_name, "token") for key, line in by_id.items()}
        holders = await self.commands.devices.holders(
            self.application_id, [digest for several in digests.values() for digest in several]
        )
        made = await self.commands.devices.load(by_id)
        takers = {key: self._takers(key, digests[key], holders, made.get(key)) for key in by_id}
        having = await self.commands.devices.load({taker for several in takers.values() for taker in several})
        imported = Import(self.application_id, self.by, now_ms())
        news: dict[str, list[DeviceEvent]] = {}
        for key, line in by_id.items():
            if takers[key]:
                apps = [having[taker] for taker in sorted(takers[key]) if taker in having]
                news[key] = imported.events_for(line, made.get(key), apps)
                continue
            news[key] = events_of(
                imported,
                line,
                made.get(key),
                sealed=secrets.seal(line.token.encode(), b"token"),
                digests=digests[key],
                facts=tokens.facts(self.application_id, line.line),
            )
        return news

    def _takers(self, key: str, digests: Sequence[str], holders: Mapping[str, str], made: Device | None) -> set[str]:
        """The app's own installations that have the token of the imported installation `key`, or had it last."""
        found = {holders.get(token_key(self.application_id, digest), key) for digest in digests} - {key}
        if made is not None and made.proof_hash:
            found.add(key)  # a device has installed the id, which anybody who knows the token could compute
        return found or ({made.replaced_by} if made is not None and made.replaced_by else set())


def _has_lost(device: Device) -> bool:
    """Whether an imported installation has lost its token, or has given way."""
    return device.is_imported and (device.token is None or bool(device.replaced_by))


def _bad_lines(number: int, error: BadField | ValidationError) -> list[BadLine]:
    if isinstance(error, BadField):
        return [BadLine(line=number, field=error.field, rule=error.rule)]
    faults = field_errors(error.errors(include_url=False, include_context=False, include_input=False), ImportLine)
    return [BadLine(line=number, field=fault["field"], rule=fault["rule"]) for fault in faults[:_MOST_ERRORS]]
