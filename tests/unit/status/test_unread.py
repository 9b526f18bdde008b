"""A message of a newer release, or a damaged one, is shown as far as its document tells of it, in pages and exports."""

from typing import Any

import orjson
import pytest

from schemas.language import Language
from services.status.api.export import _line
from services.status.api.packets import _state
from services.status.api.view import reason_view, summary_of, view_of
from services.status.message import Message, UnreadMessage
from services.status.message.document import to_document
from services.status.message.unread import readable, shown
from services.status.words import Sentence
from tests.support.status_events import Story, replay


def newer() -> dict[str, Any]:
    """As a release stores it that has another state and another reason."""
    story = Story()
    document = to_document(replay(story.requested(partner_ref="order-1", packet_id=7), story.planned("i-1")))
    links = document["links"].replace(b'"PLANNED"', b'"TELEPORTED"')
    return document | {"links": links, "state": "TELEPORTED", "reason": "lost-in-space"}


def test_a_message_that_is_known_is_what_it_was() -> None:
    document = to_document(replay(Story().requested()))
    assert isinstance(shown(document), Message)
    assert readable(document) == shown(document)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, Sentence.NEWER),
        ({"v": 99}, Sentence.NEWER),
        ({"links": b"no JSON"}, Sentence.DAMAGED),
        ({"links": orjson.dumps([[0, "", [], 1]])}, Sentence.DAMAGED),
        ({"trace_count": None}, Sentence.NEWER),
    ],
)
def test_one_that_is_not_is_shown_by_what_stands_beside_it(change: dict[str, Any], sentence: Sentence) -> None:
    document = newer() | change
    assert readable(document) is None
    found = shown(document)
    assert isinstance(found, UnreadMessage)
    summary = summary_of(found, Language.RUSSIAN)
    assert (summary.id, summary.state, summary.channel) == ("order-1", "TELEPORTED", None)
    assert summary.explanation == sentence.russian
    assert summary.reason is not None
    assert (summary.reason.name, summary.reason.words) == ("lost-in-space", Sentence.NEWER_REASON.russian)
    line = _line(found)
    assert (line.state, line.reason, line.packet_id, line.phone) == ("TELEPORTED", "lost-in-space", 7, summary.phone)
    assert _state(found) == {"messageId": found.message_id, "ts": 0, "status": "UNKNOWN", "packetId": 7}


def test_a_reason_that_only_a_newer_release_knows_keeps_its_name() -> None:
    view = reason_view("lost-in-space", Language.ENGLISH)
    assert (view.name, view.error_code, view.remedy) == ("lost-in-space", 1, None)
    assert view.words == Sentence.NEWER_REASON.english


def test_a_line_of_the_trace_that_a_newer_release_has_added_hides_none_of_the_others() -> None:
    story = Story()
    message = replay(story.requested(), story.planned("i-1"), story.dispatched())
    *_, last = message.trace.splitlines()
    fields = orjson.loads(last)
    fields[2] = "teleported"
    strange = [field if field is not None else "lost-in-space" for field in fields]
    message.trace += orjson.dumps([*strange, "a new field"]) + b"\n"
    entries = view_of(message).trace
    assert len(entries) == 4
    assert [(entry.what, entry.words) for entry in entries if entry.what == "teleported"] == [("teleported",) * 2]
    odd = next(entry for entry in entries if entry.what == "teleported")
    assert odd.reason is None
    assert "lost-in-space" in (odd.detail or "")
