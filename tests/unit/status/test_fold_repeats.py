"""A line of a mailing whose id was used before is counted at the message that has the id, once."""

import pytest

from schemas.events import RequestRepeated
from services.status.fold import LineRepeated, close_message, fold
from services.status.fold.repeats import MAX_MAILINGS
from services.status.message import MAX_TRACE, Message
from services.status.message.document import from_document, to_document
from tests.support.status_events import NOW, Story, followed, replay

STORY = Story()
HAS_THE_ID = (STORY.requested(), STORY.planned("i-1"))


def counts(message: Message) -> dict[str, int]:
    return {mailing_id: repeats.count for mailing_id, repeats in message.repeats.items()}


def test_a_dropped_line_is_counted_once_however_often_its_event_is_folded() -> None:
    dropped = STORY.repeated("line 1", "m")
    message = replay(*HAS_THE_ID, dropped, dropped, STORY.repeated("line 2", "m"), STORY.repeated("line 3", "n"))
    assert counts(message) == {"m": 2, "n": 1}


def test_it_is_kept_with_the_message() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("line 1", "m"))
    assert counts(from_document(to_document(message))) == {"m": 1}
    assert "repeats" not in to_document(replay(*HAS_THE_ID))


def test_the_line_that_was_planned_and_a_request_without_a_mailing_are_no_duplicates() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("request", "m"), STORY.repeated("other"))
    assert counts(message) == {}


def test_what_is_dropped_before_the_winner_of_another_lane_is_known_counts_too() -> None:
    assert counts(replay(STORY.repeated("line 1", "m"), *HAS_THE_ID)) == {"m": 1}


def test_a_closed_message_counts_on() -> None:
    message = replay(*HAS_THE_ID)
    close_message(message, NOW)
    fold(message, STORY.repeated("line 1", "m"))
    assert counts(message) == {"m": 1}


@pytest.mark.parametrize("more", [1, 5])
def test_a_message_does_not_grow_without_end(more: int) -> None:
    dropped = (STORY.repeated(f"line of {n}", f"m{n}") for n in range(MAX_MAILINGS + more))
    assert len(replay(*HAS_THE_ID, *dropped).repeats) == MAX_MAILINGS


def test_lines_beyond_the_room_of_the_trace_are_counted_once_though_the_log_has_them_again() -> None:
    dropped = [STORY.repeated(f"line {line}", "m", line) for line in range(2, MAX_TRACE + 52)]
    message = replay(*HAS_THE_ID, *dropped)
    assert message.trace_dropped
    again = replay_behind(from_document(to_document(message)), *dropped[-100:], STORY.repeated("the next", "m", 2_000))
    assert counts(again) == {"m": MAX_TRACE + 51}


def test_a_closed_message_counts_each_line_once() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("line 2", "m", 2))
    close_message(message, NOW)
    for line in (2, 3, 2, 3, 4):
        fold(message, STORY.repeated(f"line {line}", "m", line))
    assert counts(message) == {"m": 3}


def test_a_line_that_comes_late_counts_while_the_trace_tells_it_from_a_repetition() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("line 9", "m", 9), STORY.repeated("line 2", "m", 2))
    assert counts(message) == {"m": 2}


def test_its_mailing_is_told_however_often_it_is_folded_and_by_nothing_else() -> None:
    dropped = STORY.repeated("line 2", "m", 2)
    message, follows = followed(*HAS_THE_ID, dropped)
    assert [mailing for mailing in follows if isinstance(mailing, LineRepeated)] == [LineRepeated("m")]
    assert LineRepeated("m") in fold(message, dropped)
    assert LineRepeated("m") not in fold(message, STORY.receipt("i-1"))
    close_message(message, NOW)
    assert LineRepeated("m") in fold(message, dropped)


def replay_behind(message: Message, *events: RequestRepeated) -> Message:
    for event in events:
        fold(message, event)
    return message
