"""Whom a refusal is about: tokens that worked speak for their way, one that never did speaks for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.policy.trust import (
    APART_S,
    DOUBTED_AFTER,
    DOUBTED_BY,
    FIRST_PROBE_S,
    TRIALS_PER_S,
    VOID_AFTER,
    Judgement,
    Strikes,
    Way,
)

NEVER = ""
NOW = 1000.0


def a_way(*, is_proven: bool = False) -> Way:
    way = Way("key/way", Strikes())
    if is_proven:
        way.accepted(NOW, "somebody", NEVER)
    return way


def refused(way: Way, digest: str, worked_under: str = NEVER, now: float = NOW) -> Judgement:
    assert way.held_for_s(now, digest, worked_under) is None
    way.begin(now)
    return way.refused(now, 0.0, digest, worked_under)


@pytest.mark.parametrize("worked_under", [NEVER, "key/way", "older key/way", "key/other way"])
def test_one_token_stops_nobody_however_often_it_is_refused(worked_under: str) -> None:
    way = a_way(is_proven=True)
    for number in range(50):
        way.refused(NOW + number * APART_S, 0.0, "bad", worked_under)
        assert way.held_for_s(NOW + number * APART_S, "good", NEVER) is None


def test_two_tokens_that_have_worked_stop_their_way_and_one_push_is_lost() -> None:
    way = a_way()
    judgements = [refused(way, "a", "key/way")] + [way.refused(NOW, 0.0, name, "key/way") for name in "bcdefgh"]
    assert judgements == [Judgement.REFUSED] + [Judgement.WAITS] * 7
    assert way.held_for_s(NOW, "new", NEVER) == FIRST_PROBE_S
    assert way.held_for_s(NOW, "b", "key/way") == FIRST_PROBE_S


def test_what_was_accepted_in_this_process_has_worked_before_the_registry_knows() -> None:
    way = a_way()
    for name in "ab":
        way.accepted(NOW, name, NEVER)
    assert [refused(way, name) for name in "ab"] == [Judgement.REFUSED, Judgement.WAITS]


def test_an_acceptance_between_two_refusals_says_that_the_key_is_good() -> None:
    way = a_way()
    for name in "abababab":
        assert refused(way, name, "key/way") is Judgement.REFUSED
        way.accepted(NOW, "good", NEVER)
    assert not way.is_troubled


def test_a_probe_that_is_accepted_lets_the_way_go_on_and_one_that_is_refused_keeps_it_stopped() -> None:
    way = a_way()
    for name in "ab":
        way.refused(NOW, 0.0, name, "key/way")
    probe_at = NOW + FIRST_PROBE_S
    assert refused(way, "a", "key/way", probe_at) is Judgement.WAITS
    assert way.held_for_s(probe_at, "b", "key/way") == 2 * FIRST_PROBE_S
    assert way.held_for_s(probe_at + 2 * FIRST_PROBE_S, "new", NEVER) is None
    way.begin(probe_at + 2 * FIRST_PROBE_S)
    assert way.accepted(probe_at + 2 * FIRST_PROBE_S, "new", NEVER) is True
    assert way.held_for_s(probe_at + 2 * FIRST_PROBE_S, "a", "key/way") is None


def test_a_token_that_never_worked_and_is_refused_as_a_probe_says_nothing_of_the_key() -> None:
    way = a_way()
    for name in "ab":
        way.refused(NOW, 0.0, name, "key/way")
    probe_at = NOW + FIRST_PROBE_S
    assert refused(way, "bad", NEVER, probe_at) is Judgement.WAITS
    assert way.held_for_s(probe_at, "good", "key/way") is None


def test_a_token_is_void_after_refusals_that_lie_apart_while_others_are_accepted() -> None:
    way, now = a_way(is_proven=True), NOW
    for number in range(VOID_AFTER):
        for _ in range(3):  # those that come together count once
            last = refused(way, "bad", now=now)
        assert (last is Judgement.VOID) == (number == VOID_AFTER - 1)
        now += APART_S
        way.accepted(now, "good", NEVER)


def test_a_token_that_worked_is_never_void() -> None:
    way = a_way(is_proven=True)
    for number in range(20):
        assert refused(way, "a", "key/way", NOW + number * APART_S) is Judgement.REFUSED
        way.accepted(NOW + number * APART_S, "good", NEVER)


def test_no_token_is_void_while_nobody_is_accepted() -> None:
    way = a_way(is_proven=True)
    judgements = [way.refused(NOW + number * APART_S, 0.0, "bad", NEVER) for number in range(20)]
    assert Judgement.VOID not in judgements


def test_where_nothing_has_worked_yet_refusals_raise_a_doubt_and_then_wait() -> None:
    """Fresh credentials that are wrong: an alert, few messages lost, and no token."""
    way = a_way()
    judgements = [refused(way, f"t-{number}") for number in range(DOUBTED_AFTER)]
    assert judgements == [Judgement.REFUSED] * (DOUBTED_AFTER - 1) + [Judgement.WAITS]
    assert way.is_doubted
    assert way.held_for_s(NOW, "t-4", NEVER) == FIRST_PROBE_S  # it was told what there is to tell
    assert refused(way, "t-0", now=NOW + FIRST_PROBE_S) is Judgement.WAITS


def test_under_a_doubt_those_who_have_worked_go_freely_and_newcomers_one_by_one() -> None:
    way = a_way()
    for number in range(DOUBTED_AFTER):
        way.refused(NOW, 0.0, f"bad-{number}", NEVER)
    assert way.held_for_s(NOW, "old", "key/way") is None
    for number in range(int(TRIALS_PER_S)):
        assert refused(way, f"new-{number}") is Judgement.WAITS
    later = [way.held_for_s(NOW, f"later-{number}", NEVER) for number in range(3)]
    assert all(wait_s is not None and wait_s >= 1 for wait_s in later)
    assert len(set(later)) == 3
    assert way.held_for_s(NOW, "old", "key/way") is None
    assert way.accepted(NOW, "good", NEVER) is True
    assert way.held_for_s(NOW, "later-0", NEVER) is None


def test_where_something_has_worked_many_newcomers_in_a_row_raise_the_doubt() -> None:
    way = a_way(is_proven=True)
    for number in range(DOUBTED_BY - 1):
        assert refused(way, f"t-{number}") is Judgement.REFUSED
        assert refused(way, f"t-{number}") is Judgement.REFUSED
    assert not way.is_doubted
    assert refused(way, "another") is Judgement.WAITS
    assert way.is_doubted


def test_what_is_remembered_of_tokens_is_bounded() -> None:
    strikes = Strikes()
    for number in range(10_000):
        strikes.add(f"t-{number}", NOW)
    assert strikes.of("t-0") is None
    assert strikes.of("t-9999") is not None
    assert len(strikes._struck) == 4096
    way = a_way()
    for number in range(10_000):
        way.accepted(NOW, f"t-{number}", NEVER)
    assert len(way._accepted) == 256


STEPS = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(["bad-0", "bad-1", "bad-2", "good"])), min_size=1, max_size=300
)


@given(STEPS)
def test_few_bad_tokens_never_hold_up_a_customer_who_has_been_served(steps: list[tuple[float, str]]) -> None:
    way, now = a_way(), NOW
    way.accepted(now, "good", NEVER)
    for passed, who in steps:
        now += passed
        if who == "good":
            assert way.held_for_s(now, who, NEVER) is None
            way.accepted(now, who, NEVER)
        elif way.held_for_s(now, who, NEVER) is None:
            way.begin(now)
            way.refused(now, 0.5, who, NEVER)
        assert way.held_for_s(now, "good", "key/way") is None


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 30)), max_size=300))
def test_no_token_dies_of_credentials_that_nobody_is_accepted_under(steps: list[tuple[float, int]]) -> None:
    way, now = a_way(), NOW
    for passed, number in steps:
        now += passed
        assert way.refused(now, 0.5, f"t-{number}", NEVER) is not Judgement.VOID
