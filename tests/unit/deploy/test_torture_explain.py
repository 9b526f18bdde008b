"""One message on a timeline: partner, platform, phone, receiver, and the faults while it lived."""

from pathlib import Path

import pytest

from deploy.torture.explain import NothingKnown, timeline_of
from deploy.torture.faults.plan import Strike
from deploy.torture.ledgers import Expected
from deploy.torture.load import Book, Planned, write_history

REF = "single-7-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Book(tmp_path) as book:
        book.note("fault begins", fault="kill", victim="router", number=1)
        book.note("fault ends", fault="kill", victim="router", number=1)
        book.note("fault begins", fault="provider down", victim="fcm", number=2)
        book.expect(Planned(REF, "single", "79110000001", second=False, expected=Expected()))
        book.note("refused", REF, outcome="503")
        book.answered(REF, "200", "71")
        book.hear_report(REF, "PUSH", 9, taken=False, answered=503)
        book.hear_report(REF, "PUSH", 9, taken=True, answered=200)
    entry = {"what": "planned", "link": 0, "reason": None, "detail": "one", "provider": None, "late": False}
    write_history(tmp_path, {REF: {"trace": [{"at": 0, **entry}]}})
    return tmp_path


def test_the_timeline_tells_what_each_side_saw_in_the_order_of_time(folder: Path) -> None:
    moments = timeline_of(folder, REF)
    assert moments == sorted(moments)
    shown = [(moment.lane, moment.text) for moment in moments]
    assert ("rpns", "planned: link 0, one") in shown
    assert ("bank", "not accepted: 503") in shown
    assert ("bank", "accepted: 200, mtNum 71") in shown
    assert ("told", "PUSH 9, not taken (answered 503)") in shown
    assert ("told", "PUSH 9, taken") in shown
    assert ("fault", "begins: provider down of fcm") in shown


def test_a_message_that_was_never_sent_is_not_explained(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingKnown, match="no message 'other'"):
        timeline_of(folder, "other")
    with pytest.raises(NothingKnown, match="no run"):
        timeline_of(tmp_path / "nowhere", REF)


def test_a_strike_says_who_what_and_when() -> None:
    strike = Strike(3, "kill", "router", 1.0, 2.5, seed=0)
    assert str(strike) == "3. kill of router, 1.0 s to 3.5 s"
