"""Which hours may have a record at a place with such a part: a rare one is found without reading the others. Pure.

    audit_places   {_id: hours since 1970, at: its begin, UTC ms, bits: {<word>: 64 bits}, kept_until}

Each four characters behind each other in a place of that hour set a bit. An hour that lacks a bit of the part that is
looked for has no such record; one that has all of them may have one, and is read. Bits are only ever added, so whatever
comes twice, late or in another order leaves the same; who has written them before the record has, finds it.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from schemas.topics import HISTORY_RETENTION_MS

HOUR_MS = 3_600_000
GRAM = 4
"""Three would be too few: of ids in hex, an hour with a hundred of them has half of all there are."""
_WORDS, _BITS = 512, 64
"""At most 7 KB for an hour. A hundred records with an id each set one bit in ten, a thousand two in three."""
MOST_SPANS = 64
"""Each is a question of its own: where there would be more, the hours between them are read as well."""
Span = tuple[int, int]
"""UTC ms: from, and before."""


def additions(places: Iterable[tuple[int, str]]) -> dict[int, dict[str, Any]]:
    """By hour, the update of its document that adds these places: `at` (UTC ms), and the text of `document.py`."""
    by_hour = defaultdict[int, set[int]](set)
    for at, text in places:
        by_hour[at // HOUR_MS] |= _bits(text)
    return {hour: _update(hour, bits) for hour, bits in by_hour.items()}


def may_have(part: str, since: int, until: int) -> dict[str, Any] | None:
    """The query for hours of `since` ≤ at < `until` that may have a place with this part; None: it is too short."""
    if len(part) < GRAM:
        return None
    words = defaultdict[int, list[int]](list)
    for bit in sorted(_bits(part)):
        words[bit // _BITS].append(bit % _BITS)
    hours = {"_id": {"$gte": since // HOUR_MS, "$lte": (until - 1) // HOUR_MS}}
    return hours | {f"bits.{word}": {"$bitsAllSet": bits} for word, bits in words.items()}


def spans_of(hours: Sequence[int], since: int, until: int) -> list[Span]:
    """Of these hours, the newest first: each a span with those that it adjoins, within `since` ≤ at < `until`. Of more
    than `MOST_SPANS` those that are nearest to each other are one, with what is between them."""
    gaps = sorted((newer - older for newer, older in pairwise(hours)), reverse=True)
    widest = gaps[MOST_SPANS - 1] if len(gaps) >= MOST_SPANS else 1
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][0] - hour <= widest:
            spans[-1][0] = hour
        else:
            spans.append([hour, hour + 1])
    within = [(max(since, first * HOUR_MS), min(until, end * HOUR_MS)) for first, end in spans]
    return [span for span in within if span[0] < span[1]]


def _bits(text: str) -> set[int]:
    data = text.encode("utf-32-le", "surrogatepass")  # four bytes for each character: a gram begins at every fourth
    size = 4 * GRAM
    return {zlib.crc32(data[at : at + size]) % (_WORDS * _BITS) for at in range(0, len(data) - size + 1, 4)}


def _update(hour: int, bits: set[int]) -> dict[str, Any]:
    words = defaultdict[int, int](int)
    for bit in bits:
        words[bit // _BITS] |= 1 << bit % _BITS
    at = hour * HOUR_MS
    end = datetime.fromtimestamp((at + HOUR_MS + HISTORY_RETENTION_MS) / 1000, UTC)
    set_bits = {f"bits.{word}": {"or": _signed(value)} for word, value in words.items()}
    return {"$set": {"at": at, "kept_until": end}} | ({"$bit": set_bits} if set_bits else {})


def _signed(value: int) -> int:
    """As the database has it, whose numbers of 64 bits are signed."""
    return value - (1 << _BITS) if value >> (_BITS - 1) else value
