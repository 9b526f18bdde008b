"""How often a password may be guessed: longer waits the more it is, and never for its owner's browser."""

import pytest

from services.registry.sign_in.pace import Guess, SignInPace
from services.runtime.pacing.spends import Spends

NAME, OTHER = "a-name", "another"


def botnet(number: int, name: str = NAME) -> Guess:
    """From a network of its own each."""
    return Guess(name, f"203.0.113.{number}")


def guessed(pace: SignInPace, count: int, now_s: float = 0.0) -> list[float]:
    return [pace.begin(botnet(number), now_s) for number in range(count)]


def test_ten_guesses_are_looked_at_and_then_the_name_waits_whoever_asks() -> None:
    pace = SignInPace()
    assert guessed(pace, 10) == [0.0] * 10
    assert pace.begin(botnet(99), 0.0) == pytest.approx(60)
    assert pace.begin(botnet(99, OTHER), 0.0) == 0


def test_the_wait_grows_to_a_quarter_of_an_hour_and_no_further() -> None:
    pace, now_s, waits = SignInPace(), 0.0, list[int]()
    for number in range(200):
        while wait_s := pace.begin(botnet(number % 250), now_s):
            waits.append(round(wait_s))
            now_s += wait_s
    assert waits == sorted(waits)
    assert {60, 900} <= set(waits)
    assert max(waits) == 900


def test_the_answer_says_truly_when_the_next_guess_is_looked_at() -> None:
    pace = SignInPace()
    guessed(pace, 10)
    wait_s = pace.begin(botnet(1), 5.0)
    assert pace.begin(botnet(1), 5.0 + wait_s - 1)
    assert pace.begin(botnet(1), 5.0 + wait_s) == 0


def test_who_has_signed_in_from_a_browser_is_not_locked_out_by_others() -> None:
    pace = SignInPace()
    guessed(pace, 11)
    own = Guess(NAME, "198.51.100.7", "browser")
    assert pace.begin(own, 0.0) == 0
    pace.was_right(own, 0.0)
    assert [pace.begin(own, 0.0) for _ in range(10)] == [0.0] * 10  # and has as many tries as anybody
    assert pace.begin(own, 0.0) == pytest.approx(60)


def test_a_right_password_is_no_guess() -> None:
    pace = SignInPace()
    for _ in range(50):
        assert pace.begin(botnet(1), 0.0) == 0
        pace.was_right(botnet(1), 0.0)


def test_a_name_that_is_forgiven_is_looked_at_again_at_every_instance() -> None:
    spent_here, spent_there = Spends(), Spends()
    here, other = SignInPace(spent_here), SignInPace(spent_there)
    guessed(here, 10)
    spent_there.learn(spent_here.spent(), 0.0)
    before = spent_here.spent()
    here.forgive(NAME)
    assert guessed(here, 10) == [0.0] * 10
    here.forgive(NAME)
    spent_there.learn({name: count - before.get(name, 0) for name, count in spent_here.spent().items()}, 0.0)
    assert other.begin(botnet(98), 0.0) == 0


def test_one_network_cannot_try_all_names() -> None:
    pace = SignInPace()
    tried = [pace.begin(Guess(f"name-{number}", "203.0.113.1"), 0.0) for number in range(41)]
    assert tried[:40] == [0.0] * 40
    assert tried[40] == pytest.approx(1)


def test_what_one_instance_counts_the_others_hear_of() -> None:
    spent_here, spent_there = Spends(), Spends()
    here, other = SignInPace(spent_here), SignInPace(spent_there)
    guessed(here, 10)
    spent_there.learn(spent_here.spent(), 0.0)
    assert other.begin(botnet(99), 0.0) == pytest.approx(60)
