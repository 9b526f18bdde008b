"""A message that is too large ends by itself: its partner gets reports, and later events of it cost nothing."""

from schemas import DeliveryState, ids
from services.status.api.explain import explain
from services.status.api.view import view_of
from services.status.fold import ReportDue, StateChanged, close_message, fold, trace_of
from services.status.fold.close import KEPT_DELIVERIES
from services.status.message import Message
from services.status.message.document import from_document, to_document
from tests.support.status_events import NOW, Story, of_kind, replay, report_statuses
from tests.unit.status.test_cascade import SMS, asked, awaiting


def large(story: Story, count: int = 2_000) -> Message:
    phones = [f"i-{number}" for number in range(count)]
    request = asked(story, awaiting("READ"), SMS)
    return replay(
        request,
        story.planned(*phones, owner="a" * 32),
        *[story.dispatched(installation_id) for installation_id in phones[:900]],
    )


def test_the_state_of_a_closed_message_stays_and_its_bulk_goes() -> None:
    message = large(Story())
    before = len(to_document(message)["links"])
    close_message(message, NOW)
    document = to_document(message)
    assert len(document["links"]) < before / 10
    assert len(message.links[0].deliveries) == KEPT_DELIVERIES
    assert [entry.what for entry in trace_of(message)] == ["closed"]
    assert document["closed"]
    assert "deadline_at" not in document
    assert document["mt_num"]
    assert from_document(document).closed
    assert view_of(message).closed
    assert "It was closed" in explain(message)


def test_an_open_link_has_failed_and_its_report_follows_until_it_was_taken() -> None:
    story = Story()
    message = large(story)
    follows = close_message(message, NOW)
    assert [follow_up.report.error_code for follow_up in of_kind(follows, ReportDue)] == [1]
    assert message.links[0].state is DeliveryState.REFUSED
    again = fold(message, story.receipt("i-1"))
    assert report_statuses(again) == [5]
    assert all(follow_up.again for follow_up in of_kind(again, StateChanged))
    fold(message, story.reported(5, error_code=1))
    assert not [follow_up for follow_up in fold(message, story.receipt("i-2")) if isinstance(follow_up, ReportDue)]


def test_a_link_that_has_ended_stays_as_it_is() -> None:
    story = Story()
    message = large(story)
    fold(message, story.receipt("i-1", "read"))
    assert not close_message(message, NOW)
    assert message.state is DeliveryState.READ


def test_nothing_that_is_read_later_changes_it() -> None:
    story = Story()
    message = large(story)
    close_message(message, NOW)
    before = to_document(message)
    for number in range(100):
        receipt = story.receipt("i-1", "read")
        fold(message, receipt.replace(event_id=ids.uuid7(), link=number))
    assert to_document(message) == before
    assert message.ignored == 100
