"""Which sessions of an account end when it is signed out of, for how long that is written down; what comes too late."""

from typing import Any

import pytest

from schemas.application_events import AccountChanged
from services.registry.provisioning import Stamp
from services.registry.sign_in.accounts import Accounts, signed_out
from services.registry.sign_in.wiring import has_other_admins
from services.runtime.access.sessions.statement import IDLE_MS, Session
from services.runtime.http.server import Problem
from services.runtime.settings import Settings

NOW = 1_700_000_000_000
MINUTE_MS = 60_000


def account(**changes: Any) -> AccountChanged:
    about = {"account_id": "a", "name": "n", "scopes": ("read",), "created_at": 1}
    return AccountChanged.stored({"event_id": "e", "at": 1, **about, **changes})


def stamp(at: int) -> Stamp:
    return Stamp(f"e{at}", at, "operator:n")


def program(known: AccountChanged, times: int, every_ms: int) -> AccountChanged:
    """One that signs in and out."""
    for number in range(times):
        at = NOW + number * every_ms
        known = signed_out(known, Session.begun(known, at), stamp(at + 1))
    return known


def test_signing_out_again_and_again_all_day_ends_no_other_session() -> None:
    other = Session.begun(account(), NOW - 1).renewed(NOW + 500 * MINUTE_MS)
    known = program(account(), 500, MINUTE_MS)
    assert other.holds(known, NOW + 500 * MINUTE_MS)


def test_more_than_anybody_does_within_half_an_hour_ends_all_sessions_and_none_comes_back() -> None:
    other = Session.begun(account(), NOW - 1)
    assert other.holds(program(account(), 100, 1), NOW + 200)
    assert not other.holds(program(account(), 101, 1), NOW + 200)


@pytest.mark.parametrize("renewed_ms", [0, 20 * MINUTE_MS])
def test_no_copy_of_the_cookie_outlives_what_is_written_down_of_its_end(renewed_ms: int) -> None:
    session = Session.begun(account(), NOW)
    copy = session.renewed(NOW + renewed_ms)
    known = signed_out(account(), session, stamp(NOW + renewed_ms + 1))
    (ended,) = known.ended_sessions
    assert copy.expires_at < ended.until <= NOW + renewed_ms + IDLE_MS + 6 * MINUTE_MS
    assert not copy.holds(known, NOW + renewed_ms + 2)


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"deleted": True, "enabled": False, "password_hash": "", "name": ""},
        {"enabled": False},
        {"password_hash": "another"},
    ],
)
async def test_a_password_that_is_set_too_late_is_told_as_changed_meanwhile(meanwhile: dict[str, Any]) -> None:
    class Changing:
        async def change(self, _: str, decide: Any, *, by: str) -> AccountChanged:
            changed: AccountChanged = decide(account(**{"password_hash": "known", **meanwhile}), stamp(NOW))
            return changed

    accounts = Accounts(Changing(), has_other_admins=True)  # type: ignore[arg-type]
    with pytest.raises(Problem) as refused:
        await accounts.set_password(account(password_hash="known"), "fresh")
    assert refused.value.body.status == 409


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"admin_token": "t" * 32}, True),
        ({"oidc_issuer": "https://login.example", "oidc_roles": "desk=support,boss=admin"}, True),
        ({"oidc_issuer": "https://login.example", "oidc_roles": "desk=support"}, False),
        ({"oidc_roles": "boss=admin"}, False),
    ],
)
def test_admins_get_in_without_an_account_of_ours_by_what_no_request_takes_away(
    given: dict[str, Any], expected: bool
) -> None:
    assert has_other_admins(Settings(**given)) is expected
