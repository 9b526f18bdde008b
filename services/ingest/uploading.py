"""A list streamed in: cut into records, judged, stored in chunks; constant memory however long it is.

    body ─▶ Lines ─▶ read ─▶ 500 lines ─▶ chunk of recipients, problems ─▶ next_line moves on (compare-and-set)
             │ lines before next_line: stored by an earlier upload, skipped

So the same list may be sent again after a broken upload, from the start or from `firstLine` = next_line, and nobody is
taken twice. Of two uploads at once the one that began first is refused, and adds nothing more.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from services.ingest.accept_errors import invalid
from services.ingest.accept_fill import Template
from services.ingest.accept_list import Bad, Lines, Raw, Row, Table, read, table_of
from services.ingest.mailing import Mailing
from services.ingest.mailings_store import MAX_PROBLEMS, Mailings

_CHUNK = 500
_SLICE = 50
"""Lines that are judged before others get their turn: single messages are answered by the same loop."""


class UploadConflict(Exception):
    """Another upload of this mailing is under way, or it is no draft any more."""


@dataclass
class Uploading:
    """One upload. `read` stores it; then `lines`, `accepted` and `refused` say what this upload has added."""

    mailings: Mailings
    mailing: Mailing  # as `open_upload` gave it; its next line is the first that is not stored
    template: Template
    first_line: int  # the number of the first record that is sent
    is_csv: bool
    accepted: int = 0
    refused: int = 0
    _table: Table | None = None
    _rows: list[Row] = field(default_factory=list)
    _bad: list[Bad] = field(default_factory=list)

    async def read(self, body: AsyncIterator[bytes]) -> None:
        """Raises Refused for a list that cannot be one, UploadConflict, mongo.UNAVAILABLE; what was stored stays."""
        # the header is not a record: it is line 1, and is sent again with every part
        numbered = self.first_line if not self.is_csv or self.first_line > 1 else 2
        lines = Lines(numbered - 1 if self.is_csv else numbered, self.is_csv)
        async for piece in body:
            for raw in lines.feed(piece):
                await self._take(raw)
        for raw in lines.end():
            await self._take(raw)
        if self.is_csv and self._table is None:
            raise invalid("header", "mandatory: the first line names the columns")
        await self._store(max(self.mailing.next_line, lines.line))

    async def _take(self, raw: Raw) -> None:
        if self.is_csv and self._table is None:
            self._table = table_of(raw, self.template.names)
            return
        if raw.line < self.mailing.next_line:
            return
        if len(self._rows) + len(self._bad) >= _CHUNK:
            await self._store(raw.line)
        found = read(raw, self.template, self._table)
        if isinstance(found, Row):
            self._rows.append(found)
        else:
            self._bad.append(found)
        if (len(self._rows) + len(self._bad)) % _SLICE == 0:
            await asyncio.sleep(0)

    async def _store(self, following: int) -> None:
        if following == self.mailing.next_line:
            return
        kept = self._bad[: max(0, MAX_PROBLEMS - self.mailing.refused - self.refused)]
        if not await self.mailings.add(self.mailing, following, self._rows, kept, len(self._bad)):
            raise UploadConflict
        self.accepted += len(self._rows)
        self.refused += len(self._bad)
        self._rows, self._bad, self.mailing = [], [], replace(self.mailing, next_line=following)
