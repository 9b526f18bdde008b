"""The faults that can be ordered from the APNs sandbox, by `Fault.kind`. All wait `delay_ms` first.

They strike requests that break no rule; `accept` delivers such a push and queues its answer.

slow              nothing more: answered normally after the delay
status            refused with `reason`, with its own HTTP status unless `status` says another
hang              never answered
refused-stream    RST_STREAM with REFUSED_STREAM, not processed
reset             TCP RST, not processed
drop-after-write  processed, then the connection is lost without an answer
goaway            GOAWAY with `reason`; this request and later ones are not processed, earlier ones are
                  answered (`value`: another last stream id)
goaway-after      answered normally, then GOAWAY with `reason`
stream-limit      MAX_CONCURRENT_STREAMS becomes `value` (default 1), then answered normally
"""

from collections.abc import Callable

from deploy.sandbox.apns.connection import ApnsConnection, Request
from deploy.sandbox.faults.orders import Fault

Accept = Callable[[], None]
Strike = Callable[[ApnsConnection, Request, Fault, Accept], None]


def _answer(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    accept()


def _hang(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    """The stream stays open."""


def _refuse_stream(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    connection.refuse_stream(request)


def _reset(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    connection.flush()
    connection.reset()


def _drop_after_write(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    connection.flush()
    accept()
    connection.drop()


def _go_away(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    last_stream_id = max(0, request.stream_id - 2) if fault.value is None else fault.value
    connection.go_away(fault.reason, last_stream_id)
    if connection.is_waiting(request):
        accept()


def _go_away_after(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    accept()
    connection.go_away(fault.reason, request.stream_id)


def _limit_streams(connection: ApnsConnection, request: Request, fault: Fault, accept: Accept) -> None:
    connection.set_stream_limit(1 if fault.value is None else fault.value)
    accept()


STRIKES: dict[str, Strike] = {
    "slow": _answer,
    "hang": _hang,
    "refused-stream": _refuse_stream,
    "reset": _reset,
    "drop-after-write": _drop_after_write,
    "goaway": _go_away,
    "goaway-after": _go_away_after,
    "stream-limit": _limit_streams,
}
