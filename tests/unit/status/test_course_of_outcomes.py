"""The counts of a mailing that are kept for its plot: few, of the whole time alike, each unlike the one before."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.mongo.mailing_outcomes import MOST_OF_COURSE, Count, grown


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
