"""Packs of changes: read from any number, and where a change can still lie."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.status.fold import StateChanged, fold, follow_ups_of_record
from services.status.message import Link, Message
from services.status.message.document import from_document, to_document
from services.status.stream.packs import NewChange, Pack, documents_of, leaves_open, pack_of, until_of
from tests.support.status_events import NOW, Story, of_kind

KEPT = timedelta(days=7)
WRITTEN = datetime.fromtimestamp(NOW / 1000, UTC)


def change(name: str, offset: int, origin: str = "status-events/0", at: int = NOW) -> NewChange:
    line = orjson.dumps({"message_id": name, "link": 0, "state": "SENT"})
    return NewChange(f"{name}/0/SENT", line, f"{origin}/{offset}", at)


def test_a_pack_is_read_from_any_of_its_numbers_on() -> None:
    (document,) = documents_of("bank", 7, [[change("a", 1), change("b", 2)]], {}, WRITTEN)
    pack = pack_of(document)
    assert (pack.first, pack.last, pack.names) == (7, 8, {"a/0/SENT", "b/0/SENT"})
    assert [[seq for seq, _ in pack.behind(seq)] for seq in (0, 6, 7, 8)] == [[7, 8], [7, 8], [8], []]


def test_a_change_is_stored_in_the_names_of_every_release_and_told_in_camel_case() -> None:
    event = {"message_id": "a", "mt_num": "7", "id": '"mt_num":', "link": 0, "state": "FAILED", "error_code": 7}
    line = orjson.dumps(event | {"double_reach": True})
    (document,) = documents_of("bank", 7, [[change("a", 1)._replace(line=line)]], {}, WRITTEN)
    pack = pack_of(document)
    assert (pack.names, pack.lines) == ({"a/0/FAILED"}, [line])
    ((seq, shown),) = pack.behind(0)
    named = {"messageId": "a", "mtNum": "7", "id": '"mt_num":', "link": 0, "state": "FAILED", "errorCode": 7}
    assert (seq, orjson.loads(shown)) == (7, named | {"doubleReach": True})


def test_all_packs_of_a_batch_tell_how_far_it_went() -> None:
    batch = [change("a", 90), change("b", 5, "status-events/1"), change("c", 100), change("d", 7)]
    again = change("e", 300)._replace(again=True)
    assert until_of([*batch, again]) == {"status-events/0": 100, "status-events/1": 5}


@pytest.mark.parametrize(
    ("until", "offset", "at", "is_open"),
    [
        ({"status-events/0": 41}, 42, NOW, False),
        ({"status-events/0": 42}, 42, NOW, True),
        ({"status-events/1": 1}, 42, NOW, True),
        ({"status-events/1": 1}, 42, NOW + 3_600_000, False),
        ({"status-events/1": 1}, 42, NOW + 60_000, True),
    ],
    ids=["an earlier record", "a later record", "of another partition", "long before it", "clocks differ"],
)
def test_a_change_lies_behind_no_earlier_record_of_its_origin_and_in_nothing_older(
    until: dict[str, int], offset: int, at: int, is_open: bool
) -> None:
    pack = Pack(1, 1, (), until, WRITTEN + KEPT)
    assert leaves_open(pack, change("a", offset, at=at), KEPT) is is_open


def folded(message: Message, *records: tuple[int, object]) -> list[tuple[str, bool, bool]]:
    """State, whether it is brought again, and whether by a former release: what follows from these records."""
    found: list[StateChanged] = []
    for offset, event in records:
        follows = fold(message, event)  # type: ignore[arg-type]
        found += of_kind(follow_ups_of_record(follows, f"status-events/0/{offset}"), StateChanged)
    return [(str(changed.change.state), changed.again, changed.is_former) for changed in found]


def test_a_change_follows_from_its_record_however_often_and_from_no_repetition_of_its_event() -> None:
    story = Story()
    message = Message(story.message_id)
    assert folded(message, (0, story.requested()), (1, story.planned("i-1")), (2, story.receipt())) == [
        ("PLANNED", False, False),
        ("DELIVERED", False, False),
    ]
    message = from_document(to_document(message))
    assert folded(message, (2, story.receipt()), (1, story.planned("i-1"))) == [
        ("DELIVERED", True, False),
        ("PLANNED", True, False),
    ]
    assert folded(message, (3, story.receipt()), (4, story.receipt()), (5, story.planned("i-1"))) == []


def test_what_a_former_release_has_stored_belongs_to_the_record_that_comes_next() -> None:
    story = Story()
    message = Message(story.message_id)
    for event in (story.requested(), story.planned("i-1"), story.receipt()):
        fold(message, event)
    document = to_document(message)
    links = orjson.loads(document["links"])
    changes = Link.__slots__.index("changes")
    links[0][changes] = [stored[:2] for stored in links[0][changes]]
    message = from_document(document | {"links": orjson.dumps(links)})
    assert folded(message, (9, story.receipt())) == [("PLANNED", True, True), ("DELIVERED", True, True)]
    assert folded(message, (10, story.receipt())) == []
    assert folded(message, (9, story.receipt())) == [("PLANNED", True, False), ("DELIVERED", True, False)]
