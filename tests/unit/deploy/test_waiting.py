"""How tests wait: what they get, and what a failure says."""

import pytest

from tests.support.waiting import eventually, wait_until


async def test_the_first_true_value_is_given_whether_or_not_it_is_awaited() -> None:
    values = [0, 0, 7]

    async def later() -> int:
        return values.pop(0)

    assert await eventually(later, look_s=0.001) == 7
    values[:] = [0, 8]
    assert await eventually(lambda: values.pop(0)) == 8
    values[:] = [0, 9]
    assert wait_until(lambda: values.pop(0)) == 9


async def test_a_failure_says_what_was_awaited_and_what_was_seen_last() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.02 s: three pushes; so far 2; last seen: \[\]"):
        await eventually(list, lambda: f"three pushes; so far {2}", 0.02)
    with pytest.raises(AssertionError, match=r"not within 0.02 s: .*lambda: 1 > 2"):
        wait_until(lambda: 1 > 2, timeout_s=0.02)


async def test_what_runs_out_of_time_by_itself_is_not_taken_for_the_deadline() -> None:
    async def broken() -> bool:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await eventually(broken)
