"""A redacted message is equal to one rebuilt from a log whose personal parts open no more."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas import ids, topics
from schemas.events import InboxChanged, MessageEvent, MessageRequested, Planned, PlannedTarget, ReceiptReceived
from schemas.personal import Subject
from schemas.providers import Provider
from schemas.topics import Topic
from schemas.values import Channel, Content, Link, Recipient
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.status.fold import fold, redact
from services.status.message import Message
from services.status.message.document import from_document, to_document
from tests.unit.runtime.test_record_encryption import forget as destroy

PHONE = "79001234567"
ABOUT: dict[str, Any] = {"at": 5, "message_id": ids.uuid7(), "partner_id": "bank"}
OWNER = ids.owner_key_of("app", None, PHONE)
STATUS = topics.STATUS_EVENTS["single"]
REQUEST = MessageRequested(
    **ABOUT,
    event_id=ids.uuid7(),
    mt_num="1",
    recipient=Recipient(phone=PHONE),
    chain=(
        Link(channel=Channel.PUSH, ttl_ms=9, application_id="app", content=Content(text="secret", title="secret")),
        Link(channel=Channel.SMS, ttl_ms=9, data='{"text": "secret"}'),
    ),
    extra_param="a=secret",
    callback_data="secret",
    partner_ref="ref",
)
TARGET = PlannedTarget(delivery_id="d", installation_id="i", application_id="app", provider=Provider.FCM, owner=OWNER)
LIFE: list[tuple[Topic, MessageEvent]] = [
    (topics.MESSAGE_REQUESTED["single"], REQUEST),
    (
        STATUS,
        Planned(
            **ABOUT,
            event_id=ids.uuid7(),
            request_id=REQUEST.event_id,
            send_at=5,
            expires_at=14,
            targets=(TARGET,),
            recipient=REQUEST.recipient,
        ),
    ),
    (STATUS, ReceiptReceived(**ABOUT, event_id=ids.uuid7(), installation_id="i", kind="read", happened_at=6)),
    (STATUS, InboxChanged(**ABOUT, event_id=ids.uuid7(), owner=OWNER, installation_id="i", change="seen")),
]


@pytest.fixture
def keys(recipient_keys: RecipientKeys) -> Iterator[RecipientKeys]:
    fresh = RecipientKeys.drawn()
    record_encryption.use(fresh)
    yield fresh
    record_encryption.use(recipient_keys)


def folded(events: list[MessageEvent]) -> Message:
    message = Message("")
    for event in events:
        fold(message, event)
    return message


@pytest.mark.parametrize("count", range(1, len(LIFE) + 1))
def test_cleaning_gives_what_a_rebuild_gives(count: int, keys: RecipientKeys) -> None:
    records = [(topic, record_encryption.encode(event)) for topic, event in LIFE[:count]]
    destroy(keys, keys.path(Subject("partner/bank", "phone", PHONE)))
    destroy(keys, keys.recipient("owner", OWNER))
    rebuilt = folded(
        [event for topic, value in records if isinstance(event := record_encryption.decode(topic, value), MessageEvent)]
    )
    cleaned = from_document(to_document(folded([event for _, event in LIFE[:count]])))
    assert redact(cleaned)
    cleaned.revision = rebuilt.revision
    assert to_document(cleaned) == to_document(rebuilt)
    assert b"secret" not in to_document(cleaned)["links"]
    assert PHONE.encode() not in to_document(cleaned)["links"]
    assert not redact(cleaned)
