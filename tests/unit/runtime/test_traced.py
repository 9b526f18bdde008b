"""Which records carry a traceparent: those of a share of the messages, and each of them or none."""

import pytest

from schemas import codec, ids
from schemas.events import Event
from services.runtime.crypto import record_encryption
from services.runtime.log.kafka import Append, Log
from services.runtime.log.traced import NO_HEADERS, Traced, for_partner
from tests.support.status_events import Story
from tests.unit.runtime.test_appends import STATUS, TIMEOUT_S, Producer, producer

__all__ = ["producer"]
PARTNERS = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
GIVEN = [(b"host", b"a"), (b"traceparent", PARTNERS)]


def headers(event: Event, share: float = 1) -> dict[str, bytes]:
    return dict(Traced(share).headers(record_encryption.encode(event)))


def test_the_trace_is_the_message() -> None:
    story = Story()
    trace_id = story.message_id.replace("-", "").encode()
    for event in (story.requested(), story.planned("i1"), story.receipt("i1", "read")):
        assert headers(event) == {"traceparent": b"00-%b-%b-01" % (trace_id, trace_id[16:])}


def test_what_is_about_no_message_has_none() -> None:
    assert Traced(1).headers(b'{"type":"partner-changed","partner_id":"bank"}') == NO_HEADERS
    assert Traced(1).headers(b'{"type":"planned","message_id":"not-a-uuid-of-thirty-six-characters-"}') == NO_HEADERS
    far = b'{"type":"planned","detail":"%b","message_id":"%b"}' % (b"x" * 500, ids.uuid7().encode())
    assert Traced(1).headers(far) == NO_HEADERS


@pytest.mark.parametrize("draw", [ids.uuid7, lambda: ids.uuid5(ids.uuid7(), "ref")], ids=["drawn", "computed"])
def test_a_share_of_messages_is_traced(draw: object) -> None:
    values = [b'{"type":"planned","message_id":"%b"}' % draw().encode() for _ in range(4_000)]  # type: ignore[operator]
    traced = sum(bool(Traced(0.25).headers(value)) for value in values)
    assert 800 < traced < 1_200
    assert all(Traced(1).headers(value) for value in values)


def test_every_record_of_a_message_is_traced_or_none_is() -> None:
    for _ in range(50):
        story = Story()
        events = story.requested(), story.planned("i1"), story.receipt("i1", "read")
        assert len({bool(headers(event, 0.5)) for event in events}) == 1


def test_the_partners_own_trace_goes_with_the_request_alone() -> None:
    story = Story()
    with for_partner(GIVEN):
        assert headers(story.requested())["partner-traceparent"] == PARTNERS
        assert "partner-traceparent" not in headers(story.planned("i1"))
    assert "partner-traceparent" not in headers(story.requested())


@pytest.mark.parametrize(
    "given",
    [b"", b"nonsense", PARTNERS[:-1], PARTNERS.upper(), b"ff" + PARTNERS[2:], b"00-" + b"0" * 32 + PARTNERS[35:]],
)
def test_a_traceparent_that_is_none_is_left_out(given: bytes) -> None:
    with for_partner([(b"traceparent", given)]):
        assert "partner-traceparent" not in headers(Story().requested())


@pytest.mark.parametrize(("traced", "expected"), [(None, [[]]), (Traced(1), [["traceparent"]])], ids=["off", "on"])
async def test_a_record_is_appended_with_its_headers(
    producer: Producer, traced: Traced | None, expected: list[list[str]]
) -> None:
    sink = Log(producer, "", TIMEOUT_S, traced)
    story = Story()
    producer.answers = lambda _: "ok"
    await sink.append([Append(STATUS, story.message_id, story.planned("i1"))])
    assert [[name for name, _ in headers] for headers in producer.headers] == expected


def test_an_encoded_event_is_traced_like_the_event() -> None:
    event = Story().planned("i1")
    assert headers(event) == dict(Traced(1).headers(codec.encode(event)))
