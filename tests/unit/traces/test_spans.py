"""The spans of a message: who they hang on, how long they are, and that nobody is named in them."""

from schemas.events import MessageEvent
from schemas.reasons import Reason
from services.traces.spans import Span, Spans
from tests.support.status_events import NOW, Story

PARTNERS = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def life(story: Story) -> list[MessageEvent]:
    """Requested, planned for one of two, sent at the second try, read and reported."""
    found: list[MessageEvent] = []
    for after_ms, make in (
        (0, story.requested),
        (20, lambda: story.planned("i1", skipped={"i2": Reason.NOT_LATEST})),
        (50, lambda: story.dispatched("i1", "retry").replace(status=503, latency_ms=10)),
        (2_000, lambda: story.dispatched("i1", attempt=2).replace(latency_ms=15)),
        (3_000, lambda: story.receipt("i1", "read")),
        (3_100, lambda: story.reported(9).replace(latency_ms=40)),
    ):
        story.at = NOW + after_ms
        found.append(make())
    return found


def spans_of(events: list[MessageEvent], partners: bytes = b"") -> list[Span]:
    spans = Spans()
    return [span for event in events for span in spans.of(event, event.at + 5, partners)]


def test_a_life_is_one_tree_below_the_request() -> None:
    story = Story()
    spans = spans_of(life(story))
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    assert {span.trace_id for span in spans} == {int(story.message_id.replace("-", ""), 16)}
    above = {span.name: by_id[span.parent_id].name for span in spans if span.parent_id is not None}
    assert above == {
        "plan": "ingest",
        "dispatch apns": "plan",
        "POST apns": "dispatch apns",
        "receipt read": "plan",
        "report": "ingest",
    }
    assert [span.service for span in spans] == ["ingest", "router", *["dispatch"] * 4, "registry", "status"]


def test_spans_begin_where_the_step_before_ended() -> None:
    spans = spans_of(life(Story()))
    times = [(span.name, span.start_ms - NOW, span.end_ms - NOW) for span in spans]
    assert times == [
        ("ingest", 0, 5),
        ("plan", 0, 25),
        ("dispatch apns", 20, 55),
        ("POST apns", 40, 50),
        ("dispatch apns", 50, 2_005),
        ("POST apns", 1_985, 2_000),
        ("receipt read", 3_000, 3_005),
        ("report", 3_060, 3_100),
    ]
    assert spans[6].values["rpns.since_dispatch_ms"] == 1_000


def test_what_is_read_twice_gives_the_same_spans() -> None:
    events = life(Story())
    spans = Spans()
    first, second = ([span for event in events for span in spans.of(event, event.at)] for _ in range(2))
    assert [(span.span_id, span.parent_id) for span in first] == [(span.span_id, span.parent_id) for span in second]


def test_without_the_event_before_it_a_span_has_no_length() -> None:
    _, planned, *_ = life(Story())
    (span,) = Spans().of(planned, planned.at)
    assert (span.start_ms, span.end_ms) == (planned.at, planned.at)


def test_failures_are_errors() -> None:
    spans = spans_of(life(Story()))
    assert [span.is_error for span in spans if span.name == "POST apns"] == [True, False]
    (failed,) = spans_of([Story().failed()])
    assert (failed.name, failed.is_error) == ("dead letter", True)


def test_the_partners_own_trace_is_a_link_of_the_request() -> None:
    spans = spans_of(life(Story()), PARTNERS)
    assert spans[0].link == (0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
    assert [span.link for span in spans[1:]] == [None] * 7


def test_a_repeated_request_and_a_later_link_hang_on_the_request() -> None:
    story = Story()
    first = story.requested()
    again = story.requested("again")
    next_link = first.replace(event_id=story.planned("i1").event_id, link=1)
    spans = spans_of([first, again, next_link])
    assert [(span.name, span.service) for span in spans] == [
        ("ingest", "ingest"),
        ("repeated request", "ingest"),
        ("link 1", "status"),
    ]
    assert [span.parent_id for span in spans[1:]] == [spans[0].span_id] * 2


def test_nobody_and_nothing_secret_is_in_a_span() -> None:
    story = Story()
    events = [*life(story), story.deadline(), story.failed(), story.scheduled(NOW), story.repeated()]
    written = repr(spans_of(events))
    deliveries = [target.delivery_id for target in story.planned("i1").targets]
    assert story.message_id in written
    for secret in ("72101234567", "'user'", "hello", "'hi'", "'i1'", "i2", "ref-1", *deliveries):
        assert secret not in written


def test_the_oldest_messages_are_forgotten() -> None:
    spans, (old, new) = Spans(most=1), (Story(), Story())
    for story in (old, new):
        spans.of(story.requested(), NOW)
    new.at = old.at = NOW + 10
    assert [span.start_ms for span in spans.of(new.planned("i1"), NOW + 10)] == [NOW]
    assert [span.start_ms for span in spans.of(old.planned("i1"), NOW + 10)] == [NOW + 10]
