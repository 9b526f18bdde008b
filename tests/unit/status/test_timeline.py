"""The lines of a trace stand in the order of what happened, whatever clocks say."""

from schemas.events import MessageEvent
from services.status.api.view import view_of
from tests.support.status_events import NOW, Story, replay


def shown(*events: MessageEvent) -> list[tuple[str, str | None]]:
    """Each line's kind, and whose it is."""
    return [(line.what, line.installation_id) for line in view_of(replay(*events)).trace]


def test_an_attempt_stands_before_a_receipt_of_the_same_moment() -> None:
    story = Story()
    lines = shown(story.requested(), story.receipt("i-1"), story.dispatched("i-1"), story.planned("i-1"))
    assert lines == [("requested", None), ("planned", None), ("attempt", "i-1"), ("receipt", "i-1")]


def test_an_attempt_that_was_noted_later_than_its_receipt_stands_before_it() -> None:
    story = Story()
    events = [
        story.requested(),
        story.planned("i-1", "i-2"),
        story.receipt("i-1", at=NOW + 5),
        story.dispatched("i-2", at=NOW + 7),
        story.dispatched("i-1", at=NOW + 9),
        story.receipt("i-1", "read", at=NOW + 10),
    ]
    assert shown(*events)[2:] == [("attempt", "i-1"), ("receipt", "i-1"), ("attempt", "i-2"), ("receipt", "i-1")]


def test_an_attempt_never_stands_before_its_plan_nor_a_receipt_before_either() -> None:
    story = Story()
    events = [
        story.requested(),
        story.planned("i-1", at=NOW + 3),
        story.receipt("i-1", at=NOW + 1),
        story.dispatched("i-1", at=NOW + 4),
    ]
    assert [what for what, _ in shown(*events)] == ["requested", "planned", "attempt", "receipt"]


def test_a_receipt_is_an_answer_to_the_attempt_that_may_have_reached_the_device() -> None:
    story = Story()
    events = [
        story.requested(),
        story.planned("i-1"),
        story.dispatched("i-1", "retry", 1, at=NOW + 1),
        story.receipt("i-1", at=NOW + 4),
        story.dispatched("i-1", "uncertain", 2, at=NOW + 5),
    ]
    view = view_of(replay(*events))
    assert [(line.what, line.attempt) for line in view.trace[2:]] == [("attempt", 1), ("attempt", 2), ("receipt", None)]
    assert [line.at for line in view.trace[3:]] == [NOW + 5, NOW + 4]
