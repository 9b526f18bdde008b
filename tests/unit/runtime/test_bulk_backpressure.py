"""How much of the bulk lane is under way: less while the loop is late, more while it is not."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.pacing.bulk_backpressure import BulkBackpressure


def test_consumers_of_one_process_share_the_room() -> None:
    pressure = BulkBackpressure(width=100)
    assert pressure.room("fcm", 0) == 100
    assert pressure.room("fcm", 60) == 40
    assert pressure.room("apns", 30) == 10
    assert pressure.room("fcm", 80) == 0


def test_a_late_loop_halves_the_room_and_not_again_at_once() -> None:
    pressure = BulkBackpressure(width=400)
    pressure.seen(0.5, 10.0)
    pressure.seen(0.5, 10.05)
    assert pressure.width == 200
    pressure.seen(0.5, 10.3)
    assert pressure.width == 100


def test_the_room_grows_only_while_it_is_used() -> None:
    pressure = BulkBackpressure(width=100)
    pressure.seen(0.0, 1.0)
    assert pressure.width == 100
    pressure.room("fcm", 90)
    pressure.seen(0.0, 2.0)
    assert pressure.width > 100


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20_000)), max_size=60))
def test_there_is_always_some_room_and_never_without_end(looks: list[tuple[float, int]]) -> None:
    pressure = BulkBackpressure()
    for place, (late_s, under_way) in enumerate(looks):
        pressure.room("fcm", under_way)
        pressure.seen(late_s, place / 10)
        assert 32 <= pressure.width <= 16_384
