"""Prohibition by the system, day by day: reckoned back from today."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.registry.support.audience import days_of
from services.registry.support.audience_store import ChangesOfDay

FIRST = (date(2026, 3, 1) - date(1970, 1, 1)).days


def test_each_day_ends_with_what_followed_taken_back() -> None:
    changes = [
        ChangesOfDay(FIRST, False, "sdk", "ios", 3),
        ChangesOfDay(FIRST + 1, False, "provider", "huawei", 2),
        ChangesOfDay(FIRST + 1, True, "sdk", "ios", 1),
        ChangesOfDay(FIRST + 5, False, "sdk", "ios", 4),
    ]
    days = days_of(changes, date(2026, 3, 1), date(2026, 3, 2), forbidden_now=10)
    assert [(day.forbidden_by_sdk, day.forbidden_by_provider, day.allowed, day.forbidden) for day in days] == [
        (3, 0, 0, 5),
        (0, 2, 1, 6),
    ]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(1, 5)), max_size=20), st.integers(0, 50))
def test_a_day_differs_from_the_one_before_by_its_changes(reported: list[tuple[int, bool, int]], now: int) -> None:
    changes = [ChangesOfDay(FIRST + day, allowed, "sdk", "ios", count) for day, allowed, count in reported]
    days = days_of(changes, date(2026, 3, 1), date(2026, 3, 10), now)
    assert days[-1].forbidden == now
    for before, after in pairwise(days):
        assert after.forbidden == before.forbidden + after.forbidden_by_sdk - after.allowed
