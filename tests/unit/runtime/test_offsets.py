"""Offsets finished out of order: nothing unfinished is ever committed, nothing finished is done again needlessly."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.log.offsets import MAX_METADATA, Offsets, decoded, encoded

taken_offsets = st.lists(st.integers(0, 400), unique=True, max_size=120).map(sorted)


def taken(offsets: list[int], position: int = 0) -> Offsets:
    tracker = Offsets(position)
    assert all(tracker.take(offset) for offset in offsets)
    return tracker


def names(position: int, metadata: str) -> set[int]:
    return {offset for span in decoded(position, metadata) for offset in span}


def test_the_position_waits_for_the_slowest() -> None:
    tracker = taken([5, 6, 7, 8], 5)
    tracker.finish(6)
    tracker.finish(8)
    assert (tracker.position, tracker.under_way) == (5, 2)
    assert names(5, tracker.metadata()) == {6, 8}
    tracker.finish(5)
    assert tracker.position == 7
    tracker.finish(7)
    assert (tracker.position, tracker.metadata()) == (9, "")


def test_what_was_finished_before_a_restart_is_left_alone() -> None:
    before = taken([5, 6, 7, 8], 5)
    for offset in (6, 7):
        before.finish(offset)
    after = Offsets(before.position, decoded(before.position, before.metadata()))
    assert [after.take(offset) for offset in (5, 6, 7, 8)] == [True, False, False, True]


def test_a_commit_before_everything_was_taken_again_forgets_nothing() -> None:
    tracker = Offsets(5, [range(6, 8), range(9, 12)])
    tracker.take(5)
    assert names(5, tracker.metadata()) == {6, 7, 9, 10, 11}
    tracker.finish(5)
    assert names(tracker.position, tracker.metadata()) | {6, 7} >= {6, 7, 9, 10, 11}


def test_metadata_of_another_program_says_nothing() -> None:
    assert decoded(3, "no metadata of ours") == []
    assert decoded(3, "1:x.y") == []
    assert decoded(3, "2:1.1") == []
    assert decoded(3, "") == []
    assert decoded(3, None) == []


@given(taken_offsets, st.data())
def test_exactly_what_is_finished_is_named_and_nothing_else(offsets: list[int], data: st.DataObject) -> None:
    tracker = taken(offsets)
    finished = data.draw(st.permutations(offsets)) if offsets else []
    finished = finished[: data.draw(st.integers(0, len(finished)))]
    for offset in finished:
        tracker.finish(offset)
    unfinished = set(offsets) - set(finished)
    assert tracker.position == min(unfinished, default=offsets[-1] + 1 if offsets else 0)
    assert tracker.under_way == len(unfinished)
    assert names(tracker.position, tracker.metadata()) == {offset for offset in finished if offset > tracker.position}


@given(taken_offsets, st.data())
def test_over_any_number_of_restarts_each_offset_is_finished_once(offsets: list[int], data: st.DataObject) -> None:
    """Each life takes from the commit on, finishes some, commits, ends. (Offsets with gaps, as in a real log.)"""
    position, metadata, finished = 0, "", set[int]()
    for _ in range(4):
        tracker = Offsets(position, decoded(position, metadata))
        again = [offset for offset in offsets if offset >= position]
        reached = data.draw(st.integers(0, len(again)))
        begun = [offset for offset in again[:reached] if tracker.take(offset)]
        assert not finished & set(begun)
        for offset in data.draw(st.lists(st.sampled_from(begun), unique=True)) if begun else []:
            tracker.finish(offset)
            finished.add(offset)
        position, metadata = tracker.position, tracker.metadata()
    assert all(offset in finished for offset in offsets if offset < position)


@given(st.lists(st.tuples(st.integers(1, 2**40), st.integers(1, 2**40)), max_size=900))
def test_metadata_is_never_too_long_and_never_says_too_much(runs: list[tuple[int, int]]) -> None:
    spans, end = [], 7
    for gap, length in runs:
        spans.append(range(end + gap, end + gap + length))
        end += gap + length
    metadata = encoded(7, spans)
    assert len(metadata) <= MAX_METADATA
    found = decoded(7, metadata)
    assert found == spans[: len(found)]
    assert len(found) == len(spans) or len(metadata) > MAX_METADATA - 50
