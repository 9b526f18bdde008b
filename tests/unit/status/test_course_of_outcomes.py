"""The counts of a mailing: the latest of them, and those that are kept for its plot, few, of the whole time alike, each
unlike the one before."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.mongo.mailing_outcomes import MOST_OF_COURSE, Count, OutcomesStore, grown
from tests.support.broken_database import BrokenDatabase


class OneDocument:
    """A collection with one document, which knows of conditions what the store asks."""

    def __init__(self, **document: Any) -> None:
        self.document = document

    async def find(self, _: dict[str, Any], fields: dict[str, int]) -> AsyncIterator[dict[str, Any]]:
        yield {name: value for name, value in self.document.items() if fields.get(name, 1)}

    async def find_one(self, query: dict[str, Any], _: Any = None) -> dict[str, Any]:
        return self.document

    async def update_one(self, query: dict[str, Any], update: dict[str, Any]) -> None:
        for name, wanted in query.items():
            found = self.document.get(name)
            is_met = found == wanted
            if isinstance(wanted, dict):
                is_met = found is None or not found > wanted["$not"]["$gt"]
            if not is_met:
                return
        self.document |= update.get("$set", {})
        for name in update.get("$unset", {}):
            self.document.pop(name, None)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> OutcomesStore:
    made = OutcomesStore(BrokenDatabase(AssertionError("another collection")))  # type: ignore[arg-type]
    monkeypatch.setattr(made, "_outcomes", OneDocument(_id="m", changes=7, stale=True))
    return made


async def test_of_two_counts_at_once_the_one_that_was_begun_later_stays_whichever_ends_last(
    store: OutcomesStore,
) -> None:
    await store.put("m", 7, [("DELIVERED", "", 5)], 2_000)
    await store.put("m", 5, [("SENT", "", 5)], 1_000)
    assert (await store.of("m"))[:3] == ({"DELIVERED": 5}, {}, 2_000)
    await store.put("m", 8, [("READ", "", 5)], 3_000)
    assert (await store.of("m")).states == {"READ": 5}


async def test_for_a_list_the_course_is_not_read(store: OutcomesStore) -> None:
    await store.put("m", 7, [("DELIVERED", "", 5)], 2_000)
    assert len((await store.of("m")).course) == 1
    found = await store.latest(["m", "not counted yet"])
    assert found == {"m": ({"DELIVERED": 5}, {}, 2_000, []), "not counted yet": ({}, {}, 0, [])}


async def test_what_changed_during_a_count_is_counted_again(store: OutcomesStore) -> None:
    await store.put("m", 6, [("SENT", "", 5)], 1_000)
    document = await store._outcomes.find_one({})
    assert document is not None
    assert document["stale"]
    await store.put("m", 7, [("DELIVERED", "", 5)], 2_000)
    assert "stale" not in document


def course_of(counts: list[Count]) -> list[Count]:
    course: list[Count] = []
    for count in counts:
        course = grown(course, count)
    return course


def test_a_count_that_tells_nothing_new_is_left_out() -> None:
    first, same, other = Count(1, {"SENT": 1}, 0), Count(2, {"SENT": 1}, 0), Count(3, {"SENT": 1}, 1)
    assert course_of([first, same, other]) == [first, other]


def test_of_a_long_course_the_whole_time_is_shown_alike() -> None:
    counts = [Count(second * 1000, {"READ": second}, 0) for second in range(1, 3_601)]
    course = course_of(counts)
    gaps = [later.at - earlier.at for earlier, later in pairwise(course)]
    assert (len(course), course[0], course[-1]) == (MOST_OF_COURSE, counts[0], counts[-1])
    assert max(gaps) <= 3 * 3_600_000 / MOST_OF_COURSE


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=300, unique=True))
def test_the_first_and_the_last_stay_and_all_are_in_their_order(times: list[int]) -> None:
    counts = [Count(at, {"READ": number}, 0) for number, at in enumerate(sorted(times))]
    course = course_of(counts)
    assert (course[0], course[-1]) == (counts[0], counts[-1])
    assert len(course) <= MOST_OF_COURSE
    assert course == sorted(course, key=lambda count: count.at)
