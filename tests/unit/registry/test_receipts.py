"""Receipts: a wrong clock never costs one, a wrong delivery always does."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.events import ReceiptReceived
from schemas.topics import MESSAGE_RETENTION_MS
from schemas.values import LONGEST_CHAIN
from services.registry.bodies import LATEST_MS
from services.registry.receipts.rules import MAX_SKEW_MS, judged, kept_time
from services.runtime.crypto.delivery_ids import DeliveryIds
from tests.support.deliveries import DELIVERIES

NOW = 1_764_000_000_000
INSTALLATION, MESSAGE = ids.uuid7(), ids.uuid7()


def receipt(**changes: object) -> dict[str, object]:
    """As an SDK sends it: with the delivery id that the push had."""
    link, slot = int(str(changes.get("link", 0))), ""
    if "activityId" in changes or "attributesType" in changes:
        slot = f"activity/{changes['activityId']}" if "activityId" in changes else f"start/{changes['attributesType']}"
    delivery = DELIVERIES.of(MESSAGE, link, INSTALLATION, slot)
    return {"messageId": MESSAGE, "deliveryId": delivery, "kind": "delivered", "happenedAt": NOW - 5} | changes


def outcome_of(body: object, deliveries: DeliveryIds = DELIVERIES) -> ReceiptReceived | list[str]:
    """The event, or the fields that it is refused for."""
    outcome = judged(body, INSTALLATION, deliveries, None, NOW)
    return outcome if isinstance(outcome, ReceiptReceived) else [error.field for error in outcome.errors]


def event_of(**changes: object) -> ReceiptReceived:
    outcome = outcome_of(receipt(**changes))
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
    assert event_of(activityId="a").slot == "activity/a"
    assert event_of(attributesType="T").slot == "start/T"
    assert len({event_of().event_id, event_of(activityId="a").event_id, event_of(attributesType="T").event_id}) == 3
    of_another = receipt(activityId="a") | {"activityId": "b"}
    assert outcome_of(of_another) == outcome_of(receipt(activityId="a") | {"activityId": None}) == ["deliveryId"]


def test_a_delivery_must_be_that_of_message_link_and_installation() -> None:
    assert event_of(link=2).link == 2
    assert event_of(link=LONGEST_CHAIN - 1).link == LONGEST_CHAIN - 1
    wrong = [
        receipt(link=2) | {"link": 1},
        receipt() | {"messageId": ids.uuid7()},
        receipt(deliveryId=DELIVERIES.of(MESSAGE, 0, ids.uuid7())),
        receipt(deliveryId=ids.uuid7()),
        receipt(deliveryId=ids.uuid5(MESSAGE, f"0/{INSTALLATION}")),  # as anybody could compute it
        receipt(deliveryId=None),
        {name: value for name, value in receipt().items() if name != "deliveryId"},
    ]
    assert [outcome_of(body) for body in wrong] == [["deliveryId"]] * len(wrong)


def test_an_id_that_was_made_under_a_former_key_still_holds() -> None:
    now = DeliveryIds((b"now", *DELIVERIES.keys))
    assert isinstance(outcome_of(receipt(), now), ReceiptReceived)
    assert now.of(MESSAGE, 0, INSTALLATION) != DELIVERIES.of(MESSAGE, 0, INSTALLATION)
    assert outcome_of(receipt(), DeliveryIds((b"now",))) == ["deliveryId"]


def test_a_delivery_id_is_the_same_uuid_for_the_same_delivery_and_tells_no_key() -> None:
    made = DELIVERIES.of(MESSAGE, 0, INSTALLATION)
    assert (uuid.UUID(made).version, uuid.UUID(made).variant) == (8, uuid.RFC_4122)
    assert made == str(uuid.UUID(made)) == DELIVERIES.of(MESSAGE, 0, INSTALLATION)
    others = {DELIVERIES.of(MESSAGE, 1, INSTALLATION), DELIVERIES.of(MESSAGE, 0, INSTALLATION, "activity/a")}
    assert len({made, *others}) == 3
    assert "keys" not in repr(DELIVERIES)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"happenedAt": 2**70}, "happenedAt"), ({"happenedAt": "1"}, "happenedAt"), ({"kind": 7}, "kind"),
     ({"messageId": "m"}, "messageId"), ({"link": -1}, "link"), ({"link": LONGEST_CHAIN}, "link"),
     ({"action": "x" * 65}, "action"), ({"deliveryId": "d"}, "deliveryId"), ({"deliveryId": "\ud800"}, "deliveryId")],
)  # fmt: skip
def test_a_bad_receipt_is_refused_by_field(change: dict[str, object], field: str) -> None:
    assert outcome_of(receipt() | change) == [field]
