"""Two releases beside each other: an older one carries along what it does not know, or stops; it loses nothing."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from schemas import codec, topics
from schemas.application_events import PartnerChanged
from schemas.events import MessageRequested, ReceiptReceived, ScheduleDue, TargetResolved
from schemas.personal import Subject
from schemas.providers import Provider
from schemas.values import Channel, Content, Link, Recipient
from services.registry.devices.fold.state import Device
from services.registry.devices.versioned_store import VersionedStore
from services.router.store import _claim
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory
from services.status.fold.cascade import _following
from services.status.message import CascadeDecision
from services.status.message.document import from_document
from services.status.message.unreadable import NewerForm
from tests.support.status_events import Story, replay
from tests.unit.runtime.test_record_encryption import REQUEST
from tests.unit.status.test_message_document import stored

NEWER = codec.CONTRACT + 1
REQUESTED, STATUS = topics.MESSAGE_REQUESTED["single"], topics.STATUS_EVENTS["single"]
TARGET_TOPIC = topics.TARGET_RESOLVED[Provider.FCM]["single"]
TARGET = TargetResolved(
    event_id="e",
    at=1,
    message_id=REQUEST.message_id,
    partner_id="bank",
    delivery_id="d",
    installation_id="i",
    application_id="app",
    provider=Provider.FCM,
    content=Content(text="hi"),
    expires_at=2,
    planned_at=1,
    recipient=Recipient(phone="79001234567"),
)


@pytest.fixture(autouse=True)
def keys(recipient_keys: RecipientKeys) -> Iterator[RecipientKeys]:
    fresh = RecipientKeys.drawn()
    record_encryption.use(fresh)
    yield fresh
    record_encryption.use(recipient_keys)


def of_newer(event: Any, keys: RecipientKeys, clear: dict[str, Any], sealed: dict[str, Any]) -> bytes:
    """The event as a newer release writes it: with fields that this one does not know, in the clear and in the box."""
    taken = record_encryption.box_of(record_encryption.encode(event), keys) or b"{}"
    record = orjson.loads(record_encryption.encode(event)) | {"v": NEWER} | clear
    names, aead = keys.sealing((Subject("partner/bank", "phone", "79001234567"),))
    box = aead.encrypt(bytes(12), orjson.dumps(orjson.loads(taken) | sealed), event.event_id.encode())
    if "personal" in record:
        record["personal"] = {"keys": names, "box": b64encode(bytes(12) + box).decode()}
    return orjson.dumps(record)


def test_what_an_older_release_writes_again_still_has_what_it_does_not_know(keys: RecipientKeys) -> None:
    content = {"text": "hi", "sound": "bell"}
    value = of_newer(TARGET, keys, {"colour": {"deep": [1]}}, {"/content": content, "/nickname": "Gold"})

    event = record_encryption.decode(TARGET_TOPIC, value)
    assert isinstance(event, TargetResolved)
    again = record_encryption.encode(event.replace(attempt=2))

    assert b"Gold" not in again
    assert b"bell" not in again
    read = record_encryption.decode(TARGET_TOPIC, again)
    assert isinstance(read, TargetResolved)
    assert (read.attempt, read.v) == (2, NEWER)
    assert read.carried == {"/colour": {"deep": [1]}, "/content/sound": "bell", "/nickname": "Gold"}


def test_a_newer_release_finds_it_in_its_place_again(keys: RecipientKeys) -> None:
    """`slot` and `title` stand for fields that the newer has and the older, which carried them, had not."""
    carried = TARGET.replace(carried={"/slot": "activity/a", "/content/title": "Bank", "/unheard": 1})
    read = record_encryption.decode(TARGET_TOPIC, record_encryption.encode(carried))
    assert isinstance(read, TargetResolved)
    assert (read.slot, read.content, read.carried) == (
        "activity/a",
        Content(text="hi", title="Bank"),
        {"/unheard": 1},
    )


def test_a_request_that_waits_for_its_hour_keeps_it(keys: RecipientKeys) -> None:
    value = of_newer(REQUEST, keys, {"urgency": 3}, {"/chain/1/colour": "blue"})
    request = record_encryption.decode(REQUESTED, value)
    assert isinstance(request, MessageRequested)
    due = ScheduleDue(event_id="due", at=2, message_id=request.message_id, partner_id="bank", request=request)

    sealed = record_encryption.encode(due)
    read = record_encryption.decode(REQUESTED, sealed)

    assert b"blue" not in sealed
    assert isinstance(read, ScheduleDue)
    assert read.request.carried == {"/urgency": 3, "/chain/1/colour": "blue"}
    known = due.replace(request=request.replace(carried={"/packet_id": 9, "/chain/1/sender": "B"}))
    put = record_encryption.decode(REQUESTED, record_encryption.encode(known))
    assert isinstance(put, ScheduleDue)
    assert (put.request.packet_id, put.request.chain[1].sender, put.request.carried) == (9, "B", None)


def test_the_hour_of_a_newer_release_keeps_what_its_request_has(keys: RecipientKeys) -> None:
    due = ScheduleDue(event_id="due", at=2, message_id=REQUEST.message_id, partner_id="bank", request=REQUEST)
    record = orjson.loads(record_encryption.encode(due)) | {"v": NEWER}
    record["request"]["colour"] = "blue"
    read = record_encryption.decode(REQUESTED, orjson.dumps(record))
    assert isinstance(read, ScheduleDue)
    assert (read.carried, read.request.carried) == (None, {"/colour": "blue"})


def test_the_next_link_of_a_chain_has_what_is_about_it(keys: RecipientKeys) -> None:
    chain = (
        Link(channel=Channel.PUSH, ttl_ms=60_000, application_id="app", content=Content(text="a"), awaited="READ"),
        Link(channel=Channel.SMS, ttl_ms=60_000, data='{"text":"b"}'),
    )
    carried = {"/urgency": 3, "/chain/0/colour": "red", "/chain/1/colour": "blue"}
    request = Story().requested().replace(chain=chain, carried=carried, v=NEWER)
    message = replay(request)
    link = message.links[0]
    assert link.request is not None
    following = _following(message, link, link.request, CascadeDecision(True, 5, "e", "expired", ["SMS"]))
    assert following.carried == {"/urgency": 3, "/chain/0/colour": "blue"}
    assert (following.v, following.chain) == (NEWER, chain[1:])


def test_what_must_not_be_overlooked_stops_the_older_one() -> None:
    receipt = ReceiptReceived(
        event_id="e", at=1, message_id="m", partner_id="", installation_id="i", kind="read", happened_at=2
    )
    record = orjson.loads(codec.encode(receipt))
    overlooked = [
        {"v": NEWER, "needs": NEWER},
        {"v": NEWER, "kind": "smelled"},
        {"v": NEWER, "type": "never-heard-of"},
    ]
    for newer in overlooked:
        with pytest.raises(codec.Newer):
            codec.decode(STATUS, orjson.dumps(record | newer))
    assert codec.decode(STATUS, orjson.dumps(record | {"v": NEWER})) == receipt.replace(v=NEWER)
    with pytest.raises(codec.Undecodable):  # no release wrote it
        codec.decode(STATUS, orjson.dumps(record | {"kind": "smelled"}))


def test_a_record_says_which_contract_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    older = codec.encode(TARGET)
    monkeypatch.setattr(codec, "CONTRACT", NEWER)
    assert orjson.loads(codec.encode(TARGET))["v"] == NEWER
    assert codec.decode(TARGET_TOPIC, older) == TARGET
    assert orjson.loads(codec.encode(TARGET.replace(v=NEWER + 1)))["v"] == NEWER + 1


def test_a_message_stored_with_what_is_not_known_stops_instead_of_losing_it() -> None:
    links = orjson.loads(stored()["links"])
    longer, odd = [[*links[0], *range(40)]], [[*links[0][:11], "SMELLED", *links[0][12:]]]
    delivery = [[*links[0][:6], {key: [*fields, *range(40)] for key, fields in links[0][6].items()}, *links[0][7:]]]
    for newer in (longer, odd, delivery):
        with pytest.raises(NewerForm):
            from_document(stored() | {"links": orjson.dumps(newer)})


def test_a_message_that_no_release_has_stored_is_damaged_and_calls_for_no_newer_one() -> None:
    links = stored()["links"]
    values = orjson.loads(links)
    short = [[*values[0][:6], {"i": []}, *values[0][7:]]]
    damaged: list[dict[str, Any]] = [
        {"links": links[: len(links) // 2]},
        {"links": b'{"0": 1}'},
        {"links": orjson.dumps([7])},
        {"links": None},
        {"links": orjson.dumps(short)},
        {"links": orjson.dumps([[*values[0][:2], None, *values[0][3:]]])},
    ]
    for wrong in damaged:
        with pytest.raises(codec.Damaged, match=stored()["_id"]):
            from_document(stored() | wrong)
    for missing in ("partner_id", "links", "trace", "revision"):
        with pytest.raises(codec.Damaged):
            from_document({name: value for name, value in stored().items() if name != missing})


def test_a_plan_for_a_provider_that_is_not_known_stops() -> None:
    with pytest.raises(codec.Newer, match="pigeon"):
        _claim({"_id": "m/0", "origin": "o", "state": "planned", "plan": [["target-resolved.pigeon", "k", b""]]})


def test_a_document_that_is_saved_back_keeps_the_fields_of_a_newer_release() -> None:
    store: VersionedStore[Device] = VersionedStore(None, Device, Device.stored, Device.document)  # type: ignore[arg-type]
    document = {"_id": "i", "revision": 3, "installation_id": "i", "application_id": "app", "colour": {"a": 1}}
    assert store._found(document).others == {"colour": {"a": 1}}
    for newer in ({"v": 2}, {"platform": "WATCH"}):
        with pytest.raises(codec.Newer):
            store._found(document | newer)
    for damaged in ({"application_id": 7}, {"token": "text"}):
        with pytest.raises(codec.Damaged, match="i is stored"):
            store._found(document | damaged)


def test_a_partner_that_only_a_newer_release_understands_stays_as_it_was_and_is_not_changed_here() -> None:
    directory = Directory()
    partner = PartnerChanged(event_id="e", at=1, partner_id="bank", uuid="u", login="bank", password_hash="h")
    directory.apply("partner/bank", codec.encode(partner))
    newer = orjson.loads(codec.encode(partner)) | {"v": NEWER, "needs": NEWER, "at": 2}
    directory.apply("partner/bank", orjson.dumps(newer))
    assert directory.partners["bank"].at == 1
    assert directory.outdated == {"partner/bank"}
    directory.apply("partner/bank", codec.encode(partner.replace(at=3)))
    assert directory.outdated == set()
