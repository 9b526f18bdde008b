"""What a mailing sends at most over channels that are paid for."""

from typing import Any

import pytest

from schemas.values import Channel
from services.ingest.mailing.rules.paid import PaidMessages
from services.ingest.mailing.rules.template import Template
from tests.support.requests import cascade, push
from tests.unit.ingest.test_mailing_template import drafted

HOUR = {"ttl": 1, "ttlUnit": "HOURS"}
VIBER = {"type": "VIBER", "data": {"instantContent": {"type": "TEXT", "data": {"text": "x" * 500}}, **HOUR}}


def sms(text: str) -> dict[str, Any]:
    return {"type": "SMS", "data": {"text": text, **HOUR}}


def paid(message: dict[str, Any], **fields: Any) -> PaidMessages:
    return PaidMessages(Template(drafted(message, **fields)))


def test_a_push_alone_is_free() -> None:
    found = paid(push(text="{{name}}"))
    found.add(("reader",))
    assert (found.messages, found.parts) == ({}, 0)


def test_every_link_behind_the_push_is_counted_though_it_may_not_be_needed() -> None:
    found = paid(push(), cascadeChainLink=cascade("READ", VIBER, "READ", sms("x" * 160), "READ", sms("x" * 161)))
    found.add((), 10)
    assert list(found.messages.items()) == [(Channel.VIBER, 10), (Channel.SMS, 20)]
    assert found.parts == 10 + 2 * 10


@pytest.mark.parametrize(("letter", "length", "parts"), [("x", 160, 1), ("x", 161, 2), ("ы", 70, 1), ("ы", 71, 2)])
def test_a_text_is_as_many_sms_as_it_is_long_with_the_values(letter: str, length: int, parts: int) -> None:
    found = paid(sms("{{name}}"))
    found.add((letter * length,))
    assert (found.messages, found.parts) == ({Channel.SMS: 1}, parts)


def test_each_recipients_own_text_counts() -> None:
    found = paid(push(), cascadeChainLink=cascade("READ", sms("{{name}}"), "READ", sms("fixed")))
    for name in ("short", "x" * 400, "short"):
        found.add((name,))
    assert found.parts == (1 + 1) + (3 + 1) + (1 + 1)
