"""What an ordered fault does to an answer: the part that is the same for every provider over HTTP/1.1.

kind               effect
status             the provider's error instead of an acceptance (the provider renders it)
slow               accepted and answered as usual, after delay_ms
close              accepted and answered, then the connection is closed without a word in the headers
drop-after-write   accepted, but the connection closes before the answer: the sender cannot know
truncated          accepted, but the connection closes in the middle of the answer's body
hang               not accepted, never answered
reset              not accepted, the connection is reset
"""

from dataclasses import replace

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.http.messages import Answer

KINDS = frozenset({"status", "slow", "close", "drop-after-write", "truncated", "hang", "reset"})

_NOTHING = Answer(500)


def is_accepted(fault: Fault | None) -> bool:
    """Whether the push still reaches the device."""
    return fault is None or fault.kind in ("slow", "close", "drop-after-write", "truncated")


def strike(fault: Fault, answer: Answer = _NOTHING) -> Answer:
    """The answer as the fault lets it through; `answer` is an acceptance, or the error for kind status."""
    answer = replace(answer, delay_ms=fault.delay_ms, headers=(*answer.headers, *fault.headers))
    if fault.body is not None:
        answer = replace(answer, body=fault.body.encode())
    if fault.content_type is not None:
        answer = replace(answer, content_type=fault.content_type)
    if fault.retry_after is not None:
        answer = replace(answer, headers=(*answer.headers, ("Retry-After", fault.retry_after)))
    match fault.kind:
        case "status" | "slow":
            return answer
        case "close":
            return replace(answer, then="close")
        case "drop-after-write":
            return replace(answer, then="drop")
        case "truncated":
            return replace(answer, then="truncate")
        case "hang":
            return replace(answer, then="hang")
        case "reset":
            return replace(answer, then="reset")
    raise ValueError(f"no fault of kind {fault.kind!r} over HTTP/1.1")
