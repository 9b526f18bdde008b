"""Messages kept in memory between batches: bounded, and never what the database does not have."""

import pytest

from services.status.consumer import recent_messages
from services.status.consumer.recent_messages import RecentMessages
from services.status.message import Message


def message(name: str, size: int = 1_000) -> Message:
    return Message(name, revision=1, stored_bytes=size)


def test_what_is_taken_is_no_longer_here() -> None:
    recent = RecentMessages()
    recent.keep([message("a")])
    assert list(recent.take(["a", "b"])) == ["a"]
    assert (recent.take(["a"]), recent.bytes) == ({}, 0)


def test_the_longest_unused_goes_first_and_bytes_are_bounded() -> None:
    recent = RecentMessages(200_000)
    recent.keep([message(str(number)) for number in range(100)])
    assert recent.bytes <= 200_000
    assert not recent.take(["0"])
    assert recent.take(["99"])


def test_a_message_kept_twice_counts_once() -> None:
    recent = RecentMessages()
    recent.keep([message("a"), message("a")])
    recent.take(["a"])
    assert recent.bytes == 0


def test_a_large_message_does_not_drive_out_the_others() -> None:
    recent = RecentMessages(200_000)
    recent.keep([message("small"), message("large", 100_000)])
    assert list(recent.take(["small", "large"])) == ["small"]


def test_what_had_no_event_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    recent, now = RecentMessages(), [0.0]
    monkeypatch.setattr(recent_messages, "monotonic", lambda: now[0])
    recent.keep([message("old")])
    now[0] = recent_messages.KEPT_S + 1
    assert not recent.take(["other"])
    assert recent.bytes == 0
