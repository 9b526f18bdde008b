"""What a peer may send, by fault or on purpose: an engine never raises, and ends each request at most once."""

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import PingAckReceived
from hyperframe.frame import Frame, HeadersFrame, PingFrame
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.dispatch.http2.engine import Engine, NotProcessed, Response, Result, new_engine

REQUESTS = 4
OWN = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
CARELESS = H2Configuration(client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False)


def asked(requests: int = REQUESTS) -> tuple[Engine, H2Connection, list[int]]:
    """An engine with requests under way, and the peer that has them."""
    engine, server = new_engine("https", "localhost"), H2Connection(CARELESS)
    server.initiate_connection()
    server.receive_data(engine.flush()[0])
    engine.receive(server.data_to_send())
    streams = [engine.open(b"POST", b"/", [(b"apns-id", b"%d" % number)], b"{}") for number in range(requests)]
    server.receive_data(engine.flush()[0])
    server.clear_outbound_data_buffer()
    return engine, server, streams


def answers(server: H2Connection, streams: list[int]) -> bytes:
    """One answer of each kind."""
    server.send_headers(streams[0], [(":status", "200"), ("apns-id", "a")])
    server.send_data(streams[0], b"hello", end_stream=True)
    server.send_headers(streams[1], [(":status", "404")], end_stream=True)
    server.reset_stream(streams[2], ErrorCodes.REFUSED_STREAM)
    server.ping(b"12345678")
    server.close_connection(0, b"bye", streams[2])
    return server.data_to_send()


@OWN
@given(edits=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=3)), max_size=4), cut=st.integers(1, 90))
@example(edits=[], cut=1)
def test_changed_bytes_raise_nothing_and_end_no_request_twice(edits: list[tuple[int, bytes]], cut: int) -> None:
    engine, server, streams = asked()
    data = bytearray(answers(server, streams))
    for place, piece in edits:
        data[place : place + len(piece)] = piece
    ended: list[int] = []
    for start in range(0, len(data), cut):
        if engine.failure is None:
            ended += [stream_id for stream_id, _ in engine.receive(bytes(data[start : start + cut]))]
            ended += [stream_id for stream_id, _ in engine.flush()[1]]
    engine.terminate()
    engine.flush()
    assert len(ended) == len(set(ended))
    assert set(ended) <= set(streams)


@given(data=st.binary(min_size=1, max_size=200))
@OWN
def test_noise_raises_nothing_and_answers_nothing(data: bytes) -> None:
    engine, _, _ = asked()
    results = engine.receive(data)
    engine.flush()
    assert not any(isinstance(result, Response) for _, result in results)


def test_in_any_pieces_every_request_comes_to_the_same() -> None:
    for cut in (1, 2, 9, 10, 1000):
        engine, server, streams = asked()
        data, ended = answers(server, streams), dict[int, Result]()
        for start in range(0, len(data), cut):
            ended |= dict(engine.receive(data[start : start + cut]))
        assert ended == {
            streams[0]: Response(200, {"apns-id": "a"}, b"hello"),
            streams[1]: Response(404, {}, b""),
            streams[2]: NotProcessed("stream refused"),
            streams[3]: NotProcessed("goaway: bye"),
        }


def test_an_answer_in_one_piece_with_a_broken_frame_counts() -> None:
    engine, server, (first, _, _, _) = asked()
    server.send_headers(first, [(":status", "200")], end_stream=True)
    results = engine.receive(server.data_to_send() + b"\x00\x00\x01\x06\x00\x00\x00\x00\x00!")
    assert results == [(first, Response(200, {}, b""))]
    engine.flush()
    assert engine.failure is not None


@pytest.mark.parametrize("status", ["abc", "", "-12", "200 "])
def test_a_status_that_is_no_number_is_no_answer(status: str) -> None:
    engine, server, (first, _, _, _) = asked()
    server.send_headers(first, [(":status", status)], end_stream=True)
    results = engine.receive(server.data_to_send()) + engine.flush()[1]
    assert not any(isinstance(result, Response) for _, result in results)


def test_fields_beyond_64_kib_are_no_answer() -> None:
    engine, server, (first, _, _, _) = asked()
    fields = [(":status", "200"), *((f"x-{number}", "y" * 1000) for number in range(100))]
    server.send_headers(first, fields, end_stream=True)
    results = engine.receive(server.data_to_send()) + engine.flush()[1]
    assert not any(isinstance(result, Response) for _, result in results)


def test_fields_that_never_end_break_the_connection() -> None:
    engine, _, (first, _, _, _) = asked()
    begun = HeadersFrame(first, data=b"\x88")
    engine.receive(begun.serialize())
    more = b"\x00\x00\x01\x09\x00" + first.to_bytes(4) + b"\x88"  # CONTINUATION without its end
    for _ in range(1_000):
        if engine.failure is None:
            engine.receive(more)
            engine.flush()
    assert engine.failure is not None


def test_what_is_queued_when_the_connection_ends_does_not_leave() -> None:
    engine, _, _ = asked()
    engine.open(b"POST", b"/", [], b"{}")
    engine.terminate()
    data, kinds = engine.flush()[0], []
    while data:
        frame, length = Frame.parse_frame_header(memoryview(data[:9]))
        kinds.append(type(frame))
        data = data[9 + length :]
    assert HeadersFrame not in kinds


def test_a_late_answer_to_a_request_that_was_given_up_harms_nobody() -> None:
    engine, server, (first, second, _, _) = asked()
    engine.cancel(first)
    engine.flush()
    server.send_headers(first, [(":status", "200")], end_stream=True)
    server.send_headers(second, [(":status", "200")], end_stream=True)
    ended = dict(engine.receive(server.data_to_send()))
    assert ended[second] == Response(200, {}, b"")
    assert engine.failure is None


def test_a_ping_is_answered() -> None:
    engine, server, _ = asked()
    engine.receive(PingFrame(0, b"12345678").serialize())
    assert any(isinstance(event, PingAckReceived) for event in server.receive_data(engine.flush()[0]))
