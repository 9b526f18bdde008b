"""Packs of changes: what one holds, and whether a change can lie further back. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import orjson
from pydantic.alias_generators import to_camel

IN_A_PACK = 100
"""Changes: some 30 KB. A reader holds pages of several packs, and one that is slow holds its page for long."""
_SKEW_MS = 600_000
"""By how much the clocks of two services may differ."""
Document = dict[str, Any]


class NewChange(NamedTuple):
    """A change to store: `<message>/<link>/<state>`, its line of JSON, the record that brought it (`Record.origin`),
    when that was (UTC ms), and whether it is brought again. `is_former`: a former release may have stored it."""

    name: str
    line: bytes
    origin: str = ""
    at: int = 0
    again: bool = False
    is_former: bool = False

    @property
    def place(self) -> tuple[str, int]:
        """Topic and partition, and the offset there; ("", -1) when it came from no record."""
        origin, _, offset = self.origin.rpartition("/")
        return (origin, int(offset)) if origin else ("", -1)


_NAMES = tuple(
    (f'"{name}":'.encode(), f'"{to_camel(name)}":'.encode())
    for name in ("message_id", "mt_num", "error_code", "double_reach")
)


@dataclass(frozen=True)
class Pack:
    """Changes under their numbers, `first` and those behind it: a line of JSON for each; none closes a hole. `until`:
    as `until_of` says."""

    first: int
    last: int
    lines: Sequence[bytes] = ()
    until: dict[str, int] = field(default_factory=dict)
    stored_until: datetime | None = None

    def behind(self, seq: int) -> Iterator[tuple[int, bytes]]:
        """The changes whose number is higher, each with its number."""
        skipped = max(0, seq + 1 - self.first)
        return enumerate(map(_named, self.lines[skipped:]), self.first + skipped)

    @cached_property
    def names(self) -> set[str]:
        found = map(orjson.loads, self.lines)
        return {f"{change['message_id']}/{change['link']}/{change['state']}" for change in found}


def _named(line: bytes) -> bytes:
    """The line with its names in camel case, as listeners are told. Stored it has the names that every release reads.

    No value can hold such bytes: quotation marks within one are escaped.
    """
    for stored, named in _NAMES:
        line = line.replace(stored, named)
    return line


def leaves_open(pack: Pack, change: NewChange, kept: timedelta) -> bool:
    """Whether the change may lie in this pack or in one before.

    It does not when this one was the first to bring an earlier record of its origin: whoever had stored the change
    would have saved that record's message before. Nor when the pack is older than the change.
    """
    origin, offset = change.place
    if pack.until.get(origin, offset) < offset:
        return False
    if pack.stored_until is None:
        return True
    stored_ms = (pack.stored_until.replace(tzinfo=UTC) - kept).timestamp() * 1000
    return stored_ms >= change.at - _SKEW_MS


def until_of(changes: Iterable[NewChange]) -> dict[str, int]:
    """The last offset of each origin among what a batch brings for the first time. All its packs say the same, for its
    changes lie in any order; what comes again says nothing, for a longer batch may have been there before."""
    until: dict[str, int] = {}
    for change in changes:
        if change.again:
            continue
        origin, offset = change.place
        until[origin] = max(offset, until.get(origin, -1))
    return until


def documents_of(
    partner_id: str, first: int, packs: Iterable[Sequence[NewChange]], until: dict[str, int], kept_until: datetime
) -> list[Document]:
    """The packs of a batch, numbered from `first` on."""
    documents, until_json = list[Document](), orjson.dumps(until)
    for pack in packs:
        last = first + len(pack) - 1
        lines = b"\n".join(change.line for change in pack)
        about = {"partner_id": partner_id, "seq": first, "last": last, "kept_until": kept_until}
        documents.append(about | {"lines": lines, "until": until_json})
        first = last + 1
    return documents


def hole_of(partner_id: str, seq: int, kept_until: datetime) -> Document:
    return {"partner_id": partner_id, "seq": seq, "last": seq, "kept_until": kept_until}


def pack_of(document: Document) -> Pack:
    first = int(document["seq"])
    if "last" not in document:  # of a former release
        return Pack(first, first, (orjson.dumps(document["event"]),) if "event" in document else ())
    lines = document["lines"].split(b"\n") if "lines" in document else ()
    until = orjson.loads(document["until"]) if "until" in document else {}
    return Pack(first, int(document["last"]), lines, until, document.get("kept_until"))
