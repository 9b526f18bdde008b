"""Cancelling a message that is partly out: what was sent stays sent, the links behind it do not go out."""

from collections.abc import Sequence

import pytest

from schemas import DeliveryState, ids
from schemas.application_events import StopChanged
from schemas.events import MessageRequested, TargetResolved
from schemas.reasons import Reason
from services.runtime.crypto import record_encryption
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append
from services.status.api.cancel import Cancellable, cancellable
from services.status.api.explain import explain
from services.status.consumer.cascade_follow_ups import CascadeFollowUps
from services.status.fold import LinksSaved, NextLink, ReportDue, Withdrawal, fold
from services.status.message.document import from_document, to_document
from tests.support.status_events import Story, followed, of_kind, replay
from tests.unit.status.test_cascade import CALL, PUSH, SMS, asked, awaiting, details, next_links


def test_the_rest_of_a_chain_is_cancelled_when_its_first_link_is_out_and_what_was_sent_goes_its_way() -> None:
    story = Story()
    request = asked(story, awaiting("DELIVERED"), awaiting("DELIVERED", SMS), CALL)
    message, follows = followed(
        request, story.planned("i-1"), story.dispatched(), story.cancel_refused(), story.deadline()
    )
    assert not of_kind(follows, NextLink, LinksSaved, Withdrawal)
    assert [(follow_up.report.status, follow_up.report.error_code) for follow_up in of_kind(follows, ReportDue)] == [
        (0, 0),
        (5, 7),
    ]
    assert message.state is DeliveryState.EXPIRED
    assert "saved" not in to_document(message)
    assert details(message) == ["cancelled, does not go out: SMS, FLASHINGCALL"]
    assert "What was to follow was cancelled: SMS, FLASHINGCALL." in explain(message)
    assert cancellable(message) is None
    stored = from_document(to_document(message))
    assert fold(stored, story.cancel_refused()) == fold(message, story.cancel_refused())
    assert not next_links(fold(stored, story.dispatched("i-1", "refused", 2, Reason.PROVIDER_REFUSED)))


def test_cancelled_behind_the_decision_the_next_link_goes_out_and_those_after_it_do_not() -> None:
    story = Story()
    request = asked(story, awaiting("DELIVERED"), awaiting("DELIVERED", SMS), CALL)
    message, follows = followed(request, story.planned("i-1"), story.deadline(), story.cancel_refused())
    (step,) = next_links(follows)
    second = story.planned(link=1, event_id=ids.uuid7(), request_id=step.request.event_id, reason=Reason.UNROUTED)
    assert not next_links([*fold(message, step.request), *fold(message, second)])
    assert details(message) == ["SMS goes out: expired", "cancelled, does not go out: FLASHINGCALL"]


def test_a_link_that_was_too_late_to_cancel_in_an_older_release_is_followed() -> None:
    story = Story()
    events = asked(story), story.planned("i-1"), story.cancel_refused(ends_chain=False), story.deadline()
    assert len(next_links(followed(*events)[1])) == 1


def test_what_can_be_cancelled_is_what_has_not_gone_out() -> None:
    story = Story()
    request = asked(story, awaiting("DELIVERED"), awaiting("DELIVERED", SMS), CALL)
    out = request, story.planned("i-1"), story.dispatched()
    found = cancellable(replay(*out))
    assert found == Cancellable(0, request.event_id, False, ["SMS", "FLASHINGCALL"])
    message, follows = followed(*out, story.deadline())
    (step,) = next_links(follows)
    just_now = Cancellable(1, step.request.event_id, False, ["FLASHINGCALL"])
    assert cancellable(message) == just_now
    fold(message, step.request)
    assert cancellable(message) == just_now
    assert cancellable(replay(*out, story.receipt())) is None
    assert cancellable(replay(request, story.planned(reason=Reason.CANCELLED))) is None
    waits = cancellable(replay(request, story.scheduled(send_at=1)))
    assert waits == Cancellable(0, request.event_id, True, ["PUSH", "SMS", "FLASHINGCALL"])
    assert cancellable(replay(asked(story, PUSH), story.planned("i-1"))) is None


class Kept:
    """A log that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Append] = []

    async def append(self, records: Sequence[Append]) -> None:
        self.records += records


@pytest.mark.parametrize(("state", "withdrawn"), [("cancelled", 0), ("paused", 1)])
async def test_the_push_of_a_packet_that_was_cancelled_stays_on_the_screen(state: str, withdrawn: int) -> None:
    about = {"event_id": "s", "at": 0, "scope": "packet", "id": "bank/7", "state": state}
    stop, directory, kept = StopChanged.stored(about), Directory(), Kept()
    directory.apply(stop.entity_key, record_encryption.encode(stop))
    story = Story()
    request = asked(story, packet_id=7)
    message, follows = followed(request, story.planned("i-1"), story.dispatched(), story.deadline())
    await CascadeFollowUps(kept, directory).take([(message, follows)])  # type: ignore[arg-type]
    events = [record.event for record in kept.records]
    assert sum(isinstance(event, TargetResolved) for event in events) == withdrawn
    assert sum(isinstance(event, MessageRequested) for event in events) == 1  # the router says that it was cancelled
