"""What a group has read is known from where partitions ended, and where the group stands."""

from services.runtime.log.upkeep.reading import Marks


def test_a_group_that_has_caught_up_has_read_everything_up_to_now() -> None:
    marks = Marks()
    marks.note(1_000, {0: 10, 1: 0}, {0: 10, 1: 0})
    assert marks.read_until == {0: 1_000, 1: 1_000}


def test_a_group_that_lags_has_read_up_to_the_time_whose_end_it_has_reached() -> None:
    marks = Marks()
    marks.note(1_000, {0: 10}, {0: 4})
    assert marks.read_until == {0: 0}
    marks.note(2_000, {0: 50}, {0: 9})
    assert marks.read_until == {0: 0}
    marks.note(3_000, {0: 90}, {0: 10})
    assert marks.read_until == {0: 1_000}
    marks.note(4_000, {0: 90}, {0: 89})
    assert marks.read_until == {0: 1_000}
    marks.note(5_000, {0: 100}, {0: 90})
    assert marks.read_until == {0: 3_000}


def test_a_group_that_has_committed_nothing_has_read_nothing() -> None:
    marks = Marks()
    marks.note(1_000, {0: 1, 1: 0}, {})
    assert marks.read_until == {0: 0, 1: 1_000}
