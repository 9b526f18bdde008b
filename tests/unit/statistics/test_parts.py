"""What batches add to the statistics comes to what the messages say, whatever is repeated, late or killed."""

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.events import MessageEvent
from schemas.statistic_events import BOUNDS_MS, StatisticPart, key_of
from schemas.topics import STATISTIC_PARTS
from services.statistics.merge import Row, changed, merged, restored, stored
from services.status.fold import OUTCOMES, FollowUp, OutcomeCounted, count_outcomes, fold
from services.status.message import Count, Message, Request
from services.status.statistics import feed
from services.status.statistics.feed import parts_of
from tests.support.status_events import NOW, Story, replay

FORMER = (
    b'{"type":"statistic-part","v":1,"event_id":"6f2b7bb5-5a0c-5d7e-8a2c-0b5f6f1f0a11","at":1800000000000,"statistic":'
    b'{"minute":1800000000000,"partner_id":"bank","application_id":"app","channel":"PUSH","provider":"apns","outcome":'
    b'"sent","error_code":0},"source":3,"counted":[{"origin":"status-events/0","position":[7,0],"sent_after_ms":120,'
    b'"delivered_after_ms":null}]}'
)
"""As a former release has appended it."""


def lives(count: int) -> list[MessageEvent]:
    """The events of messages, in waves as they come in life."""
    stories = [Story(f"0190a0b0-0000-7000-8000-{number:012}", f"bank-{number % 2}") for number in range(count)]
    waves = (
        [story.requested() for story in stories],
        [story.planned("i-1", "i-2") for story in stories],
        [story.dispatched("i-1", at=NOW + 90) for story in stories],
        [story.dispatched("i-2", "refused") for story in stories],
        [story.receipt("i-1", at=NOW + 700) for story in stories],
        [story.receipt("i-1", "read", at=NOW + 61_000) for story in stories],
    )
    return [event for wave in waves for event in wave]


class Status:
    """The instances of status on one partition: what is saved, and how far it is committed."""

    def __init__(self, log: Sequence[MessageEvent]) -> None:
        self.log, self.saved, self.committed = log, dict[str, Message](), 0

    def batch(self, begin: int, length: int) -> list[StatisticPart]:
        """Fold, save, and give the parts to append."""
        followed: dict[str, tuple[Message, list[FollowUp]]] = {}
        for offset, event in enumerate(self.log[begin : begin + length], begin):
            saved = self.saved.get(event.message_id, Message(event.message_id))
            message, follows = followed.setdefault(event.message_id, (copy.deepcopy(saved), []))
            fold(message, event)
            follows += count_outcomes(message.link(event.link), event.at, f"status-events/0/{offset}")
        self.saved |= {message_id: message for message_id, (message, _) in followed.items()}
        return parts_of(list(followed.values()))


def add(rows: dict[str, Row], parts: Sequence[StatisticPart]) -> None:
    """Do to the rows what the worker does."""
    for part in parts:
        read = codec.decode(STATISTIC_PARTS, codec.encode(part))
        assert isinstance(read, StatisticPart)
        row = restored(stored(rows.get(key_of(read.statistic), Row())))
        merged(row, read)
        rows[key_of(read.statistic)] = row


def ledger_of(status: Status) -> Counter[tuple[str, str]]:
    """Partner and outcome of what the messages themselves hold as counted."""
    return Counter(
        (message.partner_id, OUTCOMES[count.outcome])
        for message in status.saved.values()
        for count in message.links[0].counts
    )


def counts_of(rows: dict[str, Row]) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for key, row in rows.items():
        statistic = orjson.loads(key)
        found[statistic["partner_id"], statistic["outcome"]] += row.count
    return found


Turn = tuple[int, Literal["commit", "crash", "late"]]


@given(st.lists(st.tuples(st.integers(1, 25), st.sampled_from(["commit", "crash", "late"])), max_size=20))
def test_crashes_replays_and_late_appends_change_no_figure(turns: list[Turn]) -> None:
    """Each turn takes from the last commit on. It commits, is killed between append and commit, or belongs to an
    instance that has lost its partitions: what it appends comes behind what its successor has appended."""
    status, rows, late = Status(lives(8)), dict[str, Row](), list[list[StatisticPart]]()
    for length, end in [*turns, (len(status.log), "commit")]:
        parts = status.batch(status.committed, length)
        if end == "late":
            late.append(parts)
            continue
        add(rows, parts)
        if end == "commit":
            status.committed += length
            while late:
                add(rows, late.pop())
    assert counts_of(rows) == ledger_of(status)
    assert sum(counts_of(rows).values()) == 8 * 6  # planned twice, sent, refused, delivered, read
    assert all(row.seen.keys() == {"-1:status-events/0"} for row in rows.values())


def test_a_batch_adds_one_part_to_a_statistic_its_records_in_their_order() -> None:
    status = Status(lives(3))
    parts = status.batch(0, len(status.log))
    assert len({key_of(part.statistic) for part in parts}) == len(parts) == 10  # five outcomes of two partners
    for part in parts:
        positions = [counted.position for counted in part.counted]
        assert positions == sorted(positions)
    again = Status(lives(3))
    assert [part.event_id for part in again.batch(0, len(again.log))] == [part.event_id for part in parts]


def test_a_part_stays_within_what_a_record_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_IN_A_PART", 4)
    status = Status(lives(10))
    parts, rows = status.batch(0, len(status.log)), dict[str, Row]()
    assert max(len(part.counted) for part in parts) == 4
    assert len({part.event_id for part in parts}) == len(parts)
    add(rows, parts)
    assert counts_of(rows) == ledger_of(status)


def test_the_largest_part_is_far_below_the_limit_of_a_record() -> None:
    count = Count(1, 0, NOW, f"status-events.bulk/11/{10**12}", 10**5, sent_after_ms=10**10, delivered_after_ms=10**10)
    follows = [OutcomeCounted(0, count, story_request(), None)] * feed.MOST_IN_A_PART
    (part,) = parts_of([(replay(Story().requested()), follows)])
    assert len(codec.encode(part)) < 700_000


def test_a_part_of_a_former_release_counts_beside_those_of_this_one() -> None:
    former = codec.decode(STATISTIC_PARTS, FORMER)
    assert isinstance(former, StatisticPart)
    row = Row()
    assert merged(row, former)
    assert not merged(row, former)
    assert merged(row, former.replace(source=-1))  # of a later record: status had committed what it had counted before
    statistic = changed(former.statistic, row, NOW)
    assert (statistic.count, statistic.sent_after.sum_ms, len(statistic.sent_after.buckets)) == (
        2,
        240,
        len(BOUNDS_MS) + 1,
    )


def story_request() -> Request:
    request = replay(Story().requested()).request
    assert request is not None
    return request
