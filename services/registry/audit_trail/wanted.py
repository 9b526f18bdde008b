"""Which records of the audit trail are asked for, and the newest of them. Pure.

named    who, what, and the customer, if one is asked for: listed
wide     a look that may have shown anybody and does not name the customer: counted apart, or listed by themselves,
         so that no number of exports hides a look at the customer
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.audit_events import Audited


@dataclass(frozen=True)
class Wanted:
    """Which records are asked for, `since` ≤ at < `until` (UTC ms). None leaves a condition out, and `subjects` have
    one of several names each. `wide`: those that may have shown anybody, and no others."""

    since: int
    until: int
    who: str | None = None
    what: str | None = None
    message: str | None = None
    subjects: Sequence[frozenset[str]] = ()
    wide: bool = False

    def has(self, found: Audited) -> bool:
        """Whether it is to be listed."""
        if not self._is_among(found):
            return False
        if self.wide:
            return self._may_be_of_anybody(found)
        return not self.subjects or self._is_about(found)

    def is_beside(self, found: Audited) -> bool:
        """Whether it is not to be listed, and may have shown the customer all the same."""
        return bool(self.subjects) and not self.wide and self._is_among(found) and self._may_be_of_anybody(found)

    def _may_be_of_anybody(self, found: Audited) -> bool:
        names = bool(self.subjects) and self._is_about(found)
        return found.is_wide and not names

    def _is_among(self, found: Audited) -> bool:
        if not self.since <= found.at < self.until:
            return False
        if self.who is not None and self.who not in (found.who, found.who.partition(":")[2]):
            return False
        places = (found.path, *(change.entity for change in found.changes))
        return self.what is None or any(self.what in text for text in places)

    def _is_about(self, found: Audited) -> bool:
        others = self.subjects
        if self.message is not None and _is_named_by(found.messages, self.message):
            others = self.subjects[:-1]  # the last are the names of the message's id
        return all(names & set(found.subjects) for names in others)


def _is_named_by(message_ids: Sequence[str], any_id: str) -> bool:
    """Whether one of these messages has this id or this mtNum, which a record does not hold."""
    if any_id in message_ids:
        return True
    return any_id.isdigit() and any(ids.mt_num_of(message_id) == any_id for message_id in message_ids)


class NewestRecords:
    """Of the records that are added the newest, at most so many. What was left out is older than all of them, so that
    it is found by `until`: of a millisecond that has no room there is nothing, unless it alone is more than that."""

    def __init__(self, most: int) -> None:
        self._most, self._added, self._left_out_at = most, 0, -1
        self._kept: list[tuple[int, int, Audited]] = []

    def add(self, record: Audited) -> None:
        self._added += 1
        entry = (record.at, self._added, record)
        if len(self._kept) < self._most:
            heapq.heappush(self._kept, entry)
        else:
            self._left_out_at = max(self._left_out_at, heapq.heappushpop(self._kept, entry)[0])

    def taken(self) -> tuple[list[Audited], int]:
        """The newest last, and how many were left out."""
        entries = sorted(self._kept)
        whole = [record for at, _, record in entries if at > self._left_out_at] or [entry[2] for entry in entries]
        return whole, self._added - len(whole)
