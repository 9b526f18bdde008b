"""The lines of a mailing's list, NDJSON or CSV: `read` checks one. Pure.

    {"to": "+79161234567", "id": "order-77", "name": "Gold", "amount": 120}        application/x-ndjson
    to;id;name;amount                                                              text/csv, first line: the columns
    +79161234567;order-77;Gold;120

`services/runtime/lists/csv_or_json.py` has read them as records. What the template does not ask for is not kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas import lossless
from schemas.lossless import NO_NUL
from services.ingest.mailing.rules.template import Template
from services.ingest.rules import Refused, invalid
from services.runtime.lists.cells import ROUNDED, is_rounded, plain
from services.runtime.lists.csv_header import Names, Table
from services.runtime.lists.csv_or_json import Record
from services.runtime.lists.lines import ListFault
from services.runtime.text import phones

_MAX_ID = 200
_MAX_USER = 300
_OWN = ("to", "externalUserId", "id")
_SYNONYMS = {"phone": "to"}


class Row(NamedTuple):
    """One recipient, as it is kept until it is planned."""

    line: int
    phone: str | None
    user: str | None
    ref: str | None
    values: Sequence[str]
    repeats: int | None = None  # the line that has the same recipient before it


class RejectedLine(NamedTuple):
    """A line that cannot be sent to, and why; never its values."""

    line: int
    field: str
    rule: str


def names_of(template: Template) -> Names:
    """The columns of the list. A placeholder takes precedence over a synonym of the same name."""
    synonyms = {other: name for other, name in _SYNONYMS.items() if other not in template.names}
    return Names((*_OWN, *template.names), synonyms)


def check_table(table: Table, template: Template) -> None:
    """Raises ListFault when the columns cannot be a list of this mailing."""
    if not {"to", "externalUserId"} & set(table.columns):
        seems = any(sum(character.isdecimal() for character in name) > 6 for name in table.strange)
        more = "; the first line seems to be a recipient" if seems else ""
        raise ListFault("header", f"must name a column `to` (or `phone`) or `externalUserId`{more}")
    if missing := [name for name in template.names if name not in table.columns]:
        raise ListFault("header", f"has no column for {{{{{missing[0]}}}}}")


def read(record: Record, template: Template) -> Row | RejectedLine:
    """The recipient in a record, or what is wrong with it."""
    if record.fault is not None:
        return RejectedLine(record.line, *record.fault)
    try:
        return _row(record, template)
    except Refused as refused:
        return RejectedLine(record.line, refused.refusal.field, refused.refusal.rule)


def _row(record: Record, template: Template) -> Row:
    line, cells = record.line, record.cells
    to, user, ref = (_own(cells, name, name == "to" or record.is_csv) for name in _OWN)
    phone = None
    if to is not None:
        phone = phones.normalise(to)
        if phone is None:
            raise invalid("to", phones.RULE)
    elif user is None:
        raise invalid("to", "mandatory unless externalUserId is given")
    elif not template.has_push:
        raise invalid("to", f"mandatory for {template.first_channel}")
    if user is not None and len(user) > _MAX_USER:
        raise invalid("externalUserId", f"must have at most {_MAX_USER} characters")
    if ref is not None and len(ref) > _MAX_ID:
        raise invalid("id", f"must have at most {_MAX_ID} characters")
    values = [_value(cells, name) for name in template.names]
    template.check(values)
    return Row(line, phone, user, ref, values)


def _own(cells: Mapping[str, Any], name: str, is_cell: bool) -> str | None:
    """`is_cell`: what a spreadsheet writes around a value is removed; a program means what it writes."""
    value = cells.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    if "\0" in value:
        raise invalid(name, NO_NUL)
    try:
        return plain(value, is_number=name == "to") or None if is_cell else value
    except ValueError as error:
        raise invalid(name, str(error)) from None


def _value(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name)
    if isinstance(value, str):
        if "\0" in value:
            raise invalid(name, NO_NUL)
        if is_rounded(value):  # an account number, which recipients would see
            raise invalid(name, ROUNDED)
        return value
    if value is None:
        raise invalid(name, "mandatory: the message has a placeholder for it")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(name, "must be a string or a number")
    return lossless.text_of(value)
