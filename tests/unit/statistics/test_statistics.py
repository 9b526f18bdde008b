"""Outcomes that messages add to the statistics, each once."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import MessageEvent
from schemas.reasons import Reason
from schemas.statistic_events import BOUNDS_MS
from services.status.fold import OUTCOMES, OutcomeCounted, count_outcomes, fold
from services.status.message import Message
from services.status.statistics.routes import percentile
from tests.support.status_events import NOW, Story

Shown = list[tuple[str, str, int]]
"""Outcome, installation, errorCode."""


def counted(*events: MessageEvent) -> list[OutcomeCounted]:
    """The outcomes counted by these events, each at its place in the log."""
    message, counts = Message(events[0].message_id), list[OutcomeCounted]()
    for event in events:
        fold(message, event)
        counts += count_outcomes(message.link(event.link), event.at, f"status-events/0/{int(event.event_id[:8], 16)}")
    return counts


def shown(counts: Sequence[OutcomeCounted]) -> Shown:
    return [
        (
            OUTCOMES[count.outcome.outcome],
            count.delivery.installation_id if count.delivery else "",
            count.outcome.error_code,
        )
        for count in counts
    ]


def test_a_delivery_counts_once_under_each_outcome() -> None:
    story = Story()
    counts = counted(
        story.requested(),
        story.planned("i-1"),
        story.dispatched(at=NOW + 300),
        story.receipt(kind="delivered", at=NOW + 1_310),
        story.receipt(kind="read", at=NOW + 2_000),
    )
    assert shown(counts) == [(outcome, "i-1", 0) for outcome in ("planned", "sent", "delivered", "read")]
    assert [count.outcome.sent_after_ms for count in counts] == [None, 300, None, None]
    assert [count.outcome.delivered_after_ms for count in counts] == [None, None, 1_000, None]


def test_a_receipt_before_the_answer_of_the_provider_gives_its_latency_with_the_answer() -> None:
    story = Story()
    counts = counted(
        story.requested(), story.planned("i-1"), story.receipt(at=NOW + 510), story.dispatched(at=NOW + 200)
    )
    assert shown(counts) == [("planned", "i-1", 0), ("delivered", "i-1", 0), ("sent", "i-1", 0)]
    assert [count.outcome.delivered_after_ms for count in counts] == [None, None, 300]


def test_nothing_is_counted_before_plan_and_request_are_known() -> None:
    story = Story()
    assert counted(story.dispatched(), story.planned("i-1")) == []
    assert len(counted(story.dispatched(), story.planned("i-1"), story.requested())) == 2


def test_failures_count_with_their_code_and_a_late_receipt_beside_them() -> None:
    story = Story()
    counts = counted(story.requested(), story.planned("i-1"), story.dispatched(), story.deadline(), story.receipt())
    assert shown(counts)[2:] == [("expired", "i-1", 7), ("delivered", "i-1", 0)]
    nobody = counted(story.requested(), story.planned(reason=Reason.UNKNOWN_PHONE))
    assert shown(nobody) == [("refused", "", 20)]


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_in_any_order_and_with_any_repetition_the_outcomes_are_the_same(order: list[int], again: list[int]) -> None:
    story = Story("0190a0b0-0000-7000-8000-000000000001")
    events: list[MessageEvent] = [
        story.requested(),
        story.planned("i-1", "i-2"),
        story.dispatched("i-1"),
        story.dispatched("i-2", "refused"),
        story.receipt("i-1"),
        story.receipt("i-1", "read"),
    ]
    counts = counted(*(events[place] for place in [*order, *again]))
    once = {(count.outcome.origin, count.outcome.place): count for count in counts}
    expected = Counter({"planned": 2, "sent": 1, "delivered": 1, "read": 1, "refused": 1})
    assert Counter(OUTCOMES[count.outcome.outcome] for count in once.values()) == expected
    assert all(
        count == counts[0]
        for count in counts
        if count.outcome.origin == counts[0].outcome.origin and not count.outcome.place
    )


def test_a_percentile_is_the_bound_of_its_bucket() -> None:
    buckets = [0] * (len(BOUNDS_MS) + 1)
    assert percentile(buckets, 0.5) is None
    buckets[1], buckets[-1] = 98, 2
    assert (percentile(buckets, 0.5), percentile(buckets, 0.99)) == (BOUNDS_MS[1], None)
