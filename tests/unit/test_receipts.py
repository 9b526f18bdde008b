"""Receipts: a wrong clock never costs one, a wrong delivery always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.events import ReceiptReceived
from schemas.topics import MESSAGE_RETENTION_MS
from services.registry.bodies import LATEST_MS
from services.registry.receipts import MAX_SKEW_MS, Refused, judged, kept_time

NOW = 1_764_000_000_000
INSTALLATION, MESSAGE = ids.uuid7(), ids.uuid7()


def receipt(**changes: object) -> dict[str, object]:
    return {"messageId": MESSAGE, "kind": "delivered", "happenedAt": NOW - 5} | changes


def event_of(**changes: object) -> ReceiptReceived:
    outcome = judged(receipt(**changes), INSTALLATION, None, NOW)
    assert isinstance(outcome, ReceiptReceived)
    return outcome


@pytest.mark.parametrize(
    ("happened_at", "sent_at", "kept"),
    [
        (NOW - 5, None, NOW - 5),
        (NOW - 3_600_000, NOW - 10, NOW - 3_600_000),  # hours late, the clock is right
        (NOW + 5, None, NOW),  # from the future
        (0, None, NOW),  # a clock that was never set
        (NOW - MESSAGE_RETENTION_MS - 1, None, NOW),
        (10_000, 70_000, NOW - 60_000),  # never set, but the device tells what it shows now
        (NOW + 86_400_000, NOW + 86_401_000, NOW - 1_000),  # a day ahead
        (NOW - 5, NOW + MAX_SKEW_MS, NOW - 5),  # within the tolerance
    ],
)
def test_the_time_of_a_receipt_is_corrected_or_kept(happened_at: int, sent_at: int | None, kept: int) -> None:
    assert kept_time(happened_at, sent_at, NOW) == kept


@given(st.integers(0, LATEST_MS), st.none() | st.integers(0, LATEST_MS))
def test_no_receipt_is_from_the_future_or_older_than_its_message(happened_at: int, sent_at: int | None) -> None:
    assert NOW - MESSAGE_RETENTION_MS <= kept_time(happened_at, sent_at, NOW) <= NOW


def test_a_repeat_is_the_same_event_and_another_kind_action_or_link_is_not() -> None:
    assert event_of().event_id == event_of(happenedAt=NOW - 900).event_id
    different = [event_of(), event_of(kind="read"), event_of(link=1), event_of(kind="clicked", action="a")]
    assert len({event.event_id for event in different}) == 4


def test_a_receipt_of_a_live_activity_is_that_activity_s_own() -> None:
    update, start = ids.delivery_id_of(MESSAGE, 0, INSTALLATION, "activity/a"), "start/T"
    assert event_of(deliveryId=update, activityId="a").slot == "activity/a"
    assert event_of(attributesType="T").slot == start
    assert len({event_of().event_id, event_of(activityId="a").event_id, event_of(attributesType="T").event_id}) == 3
    assert isinstance(judged(receipt(deliveryId=update), INSTALLATION, None, NOW), Refused)


def test_a_delivery_must_be_that_of_message_link_and_installation() -> None:
    delivery = ids.delivery_id_of(MESSAGE, 2, INSTALLATION)
    assert event_of(deliveryId=delivery, link=2).link == 2
    assert event_of(link=1000).link == 1000  # a cascade may be of any depth
    outcome = judged(receipt(deliveryId=delivery), INSTALLATION, None, NOW)
    assert isinstance(outcome, Refused)
    assert [one.field for one in outcome.errors] == ["deliveryId"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"happenedAt": 2**70}, "happenedAt"), ({"happenedAt": "1"}, "happenedAt"), ({"kind": 7}, "kind"),
     ({"messageId": "m"}, "messageId"), ({"link": -1}, "link"), ({"action": "x" * 65}, "action")],
)  # fmt: skip
def test_a_bad_receipt_is_refused_by_field(change: dict[str, object], field: str) -> None:
    outcome = judged(receipt(**change), INSTALLATION, None, NOW)
    assert isinstance(outcome, Refused)
    assert [one.field for one in outcome.errors] == [field]
