"""What was folded and whose save was not answered: kept for the same records, bounded by bytes."""

from services.status.consumer.unanswered import Folded, Unanswered
from services.status.message import Message

ORIGINS = ["status-events/0/7"]


def folded(name: str, size: int = 1_000) -> Folded:
    return Message(name, stored_bytes=size), []


def test_what_is_kept_comes_back_once_and_only_for_the_same_records() -> None:
    unanswered, first = Unanswered(), folded("a")
    unanswered.keep(first, ORIGINS)
    assert unanswered.take("a", ORIGINS) is first
    assert (unanswered.take("a", ORIGINS), unanswered.bytes) == (None, 0)
    for others in (["status-events/0/8"], [*ORIGINS, "status-events/0/8"]):
        unanswered.keep(first, ORIGINS)
        assert (unanswered.take("a", others), unanswered.bytes) == (None, 0)
    unanswered.keep(first, [""])  # it was not read from the log, so another may look the same
    assert unanswered.take("a", [""]) is None


def test_large_messages_do_not_fill_the_memory() -> None:
    unanswered = Unanswered(10_000_000)
    for number in range(50):
        unanswered.keep(folded(f"m{number}", 1_000_000), ORIGINS)
        assert unanswered.bytes <= 10_000_000
    assert len(unanswered) == 3
    last = unanswered.take("m49", ORIGINS)
    assert last is not None
    assert last[0].message_id == "m49"
    unanswered.keep(folded("m48", 2_000), ORIGINS)  # kept again, and counted once
    for number in range(50):
        unanswered.take(f"m{number}", ORIGINS)
    assert unanswered.bytes == 0
