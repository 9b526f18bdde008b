"""The bits of an hour: whatever a place has is found, whatever came first or twice, and little else is read."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import HISTORY_RETENTION_MS
from services.registry.audit_trail.places import GRAM, HOUR_MS, MOST_SPANS, additions, may_have, spans_of

AT = 500_000 * HOUR_MS
Bits = dict[str, int]
TEXT = st.text(st.sampled_from("ab/é\n€𝄞"), min_size=GRAM, max_size=40)


def added(bits: Mapping[str, int], texts: Iterable[str]) -> Bits:
    """As the database does it, for one hour."""
    changed = dict(bits)
    (update,) = additions([(AT, text) for text in texts]).values()
    for name, change in update.get("$bit", {}).items():
        assert -(2**63) <= change["or"] < 2**63
        changed[name] = changed.get(name, 0) | change["or"]
    return changed


def is_candidate(bits: Bits, part: str) -> bool:
    wanted: dict[str, Any] = may_have(part, AT, AT + 1) or {}
    assert wanted.pop("_id") == {"$gte": 500_000, "$lte": 500_000}
    return all(bits.get(name, 0) >> bit & 1 for name, test in wanted.items() for bit in test["$bitsAllSet"])


@given(st.lists(TEXT, min_size=1, max_size=5), st.data())
def test_each_part_of_each_place_is_found(texts: list[str], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(texts))
    begin = data.draw(st.integers(0, len(text) - GRAM))
    assert is_candidate(added({}, texts), text[begin : data.draw(st.integers(begin + GRAM, len(text)))])


@given(st.lists(TEXT, min_size=1, max_size=6), st.randoms())
def test_bits_are_the_same_in_each_order_and_after_a_repetition(texts: list[str], draw: Any) -> None:
    shuffled = draw.sample(texts, len(texts))
    bits: Bits = {}
    for text in [*shuffled, texts[0]]:
        bits = added(bits, [text])
    assert bits == added({}, texts)


def test_of_an_hour_with_a_hundred_ids_hardly_any_other_id_is_a_candidate() -> None:
    bits = added({}, [f"/v1/messages/{uuid.uuid5(uuid.NAMESPACE_URL, str(number))}" for number in range(100)])
    others = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"another {number}")) for number in range(1_000)]
    assert sum(is_candidate(bits, other) for other in others) == 0
    assert sum(is_candidate(bits, other[:8]) for other in others) <= 10
    assert not is_candidate(bits, "partner/rare")


def test_an_hour_is_kept_as_long_as_its_last_record() -> None:
    (update,) = additions([(AT + HOUR_MS - 1, "/v1/stops")]).values()
    assert update["$set"]["at"] == AT
    assert update["$set"]["kept_until"].timestamp() * 1000 == AT + HOUR_MS + HISTORY_RETENTION_MS


def test_places_that_are_shorter_than_a_part_have_no_bits_and_lone_surrogates_do_no_harm() -> None:
    assert "$bit" not in additions([(AT, "/a")])[500_000]
    assert is_candidate(added({}, ["/v1/\ud800abc"]), "/v1/")


@pytest.mark.parametrize("part", ["", "a", "abc", "éé€"])
def test_a_part_that_is_too_short_is_looked_for_everywhere(part: str) -> None:
    assert may_have(part, 0, 1) is None


def test_hours_that_adjoin_are_one_span_within_the_time_that_is_asked_for() -> None:
    hour, since, until = HOUR_MS, 10 * HOUR_MS + 5, 20 * HOUR_MS + 7
    assert spans_of([20, 19, 17, 12, 11, 10], since, until) == [
        (19 * hour, until),
        (17 * hour, 18 * hour),
        (since, 13 * hour),
    ]
    assert spans_of([], since, until) == []
    assert spans_of([20], 20 * hour, 20 * hour + 1) == [(20 * hour, 20 * hour + 1)]


@given(st.sets(st.integers(0, 9_000), min_size=1, max_size=400))
def test_of_many_hours_there_are_few_spans_that_hold_them_all_and_begin_and_end_with_one(hours: set[int]) -> None:
    spans = spans_of(sorted(hours, reverse=True), 0, 10_000 * HOUR_MS)
    assert len(spans) <= MOST_SPANS
    assert spans == sorted(spans, reverse=True)
    for begin, end in spans:
        assert {begin // HOUR_MS, end // HOUR_MS - 1} <= hours
    assert all(any(begin <= hour * HOUR_MS < end for begin, end in spans) for hour in hours)


def test_the_last_hour_that_is_asked_for_is_that_of_the_last_millisecond() -> None:
    assert (may_have("abcd", 0, HOUR_MS) or {})["_id"] == {"$gte": 0, "$lte": 0}
    assert (may_have("abcd", 0, HOUR_MS + 1) or {})["_id"] == {"$gte": 0, "$lte": 1}
