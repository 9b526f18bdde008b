"""The upload of a list, streamed: cut into records, checked, stored in chunks; little memory, however long it is.

    body ─▶ Records ─▶ read ─▶ seen before? ─▶ 500 lines ─▶ chunk of recipients, problems ─▶ next_line moves on
              │ lines before next_line: stored by an earlier upload, skipped                    (compare-and-set)

`services/runtime/lists/csv_or_json.py` reads CSV and JSON lines as records; `mailing/rules/rows.py` checks each.

The same list may be sent again after a broken upload, from the start or from `firstLine` = next_line, and no line is
stored twice. Of two simultaneous uploads the one that began first is refused, and adds nothing more. Lines that repeat
a recipient are marked; whether they are sent to is decided when they are planned (`mailing/rules/repeats.py`).
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.repeats import SeenRecipients
from services.ingest.mailing.rules.rows import RejectedLine, Row, check_table, names_of, read
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import MAX_PROBLEMS, Mailings
from services.runtime.lists.csv_or_json import Record, Records, Understood
from services.runtime.pacing.turns import Turns

_CHUNK = 500
_SLICE = 50
"""Lines that are checked at most before others get their turn: single messages are answered by the same loop."""


class UploadConflict(Exception):
    """Another upload of this mailing is under way, or it is no longer a draft."""


@dataclass(frozen=True, slots=True)
class ListForm:
    """The format of a list, as the request states it."""

    is_csv: bool
    encoding: str = ""  # of the charset that was named
    first_line: int = 1  # the number of the first record that is sent


@dataclass
class Upload:
    """One upload. `read` stores it; then `accepted`, `refused` and `repeated` count what this upload has added."""

    mailings: Mailings
    mailing: Mailing  # as `open_upload` gave it; its next line is the first that is not stored
    template: Template
    form: ListForm
    accepted: int = 0  # repeated ones as well
    refused: int = 0
    repeated: int = 0
    _rows: list[Row] = field(default_factory=list)
    _bad: list[RejectedLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        form = self.form
        self._records = Records(names_of(self.template), form.is_csv, form.encoding, form.first_line)
        self._seen = SeenRecipients(secrets.token_bytes(16), self.template.has_push)
        self._is_checked, self._turns = not form.is_csv, Turns(_SLICE)

    @property
    def understood(self) -> Understood:
        return self._records.understood

    async def read(self, body: AsyncIterator[bytes]) -> None:
        """Read and store all of it. What was stored stays.

        Raises ListFault for what is no list, UploadConflict, CannotOpen, mongo.TRANSIENT_ERRORS.
        """
        await self._remember()
        async for piece in body:
            for record in self._records.feed(piece):
                await self._take(record)
            self._check_header()
        for record in self._records.end():
            await self._take(record)
        self._check_header()
        await self._store(max(self.mailing.next_line, self._records.line))

    async def _remember(self) -> None:
        """Remember the recipients that earlier uploads stored."""
        line = 1
        while rows := await self.mailings.lists.rows_from(self.mailing, line):
            for row in rows:
                if row.repeats is None:
                    self._seen.first_line(row)
            line = rows[-1].line + 1

    def _check_header(self) -> None:
        if not self._is_checked and self._records.table is not None:
            check_table(self._records.table, self.template)
            self._is_checked = True

    async def _take(self, record: Record) -> None:
        self._check_header()
        if record.line < self.mailing.next_line:
            return
        if len(self._rows) + len(self._bad) >= _CHUNK:
            await self._store(record.line)
        found = read(record, self.template)
        if isinstance(found, Row):
            first = self._seen.first_line(found)
            self._rows.append(found if first is None else found._replace(repeats=first))
        else:
            self._bad.append(found)
        await self._turns.give()

    async def _store(self, following: int) -> None:
        if following == self.mailing.next_line:
            return
        repeats = [_repeated(row, self.template.has_push) for row in self._rows if row.repeats is not None]
        problems = self.mailing.refused + self.mailing.repeated + self.refused + self.repeated
        kept = [*self._bad, *repeats][: max(0, MAX_PROBLEMS - problems)]
        if not await self.mailings.add(self.mailing, following, self._rows, kept, len(self._bad)):
            raise UploadConflict
        self.accepted += len(self._rows)
        self.refused += len(self._bad)
        self.repeated += len(repeats)
        self._rows, self._bad, self.mailing = [], [], replace(self.mailing, next_line=following)


def _repeated(row: Row, has_push: bool) -> RejectedLine:
    field_name = "externalUserId" if has_push and row.user is not None else "to"
    return RejectedLine(row.line, field_name, f"repeats the recipient of line {row.repeats}")
