"""What outsiders name is remembered up to a bound, the most recently used of it."""

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.policy import RecentlyUsed


def test_the_least_recently_used_is_forgotten() -> None:
    used = RecentlyUsed[str, int](2)
    used["a"], used["b"] = 1, 2
    used["a"] = 3
    used["c"] = 4
    assert dict(used) == {"a": 3, "c": 4}


def test_what_is_moved_to_the_end_is_kept_longer() -> None:
    used = RecentlyUsed[str, int](2)
    used["a"], used["b"] = 1, 2
    used.move_to_end("a")
    used["c"] = 3
    assert list(used) == ["a", "c"]


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_it_holds_the_last_keys_that_were_set(keys: list[int], most: int) -> None:
    used = RecentlyUsed[int, None](most)
    for key in keys:
        used[key] = None
    assert list(used) == list(dict.fromkeys(reversed(keys)))[:most][::-1]
