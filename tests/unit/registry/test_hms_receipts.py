"""Huawei's receipts: who may send them, what each status says, and that no body breaks anything."""

import base64
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.device_events import SettingsChanged, TokenRetired
from schemas.events import ProviderTold, ReceiptReceived
from schemas.ids import DeliveryTag
from schemas.providers import Provider
from schemas.reasons import Reason
from services.registry.devices.fold.state import Device, Token
from services.registry.hms_receipts import signature
from services.registry.hms_receipts.rules import WORDS, HmsReceipt, device_event, message_event, receipts_in
from services.registry.hms_receipts.used_signatures import UsedSignatures
from services.runtime.crypto.delivery_ids import DeliveryIds
from tests.support.deliveries import DELIVERIES

NOW = 1_800_000_000_000
SECRET = base64.b64encode(bytes(range(32))).decode()
MESSAGE, INSTALLATION = "0193c5f0-aaaa-7bbb-8ccc-000000000001", "0193c5f0-aaaa-4bbb-8ccc-000000000003"
DELIVERY = DeliveryTag(MESSAGE, 2, INSTALLATION, "bulk", ids.tail_of(DELIVERIES.of(MESSAGE, 2, INSTALLATION)))
TAG = str(ids.tag_of(DELIVERY))


def signed(key: bytes, at: int = NOW, user: str = "rpns", nonce: str = "n-1") -> str:
    mac = hmac.digest(key, f"{at}{nonce}{user}".encode(), "sha256")
    return f"timestamp={at};nonce={nonce};value={base64.b64encode(mac).decode()}"


@given(st.uuids(), st.uuids(), st.integers(0, 100), st.sampled_from(["single", "bulk"]))
def test_a_tag_holds_the_whole_delivery_in_64_characters(message: Any, installation: Any, link: int, lane: Any) -> None:
    tail = ids.tail_of(DELIVERIES.of(str(message), link, str(installation)))
    delivery = DeliveryTag(str(message), link, str(installation), lane, tail)
    tag = ids.tag_of(delivery)
    assert tag is not None
    assert len(tag) <= 64
    assert ids.delivery_of_tag(tag) == delivery


@given(st.text(max_size=60))
def test_what_is_no_tag_is_no_delivery(text: str) -> None:
    assert ids.delivery_of_tag(text) is None
    assert ids.tag_of(DeliveryTag("m-1", 0, "i-1", "single", DELIVERY.tail)) is None
    assert ids.tag_of(DeliveryTag(MESSAGE, 0, INSTALLATION, "single", ids.tail_of("d-1"))) is None


@pytest.mark.parametrize(
    "other",
    [
        DELIVERY._replace(link=1),
        DELIVERY._replace(message_id=INSTALLATION),
        DELIVERY._replace(installation_id=MESSAGE),
        DELIVERY._replace(tail="A" * 12),
    ],
)
def test_a_tag_of_what_was_never_planned_tells_nothing(other: DeliveryTag) -> None:
    assert receipts_in({"statuses": [v1(0, biTag=ids.tag_of(other)), v1(0)]}, DELIVERIES, NOW) == [receipt(0)]


def test_a_tag_of_a_former_key_is_ours() -> None:
    assert receipts_in({"statuses": [v1(0)]}, DeliveryIds((b"now", *DELIVERIES.keys)), NOW) == [receipt(0)]
    assert receipts_in({"statuses": [v1(0)]}, DeliveryIds((b"now",)), NOW) == []


def test_a_tag_without_proof_as_older_versions_made_it_tells_nothing() -> None:
    assert receipts_in({"statuses": [v1(0, biTag=TAG[:-12])]}, DELIVERIES, NOW) == []


@pytest.mark.parametrize("key", [base64.b64decode(SECRET), SECRET.encode()])
def test_either_reading_of_the_secret_signs(key: bytes) -> None:
    signature.check(signed(key), "rpns", SECRET, NOW)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (None, "must be"),
        ("", "must be"),
        ("timestamp=1;nonce=a;value=b", "must be"),
        (signed(b"another key"), "signature"),
        (signed(SECRET.encode(), user="other"), "signature"),
        (signed(b""), "signature"),
        (signed(SECRET.encode(), at=NOW - 300_001), "five minutes"),
        (signed(SECRET.encode(), at=NOW + 300_001), "five minutes"),
        (f"timestamp={NOW};nonce=n-1;value=!", "must be"),
        (f"timestamp={NOW};nonce=n-1;value=a", "signature"),
    ],
)
def test_what_is_not_signed_now_by_the_secret_is_refused(header: str | None, why: str) -> None:
    with pytest.raises(signature.NotSigned, match=why):
        signature.check(header, "rpns", SECRET, NOW)


def test_a_signature_is_good_for_the_body_that_it_came_with() -> None:
    used_signatures = UsedSignatures(most=3)
    used = signature.check(signed(SECRET.encode()), "rpns", SECRET, NOW)
    assert used_signatures.admits("app", used, b"{}", NOW)
    assert used_signatures.admits("app", used, b"{}", NOW + 1)  # sent again: our answer was lost
    assert not used_signatures.admits("app", used, b"[]", NOW + 1)
    assert used_signatures.admits("other", used, b"[]", NOW + 1)
    assert not used_signatures.admits("app", used, b"[]", NOW + 599_999)
    assert used_signatures.admits("app", used, b"[]", NOW + 600_000)  # the timestamp has long been refused by then


def test_as_many_signatures_are_remembered_as_there_is_room_for() -> None:
    used_signatures = UsedSignatures(most=3)
    for number in range(10):
        assert used_signatures.admits("app", str(number), b"a", NOW)
    assert [used_signatures.admits("app", str(number), b"b", NOW) for number in (9, 8)] == [False, False]


def v1(status: Any, **changes: Any) -> dict[str, Any]:
    return {
        "biTag": TAG,
        "appid": "1",
        "token": "t",
        "status": status,
        "timestamp": NOW - 5,
        "requestId": "r",
    } | changes


def v2(status: Any) -> dict[str, Any]:
    return {"biTag": TAG, "token": "t", "pushType": 0, "deliveryStatus": {"result": status, "timestamp": NOW - 5}}


@pytest.mark.parametrize("form", [v1, v2])
@pytest.mark.parametrize("status", [*WORDS, 999])
def test_both_versions_say_the_same(form: Any, status: int) -> None:
    assert receipts_in({"statuses": [form(status)]}, DELIVERIES, NOW) == [HmsReceipt(DELIVERY, status, "t", NOW - 5)]


def test_a_bad_neighbour_hides_no_status() -> None:
    bad = [None, 1, {}, v1("x"), v1(-1), v1(True), v1(10_000), v1(0.5), v1(0, biTag="x"), v1(0, biTag=None), v1(None)]
    receipts = receipts_in({"statuses": [*bad, v1("0", timestamp=str(NOW - 5)), *bad]}, DELIVERIES, NOW)
    assert receipts == [HmsReceipt(DELIVERY, 0, "t", NOW - 5)]


@pytest.mark.parametrize("status", [15, "15", " 15 ", 15.0, "15.0", "015"])
def test_a_status_is_read_however_it_is_written(status: Any) -> None:
    odd: dict[str, Any] = {"token": None, "appid": None, "requestId": [], "timestamp": f" {NOW - 5} ", "more": {"a": 1}}
    assert receipts_in({"statuses": [v1(status, **odd)]}, DELIVERIES, NOW) == [HmsReceipt(DELIVERY, 15, "", NOW - 5)]


@pytest.mark.parametrize("at", [NOW + 60_000, 0, None, "soon"])
def test_a_time_that_cannot_be_is_the_servers(at: Any) -> None:
    assert receipts_in({"statuses": [v1(0, timestamp=at)]}, DELIVERIES, NOW) == [HmsReceipt(DELIVERY, 0, "t", NOW)]


@pytest.mark.parametrize("body", [None, [], {}, {"statuses": {}}, {"statuses": None}])
def test_what_is_no_receipt_is_refused(body: Any) -> None:
    assert receipts_in(body, DELIVERIES, NOW) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_item_breaks_the_reader(item: Any) -> None:
    assert (
        receipts_in({"statuses": [item, {"biTag": TAG, "token": "t", "deliveryStatus": item}]}, DELIVERIES, NOW)
        is not None
    )


def receipt(status: int, at: int = NOW - 5) -> HmsReceipt:
    return HmsReceipt(DELIVERY, status, "t", at)


def test_delivered_is_a_receipt_of_its_own() -> None:
    event = message_event(receipt(0), NOW)
    assert isinstance(event, ReceiptReceived)
    assert (event.kind, event.source, event.lane, event.link) == ("delivered", "provider", "bulk", 2)
    assert event == message_event(receipt(0), NOW)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (2, Reason.PROVIDER_REFUSED),
        (5, Reason.PROVIDER_REFUSED),
        (6, Reason.PUSH_OS_DISABLED),
        *((mark, None) for mark in (10, 15, 27, 102, 201, 256, 999)),
    ],
)
def test_everything_else_is_reported_and_some_of_it_ends_the_delivery(status: int, reason: Reason | None) -> None:
    event = message_event(receipt(status), NOW)
    assert isinstance(event, ProviderTold)
    assert (event.status, event.reason, event.provider) == (status, reason, Provider.HMS)
    assert event.detail == WORDS.get(status, "unknown status")


def a_device(**changes: Any) -> Device:
    token = Token(provider=Provider.HMS, sealed="", digest="d", registered_at=NOW - 1000)
    return Device(installation_id=DELIVERY.installation_id, application_id="app", token=token).replace(**changes)


@pytest.mark.parametrize("status", [2, 5])
def test_a_dead_token_is_retired_only_while_it_is_the_one_that_was_reported(status: int) -> None:
    event = device_event(receipt(status), a_device(), ["other", "d"])
    assert isinstance(event, TokenRetired)
    assert (event.digest, event.dead_at) == ("d", NOW - 5)
    assert device_event(receipt(status), a_device(), ["other"]) is None
    assert device_event(receipt(status, at=NOW - 1001), a_device(), ["d"]) is None
    assert device_event(receipt(status), a_device(token=None), ["d"]) is None


def test_notifications_that_are_off_are_the_systems_prohibition_said_by_the_provider() -> None:
    event = device_event(receipt(6), a_device(), ["d"])
    assert isinstance(event, SettingsChanged)
    assert (event.push_os_enabled, event.source, event.at) == (False, "provider", NOW - 5)
    assert device_event(receipt(6), a_device(push_os_enabled=False), ["d"]) is None


@pytest.mark.parametrize("status", [0, 10, 15, 27, 102, 201, 256, 999])
def test_no_other_status_touches_the_installation(status: int) -> None:
    assert device_event(receipt(status), a_device(), ["d"]) is None
