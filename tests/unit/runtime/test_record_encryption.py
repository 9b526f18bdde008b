"""What is personal lies sealed in the log, opens with the keys, and never again once somebody is forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, ids, topics
from schemas.__main__ import event_schemas
from schemas.device_events import (
    ActivityTokenRegistered,
    InstallationChanged,
    OwnerProofsRevoked,
    Personalized,
    SettingsChanged,
)
from schemas.events import Event, InboxChanged, MessageRequested, Planned, PlannedTarget, ScheduleDue, TargetResolved
from schemas.personal import IMPERSONAL, PERSONAL, Subject
from schemas.providers import Platform, Provider
from schemas.topics import Topic
from schemas.values import Button, Channel, ChannelMessage, Content, Link, Recipient
from services.runtime.crypto import record_encryption
from services.runtime.crypto.key_tree import Close, Strike, Write, family_of, steps
from services.runtime.crypto.recipient_keys import GENERATIONS, RecipientKeys

PHONE, USER, TEXT = "79001234567", "user-4711", "Your code is 0815"
CLEAR = (PHONE, USER, TEXT, "secret-param", "secret-callback", "Dear customer", "owner-of-it")
REQUESTED, DEVICES = topics.MESSAGE_REQUESTED["single"], topics.DEVICE_EVENTS
CONTENT = Content(text=TEXT, title="Dear customer", actions=(Button(title="Go", action="go"),))
REQUEST = MessageRequested(
    event_id=ids.uuid7(),
    at=1,
    message_id=ids.uuid7(),
    partner_id="bank",
    mt_num="1",
    recipient=Recipient(phone=PHONE, external_user_id=USER),
    chain=(
        Link(channel=Channel.PUSH, ttl_ms=1, application_id="app", content=CONTENT),
        Link(channel=Channel.SMS, ttl_ms=2, sender="Bank", data=orjson.dumps({"text": TEXT}).decode()),
    ),
    extra_param="name=secret-param",
    callback_data="secret-callback",
    packet_id=7,
)
OF_MESSAGE: dict[str, Any] = {"event_id": ids.uuid7(), "at": 1, "message_id": REQUEST.message_id, "partner_id": "bank"}
TARGET = PlannedTarget(
    delivery_id="d", installation_id="i", application_id="app", provider=Provider.FCM, owner="owner-of-it"
)
OF_DEVICE: dict[str, Any] = {"event_id": ids.uuid7(), "at": 1, "installation_id": "i", "application_id": "app"}
EVENTS: list[tuple[Topic, Event]] = [
    (REQUESTED, REQUEST),
    (REQUESTED, ScheduleDue(**OF_MESSAGE, request=REQUEST)),
    (
        topics.STATUS_EVENTS["single"],
        Planned(**OF_MESSAGE, request_id="r", send_at=1, expires_at=2, targets=(TARGET,), recipient=REQUEST.recipient),
    ),
    (
        topics.TARGET_RESOLVED[Provider.FCM]["single"],
        TargetResolved(
            **OF_MESSAGE,
            delivery_id="d",
            installation_id="i",
            application_id="app",
            provider=Provider.FCM,
            content=CONTENT,
            expires_at=2,
            recipient_mark="owner-of-it",
            planned_at=1,
            recipient=REQUEST.recipient,
        ),
    ),
    (
        topics.TARGET_RESOLVED[Provider.CHANNEL_PLATFORM]["single"],
        TargetResolved(
            **OF_MESSAGE,
            delivery_id="d",
            installation_id="SMS",
            application_id="app",
            provider=Provider.CHANNEL_PLATFORM,
            content=Content(text=""),
            expires_at=2,
            planned_at=1,
            channel=ChannelMessage(channel=Channel.SMS, phone=PHONE, data=orjson.dumps({"text": TEXT}).decode()),
            recipient=REQUEST.recipient,
        ),
    ),
    (
        topics.STATUS_EVENTS["single"],
        InboxChanged(**OF_MESSAGE, owner="owner-of-it", installation_id="i", change="seen"),
    ),
    (
        DEVICES,
        ActivityTokenRegistered(
            **OF_DEVICE, sealed="s", digest="d", attributes_type="Trip", activity_id="a", owner="owner-of-it"
        ),
    ),
    (DEVICES, Personalized(**OF_DEVICE, external_user_id=USER, phone=PHONE)),
    (
        DEVICES,
        OwnerProofsRevoked(
            event_id=ids.uuid7(), at=1, application_id="app", external_user_id=USER, phone=PHONE, by="operator:x"
        ),
    ),
    (DEVICES, SettingsChanged(**OF_DEVICE, primary=True, claimed_for=f"app/u/{USER}")),
    (
        topics.INSTALLATIONS,
        InstallationChanged(
            **OF_DEVICE, platform=Platform.IOS, app_version="1", external_user_id=USER, installed_at=1, last_used_at=1
        ),
    ),
]
every = pytest.mark.parametrize(("topic", "event"), EVENTS, ids=[type(event).__name__ for _, event in EVENTS])


@pytest.fixture(autouse=True)
def keys(recipient_keys: RecipientKeys) -> Iterator[RecipientKeys]:
    """Of each test its own."""
    fresh = RecipientKeys.drawn()
    record_encryption.use(fresh)
    yield fresh
    record_encryption.use(recipient_keys)


def forget(keys: RecipientKeys, path: str) -> None:
    """In the first generation, as the store does it."""
    for step in list(steps(keys.families(0), path)):
        match step:
            case Write(node, family):
                keys.replace([(0, node, family)], [])
            case Close(node):
                keys.replace([(0, node, None)], [(0, node)])
            case Strike(node, digit):
                family = {**(keys.families(0)[node] or {})}
                del family[digit]
                keys.replace([(0, node, family)], [])


def test_of_every_event_it_is_said_whether_it_is_personal() -> None:
    known = {codec.type_of(event) for topic in topics.all_topics() for event in topic.events}
    personal = {codec.type_of(event) for event in PERSONAL}
    assert known == personal | IMPERSONAL
    assert not personal & IMPERSONAL


def test_every_personal_event_is_tried_here() -> None:
    assert {type(event) for _, event in EVENTS} == set(PERSONAL)


@every
def test_an_event_survives_the_log(topic: Topic, event: Event) -> None:
    assert record_encryption.decode(topic, record_encryption.encode(event)) == event


@every
def test_nothing_personal_is_in_the_clear(topic: Topic, event: Event) -> None:
    sealed = record_encryption.encode(event)
    assert any(clear in codec.encode(event).decode() for clear in CLEAR)
    assert not [clear for clear in CLEAR if clear in sealed.decode()]
    assert record_encryption.names_in(sealed)


@every
def test_a_record_is_what_its_json_schema_says(topic: Topic, event: Event) -> None:
    schema = event_schemas()[event.type]
    for record in (codec.encode(event), record_encryption.encode(event)):
        jsonschema.validate(orjson.loads(record), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(orjson.loads(codec.encode(event)) | {"at": "now"}, schema)


@every
def test_a_record_is_an_event_also_for_a_reader_without_keys(topic: Topic, event: Event) -> None:
    read = codec.decode(topic, record_encryption.encode(event))
    assert type(read) is type(event)
    assert read.event_id == event.event_id


@every
@pytest.mark.parametrize("kind", ["user", "phone"])
def test_who_is_forgotten_is_gone_from_every_event_that_names_him(
    topic: Topic, event: Event, kind: str, keys: RecipientKeys
) -> None:
    sealed = record_encryption.encode(event)
    path = keys.recipient(kind, USER if kind == "user" else PHONE)
    names_him = any(name.startswith(path) for name in record_encryption.names_in(sealed))
    forget(keys, path)
    read = record_encryption.decode(topic, sealed)
    if not names_him:
        assert read == event
        return
    assert read is not None
    assert read.event_id == event.event_id
    assert not [clear for clear in CLEAR if clear in codec.encode(read).decode()]


def test_others_and_other_scopes_stay_as_they_are(keys: RecipientKeys) -> None:
    other = REQUEST.replace(recipient=Recipient(external_user_id="somebody-else"))
    elsewhere = REQUEST.replace(partner_id="shop")
    records = [record_encryption.encode(request) for request in (REQUEST, other, elsewhere)]
    forget(keys, keys.path(Subject("partner/bank", "user", USER)))
    read = [record_encryption.decode(REQUESTED, record) for record in records]
    assert isinstance(read[0], MessageRequested)
    assert read[0].recipient == Recipient()
    assert read[1:] == [other, elsewhere]


def test_who_comes_back_is_sealed_for_anew_and_the_old_stays_shut(keys: RecipientKeys) -> None:
    before = record_encryption.encode(REQUEST)
    forget(keys, keys.recipient("user", USER))
    after = record_encryption.encode(REQUEST)
    assert record_encryption.decode(REQUESTED, after) == REQUEST
    assert record_encryption.decode(REQUESTED, before) != REQUEST
    assert [name.rpartition(".")[2] for name in record_encryption.names_in(after)] == [
        "1",
        "0",
    ]  # the phone was not forgotten


def test_a_record_of_before_there_was_sealing_is_read() -> None:
    assert record_encryption.decode(REQUESTED, codec.encode(REQUEST)) == REQUEST


RECORDED: list[dict[str, str]] = orjson.loads(Path(__file__).with_name("sealed_v1.json").read_bytes())


@pytest.mark.parametrize("recorded", RECORDED, ids=[f"{kept['type']} {kept['topic']}" for kept in RECORDED])
def test_a_record_that_was_sealed_by_an_older_release_opens(recorded: dict[str, str]) -> None:
    """`sealed_v1.json` holds bytes as they were written, of each personal type, in the clear and sealed."""
    families = [{"": family_of(bytes([number]) * 32)} for number in range(GENERATIONS)]
    record_encryption.use(RecipientKeys(bytes(32), families))
    topic = topics.topic_named(recorded["topic"])
    clear = codec.decode(topic, recorded["clear"].encode())
    assert clear is not None
    assert record_encryption.decode(topic, recorded["sealed"].encode()) == clear
    assert codec.decode(topic, recorded["sealed"].encode()) != clear


def test_a_record_of_every_personal_type_was_kept() -> None:
    assert {recorded["type"] for recorded in RECORDED} == {codec.type_of(event) for event in PERSONAL}


def test_an_older_release_opens_what_is_sealed_now(keys: RecipientKeys) -> None:
    """It puts every value back by its JSON Pointer, so the places that the box names must be there."""
    for topic, event in EVENTS:
        value = record_encryption.encode(event)
        body = orjson.loads(value)
        box = orjson.loads(record_encryption.box_of(value, keys) or b"")
        for pointer, part in box.items():
            *way, last = pointer[1:].split("/")
            inner = body
            for name in way:
                inner = inner[int(name)] if isinstance(inner, list) else inner[name]
            inner[last] = part
        assert codec.decode(topic, orjson.dumps(body)) == event


@pytest.mark.parametrize("links", [1, 2, 128])
def test_a_chain_of_any_length_is_sealed_link_by_link(links: int) -> None:
    chain = tuple(REQUEST.chain[number % 2].replace(ttl_ms=number) for number in range(links))
    request = REQUEST.replace(chain=chain)
    value = record_encryption.encode(request)
    assert not [clear for clear in CLEAR if clear in value.decode()]
    assert record_encryption.decode(REQUESTED, value) == request


def test_a_record_that_does_not_end_with_its_box_is_read_all_the_same() -> None:
    body = orjson.loads(record_encryption.encode(REQUEST))
    first = orjson.dumps({"personal": body.pop("personal")} | body)
    assert record_encryption.decode(REQUESTED, first) == REQUEST
    assert record_encryption.names_in(first) == record_encryption.names_in(record_encryption.encode(REQUEST))


def test_what_looks_like_a_box_within_a_text_is_no_box() -> None:
    text = '"personal":{"keys":["aaaaaaaaaaaa.aaaaaa.0"],"box":"AAAA"}}'
    request = REQUEST.replace(chain=(Link(channel=Channel.PUSH, ttl_ms=1, content=Content(text=text)),))
    assert record_encryption.decode(REQUESTED, record_encryption.encode(request)) == request
    assert record_encryption.names_in(codec.encode(request)) == ()
    assert record_encryption.decode(REQUESTED, codec.encode(request)) == request


def test_a_box_opens_only_in_its_own_record() -> None:
    body = orjson.loads(record_encryption.encode(REQUEST)) | {"event_id": ids.uuid7()}
    with pytest.raises(codec.Undecodable, match="personal"):
        record_encryption.decode(REQUESTED, orjson.dumps(body))


def test_without_keys_nothing_personal_is_written(keys: RecipientKeys) -> None:
    record_encryption.use(None)
    with pytest.raises(record_encryption.NoKeys):
        record_encryption.encode(REQUEST)


@given(st.binary(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_a_broken_seal_is_refused_or_read_as_forgotten(box: bytes, names: list[str]) -> None:
    body = orjson.loads(codec.encode(REQUEST)) | {"personal": {"keys": names, "box": box.decode("latin-1")}}
    value = orjson.dumps(body)
    try:
        outcome: object = record_encryption.decode(REQUESTED, value)
    except codec.Undecodable as error:
        outcome = str(error)
    assert isinstance(outcome, MessageRequested) or "personal" in str(outcome)


def test_where_nobody_is_named_nothing_is_sealed() -> None:
    about = {"event_id": ids.uuid7(), "at": 1, "installation_id": "i", "application_id": "app"}
    facts = {"activity_id": "a", "attributes_type": "T", "sealed": "s", "digest": "d", "owner": ""}
    event = ActivityTokenRegistered.stored({**about, **facts})
    value = record_encryption.encode(event)
    assert b'"personal"' not in value
    assert record_encryption.decode(DEVICES, value) == event
