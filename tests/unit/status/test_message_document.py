"""Stored messages stay readable for ever, so the order of their fields is part of the contract."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import DAY_MS, HISTORY_RETENTION_MS
from services.status import message as kinds
from services.status.fold import trace_of
from services.status.message import Message
from services.status.message.document import FORM, from_document, to_document
from services.status.message.store import document_of
from services.status.message.unreadable import NewerForm
from tests.support.status_events import NOW, Story, replay

FROZEN: dict[str, Any] = json.loads(Path(__file__).with_name("message_v1.json").read_text())
"""`document`: the bytes of a message as a release stored them; `message`, `entries`: what each of them means, by name;
`fields`: the order of every class that is stored by place."""


def stored() -> dict[str, Any]:
    document: dict[str, Any] = FROZEN["document"]
    return document | {"links": document["links"].encode(), "trace": document["trace"].encode()}


def known_of(values: Any, meant: Any) -> Any:
    """The part of `values` that was known when the sample was stored: later fields have their defaults."""
    if isinstance(meant, dict):
        return {key: known_of(values[key], known) for key, known in meant.items()}
    if isinstance(meant, list):
        return [known_of(value, known) for value, known in zip(values, meant, strict=True)]
    return values


def test_bytes_that_were_stored_once_mean_the_same() -> None:
    message = from_document(stored())
    values = asdict(message)
    values["links"] = list(values["links"].values())
    assert known_of(values, FROZEN["message"]) == FROZEN["message"]
    entries = [asdict(entry) for entry in trace_of(message)]
    assert known_of(entries, FROZEN["entries"]) == FROZEN["entries"]


def test_they_are_stored_again_without_loss() -> None:
    message = from_document(stored())
    again = to_document(message)
    assert again["v"] == FORM
    assert from_document(again) == message_after(message)
    assert again["trace"] == stored()["trace"]


def message_after(message: Message) -> Message:
    message.revision += 1
    return message


@pytest.mark.parametrize("name", FROZEN["fields"])
def test_fields_are_only_ever_added_at_the_end(name: str) -> None:
    order = FROZEN["fields"][name]
    assert list(getattr(kinds, name).__slots__)[: len(order)] == order


def test_a_form_that_only_a_newer_release_knows_is_refused_by_name() -> None:
    with pytest.raises(NewerForm, match=f"form {FORM + 1}"):
        from_document(stored() | {"v": FORM + 1})


def test_a_message_without_a_request_is_kept_for_a_day_by_the_clock_and_others_for_a_year() -> None:
    story = Story()
    late = NOW + 20 * DAY_MS  # read long after it was logged
    phantom = document_of(replay(story.receipt()), late)
    assert phantom["kept_until"] == datetime.fromtimestamp((late + DAY_MS) / 1000, UTC)
    for events in ([story.requested()], [story.planned("i-1")], [story.failed()], [story.scheduled(NOW)]):
        message = replay(story.receipt(), *events)
        kept = document_of(message, late)["kept_until"]
        assert kept == datetime.fromtimestamp((message.created_at + HISTORY_RETENTION_MS) / 1000, UTC)
