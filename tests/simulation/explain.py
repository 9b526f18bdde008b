"""Tells what happened in a schedule, and leaves out of it what is not needed to show the same."""

from collections.abc import Iterator

from schemas import codec, topics
from schemas.events import MessageEvent
from services.runtime.crypto import record_encryption
from tests.simulation.run import Outcome, run
from tests.simulation.servers.broker import Stored

_DETAILS = ("link", "kind", "outcome", "attempt", "status", "delivered", "reason", "request_id", "provider")


def lines_of(outcome: Outcome, ref: str = "") -> Iterator[str]:
    """The diary; of one message when its `ref` is given, with the faults beside it."""
    for note in outcome.diary:
        what, message_id = note.what, note.message_id
        if isinstance(what, Stored):
            event = _event_of(what)
            message_id = event.message_id if event is not None else None
            what = (
                f"{what.topic}/{what.partition}/{what.offset} {_summary_of(event)}" if event is not None else what.topic
            )
        if not ref or message_id is None or outcome.refs.get(message_id) == ref:
            name = outcome.refs.get(message_id or "", "")
            yield f"{note.at_s:9.3f}  {name:4} {what}"


def shrunk(outcome: Outcome) -> Outcome:
    """A schedule with fewer faults and messages that still shows the first finding's kind."""
    kind = outcome.findings[0].kind
    is_smaller = True
    while is_smaller:
        is_smaller = False
        schedule = outcome.schedule
        candidates = [schedule.without(fault) for fault in schedule.faults]
        candidates += [schedule.without_request(request) for request in schedule.requests if len(schedule.requests) > 1]
        for candidate in candidates:
            tried = run(candidate)
            if any(finding.kind == kind for finding in tried.findings):
                outcome, is_smaller = tried, True
                break
    return outcome


def _event_of(record: Stored) -> MessageEvent | None:
    try:
        event = record_encryption.decode(
            topics.topic_named(record.topic.removesuffix(topics.DEAD_LETTER)), record.value
        )
    except (codec.Undecodable, KeyError):
        return None
    return event if isinstance(event, MessageEvent) else None


def _summary_of(event: MessageEvent) -> str:
    found = {name: getattr(event, name) for name in _DETAILS if getattr(event, name, None) not in (None, "")}
    return " ".join([str(event.type), *(f"{name}={value}" for name, value in found.items())])
