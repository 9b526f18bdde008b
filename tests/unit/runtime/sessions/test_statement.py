"""What a session says, and until when it holds."""

from typing import Any

import pytest

from schemas.application_events import AccountChanged, EndedSession
from services.runtime.access.sessions import known_browser
from services.runtime.access.sessions.known_browser import GOOD_FOR_S, KnownBrowser
from services.runtime.access.sessions.statement import IDLE_MS, LONGEST_MS, Session, opened, sealed
from tests.unit.runtime.test_listeners import SECRETS

NOW = 1_700_000_000_000


def account(**changes: Any) -> AccountChanged:
    about = {"account_id": "a", "name": "n", "scopes": ("read",), "created_at": 1}
    return AccountChanged.stored({"event_id": "e", "at": 1, **about, **changes})


def test_a_session_holds_until_nobody_has_used_it_for_a_while() -> None:
    session = Session.begun(account(), NOW)
    assert session.holds(account(), NOW + IDLE_MS - 1)
    assert not session.holds(account(), NOW + IDLE_MS)
    assert session.renewed(NOW + IDLE_MS - 1).holds(account(), NOW + IDLE_MS)


def test_a_session_that_is_renewed_again_and_again_ends_all_the_same() -> None:
    session, at = Session.begun(account(), NOW), NOW
    while session.holds(account(), at):
        session, at = session.renewed(at), at + IDLE_MS // 2
    assert at - NOW == LONGEST_MS
    assert session.expires_at == session.ends_at


@pytest.mark.parametrize(
    "ended",
    [
        {"enabled": False},
        {"sessions_since": NOW + 1},
        {"ended_sessions": [{"session_id": "s", "until": NOW + 1}]},
        {"account_id": "another"},
        {"password_hash": "another"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_session_ends_with_its_account(ended: dict[str, Any]) -> None:
    session = Session("a", "s", NOW, NOW + IDLE_MS)
    assert session.holds(account(), NOW)
    assert session.holds(account(sessions_since=NOW, ended_sessions=[{"session_id": "t", "until": NOW + 1}]), NOW)
    assert not session.holds(account(**ended), NOW)
    assert not session.holds(None, NOW)


def test_a_session_holds_though_the_clock_that_began_it_is_behind() -> None:
    later = account(sessions_since=NOW + 5_000)
    assert Session.begun(later, NOW).holds(later, NOW)


def test_what_was_sealed_for_something_else_is_no_session() -> None:
    session, browser = Session.begun(account(), NOW), KnownBrowser.made("a", NOW)
    assert opened(sealed(session, SECRETS), SECRETS) == session
    assert known_browser.opened(known_browser.sealed(browser, SECRETS), SECRETS) == browser
    assert known_browser.opened(sealed(session, SECRETS), SECRETS) is None
    for text in (known_browser.sealed(browser, SECRETS), "", "x", "é", SECRETS.seal(b"[1]", b"operator-session")):
        assert opened(text, SECRETS) is None


def test_a_browser_is_known_to_its_account_for_half_a_year() -> None:
    browser = KnownBrowser.made("a", NOW)
    assert browser.is_of("a", NOW + GOOD_FOR_S * 1000 - 1)
    assert not browser.is_of("a", NOW + GOOD_FOR_S * 1000)
    assert not browser.is_of("another", NOW)


def test_a_session_that_was_ended_is_kept_as_its_account_is() -> None:
    ended = EndedSession(session_id="s", until=NOW)
    assert account(ended_sessions=[{"session_id": "s", "until": NOW}]).ended_sessions == (ended,)
