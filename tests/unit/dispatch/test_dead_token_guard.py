"""Whether to believe that so many tokens are dead."""

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.policy.dead_token_guard import DeadTokenGuard


def noted(guard: DeadTokenGuard, now: float, alive: int, gone: int) -> None:
    for _ in range(alive):
        guard.note(now, gone=False)
    for _ in range(gone):
        guard.note(now, gone=True)


def test_a_few_dead_tokens_are_believed() -> None:
    guard = DeadTokenGuard()
    noted(guard, 0, alive=0, gone=29)
    assert not guard.is_paused
    noted(guard, 0, alive=1000, gone=200)
    assert not guard.is_paused


def test_a_jump_of_their_share_pauses_and_says_so_once() -> None:
    guard = DeadTokenGuard()
    changes = [guard.note(1.0, gone=True) for _ in range(60)]
    assert guard.is_paused
    assert changes.count(True) == 1


def test_it_goes_on_when_the_share_has_fallen() -> None:
    guard = DeadTokenGuard()
    noted(guard, 0, alive=0, gone=40)
    noted(guard, 0, alive=100, gone=0)
    assert guard.is_paused
    noted(guard, 0, alive=30, gone=0)
    assert not guard.is_paused


def test_what_is_ten_minutes_old_does_not_count() -> None:
    guard = DeadTokenGuard()
    noted(guard, 0, alive=1000, gone=0)
    noted(guard, 661, alive=0, gone=30)
    assert guard.is_paused


@given(st.lists(st.tuples(st.floats(0, 200), st.booleans()), max_size=400))
def test_the_share_is_that_of_the_last_minutes(answers: list[tuple[float, bool]]) -> None:
    guard, now = DeadTokenGuard(), 0.0
    kept: list[tuple[float, bool]] = []
    for passed, gone in answers:
        now += passed
        guard.note(now, gone)
        kept.append((now, gone))
    if kept:
        certain = [gone for at, gone in kept if at >= now - 539]  # of the oldest minute a part is forgotten early
        possible = [gone for at, gone in kept if at >= now - 661]
        assert len(certain) <= guard._answers <= len(possible)
        assert sum(certain) <= guard._gone <= sum(possible)
