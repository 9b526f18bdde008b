"""What the engine puts on the wire, read back with h2's own parts."""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hpack import NeverIndexedHeaderTuple
from hyperframe.frame import Frame, HeadersFrame, PriorityFrame

from services.dispatch.http2.engine import Engine, NotProcessed, Response, Unknown, new_engine

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS = [(b"authorization", b"bearer x"), (b"apns-topic", b"app.rpns.demo"), (b"apns-id", b"one")]


def frames(data: bytes) -> list[Frame]:
    data = data.removeprefix(PREFACE)
    found: list[Frame] = []
    while data:
        frame, length = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + length]))
        found.append(frame)
        data = data[9 + length :]
    return found


def greeted() -> tuple[Engine, H2Connection]:
    """An engine and an h2 server that have exchanged SETTINGS."""
    engine, server = new_engine("https", "localhost"), H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(engine.flush()[0])
    engine.receive(server.data_to_send())
    server.receive_data(engine.flush()[0])
    engine.receive(server.data_to_send())
    return engine, server


def test_one_stream_is_assumed_until_the_peer_has_spoken() -> None:
    assert new_engine("https", "localhost").limit == 1
    assert greeted()[0].limit == 100  # what h2 states


def test_secrets_and_what_differs_every_time_stay_out_of_the_header_table() -> None:
    engine, server = greeted()
    seen = []
    for name in (b"one", b"two"):
        engine.open(b"POST", b"/3/device/ab", [*HEADERS[:2], (b"apns-id", name)], b"{}")
        for event in server.receive_data(engine.flush()[0]):
            if isinstance(event, RequestReceived):
                never = {bytes(h[0]) for h in event.headers if isinstance(h, NeverIndexedHeaderTuple)}
                seen.append(never - {b":path"})  # h2 can keep it out of the table in no other way
    assert seen == [{b"authorization"}, {b"authorization", b"apns-id"}]
    table = server.decoder.header_table.dynamic_entries
    assert {bytes(name) for name, _ in table} == {b":authority", b"apns-topic", b"apns-id"}


def test_no_priority_is_ever_sent() -> None:
    engine, _ = greeted()
    engine.open(b"POST", b"/", HEADERS, b"{}")
    sent = frames(engine.flush()[0])
    assert any(isinstance(frame, HeadersFrame) for frame in sent)
    assert not any(isinstance(frame, PriorityFrame) or "PRIORITY" in frame.flags for frame in sent)


def test_many_requests_leave_in_one_piece() -> None:
    engine, _ = greeted()
    for _ in range(50):
        engine.open(b"POST", b"/", HEADERS, b"{}")
    data, results = engine.flush()
    assert sum(isinstance(frame, HeadersFrame) for frame in frames(data)) == 50
    assert results == []
    assert engine.flush()[0] == b""


def test_a_stream_closed_by_goaway_is_not_processed_and_one_below_it_stays_open() -> None:
    engine, server = greeted()
    first, second = (engine.open(b"POST", b"/", HEADERS, b"{}") for _ in range(2))
    server.receive_data(engine.flush()[0])
    server.send_headers(first, [(":status", "200")], end_stream=True)
    answer = server.data_to_send()
    server.close_connection(0, b'{"reason":"Shutdown"}', first)
    assert engine.receive(server.data_to_send()) == [(second, NotProcessed("goaway: Shutdown"))]
    assert engine.receive(answer) == [(first, Response(200, {}, b""))]
    assert engine.goaway == "Shutdown"


def test_a_reset_without_refusal_is_unknown_even_after_half_an_answer() -> None:
    engine, server = greeted()
    stream = engine.open(b"POST", b"/", HEADERS, b"{}")
    server.receive_data(engine.flush()[0])
    server.send_headers(stream, [(":status", "200")])
    server.reset_stream(stream, 8)
    assert engine.receive(server.data_to_send()) == [(stream, Unknown("stream reset: CANCEL"))]
