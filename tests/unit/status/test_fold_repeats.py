"""A line of a mailing whose id was used before is counted at the message that has the id, once."""

import pytest

from services.status.fold import close_message, fold
from services.status.fold.repeats import MAX_MAILINGS
from services.status.message.document import from_document, to_document
from tests.support.status_events import NOW, Story, replay

STORY = Story()
HAS_THE_ID = (STORY.requested(), STORY.planned("i-1"))


def test_a_dropped_line_is_counted_once_however_often_its_event_is_folded() -> None:
    dropped = STORY.repeated("line 1", "m")
    message = replay(*HAS_THE_ID, dropped, dropped, STORY.repeated("line 2", "m"), STORY.repeated("line 3", "n"))
    assert message.repeats == {"m": 2, "n": 1}


def test_it_is_kept_with_the_message() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("line 1", "m"))
    assert from_document(to_document(message)).repeats == {"m": 1}
    assert "repeats" not in to_document(replay(*HAS_THE_ID))


def test_the_line_that_was_planned_and_a_request_without_a_mailing_are_no_duplicates() -> None:
    message = replay(*HAS_THE_ID, STORY.repeated("request", "m"), STORY.repeated("other"))
    assert message.repeats == {}


def test_what_is_dropped_before_the_winner_of_another_lane_is_known_counts_too() -> None:
    assert replay(STORY.repeated("line 1", "m"), *HAS_THE_ID).repeats == {"m": 1}


def test_a_closed_message_counts_on() -> None:
    message = replay(*HAS_THE_ID)
    close_message(message, NOW)
    fold(message, STORY.repeated("line 1", "m"))
    assert message.repeats == {"m": 1}


@pytest.mark.parametrize("more", [1, 5])
def test_a_message_does_not_grow_without_end(more: int) -> None:
    dropped = (STORY.repeated(f"line of {n}", f"m{n}") for n in range(MAX_MAILINGS + more))
    assert len(replay(*HAS_THE_ID, *dropped).repeats) == MAX_MAILINGS
