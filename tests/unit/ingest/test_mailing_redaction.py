"""Finding somebody in the texts of a mailing: in whatever way a phone is written, and no one else."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mailing.rules.redaction import MASK, People, is_about, masked, without
from services.ingest.mailing.rules.rows import Row

PEOPLE = People(frozenset({"user-17", "42"}), frozenset({"79161112233", "4930123456"}))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("79161112233", MASK),
        ("call +7 (916) 111-22-33, please", f"call {MASK}, please"),
        ("8-916-111-22-33", MASK),
        ("89161112233 or 79161112234", f"{MASK} or 79161112234"),
        ("1791611122334", "1791611122334"),
        ("79161112233 10 79161112233 11", f"{MASK} 10 {MASK} 11"),
        ("+7\u00a0916\u2011111\u202d22\ufeff33", MASK),
        ("from 4930123456 on", f"from {MASK} on"),
        ("for user-17: hello", f"for {MASK}: hello"),
        ("user-171 and xuser-17", "user-171 and xuser-17"),
        ("42", MASK),
        ("42 roubles", "42 roubles"),
    ],
)
def test_they_are_found_as_they_may_be_written_and_nobody_else(text: str, left: str) -> None:
    assert masked(text, PEOPLE) == left


@given(st.text())
def test_what_names_nobody_stays_as_it_is(text: str) -> None:
    assert masked(text, People(frozenset(), frozenset())) == text


def test_a_line_goes_when_it_is_sent_to_them_or_tells_of_them() -> None:
    rows = [
        Row(1, "79161112233", None, None, ()),
        Row(2, "79160000000", "user-17", None, ()),
        Row(3, "79160000000", None, None, ("Gold", "from +79161112233")),
        Row(4, "79160000000", None, "79161112233", ("Gold",)),
    ]
    assert [is_about(row, PEOPLE) for row in rows] == [True, True, True, False]


def test_rules_and_addresses_of_a_definition_stay() -> None:
    definition = {
        "id": "user-17",
        "notifyUrl": "https://bank.example/user-17",
        "message": {"type": "PUSH", "data": {"text": "user-17", "customPayload": [{"who": "user-17"}], "ttl": 42}},
    }
    found = orjson.loads(without(orjson.dumps(definition).decode(), PEOPLE))
    assert found["message"]["data"] == {"text": MASK, "customPayload": [{"who": MASK}], "ttl": 42}
    assert (found["id"], found["notifyUrl"]) == (definition["id"], definition["notifyUrl"])
    assert without("{}", PEOPLE) == "{}"
