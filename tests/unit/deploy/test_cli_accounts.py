"""`rpns accounts`: who signs in to the console."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli_operators import rpns

ACCOUNT: dict[str, Any] = {
    "accountId": "a-1",
    "version": "v",
    "name": "support-1",
    "scopes": ["support"],
    "state": "invited",
    "createdAt": 1_700_000_000_000,
    "changedAt": 1_700_000_000_000,
    "by": "bootstrap",
    "passwordExpiresAt": 1_800_000_000_000,
    "password": None,
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def test_who_is_invited_is_shown_a_password_once(platform: Platform) -> None:
    platform.on("POST", "/v1/accounts", {**ACCOUNT, "password": "drawn"}, status=201)
    result = rpns("--url", platform.url, "accounts", "invite", "support-1", "--scope", "support")
    assert (result.exit_code, result.stdout.count("drawn")) == (0, 1)
    assert json.loads(platform.asked[0][2]) == {"name": "support-1", "scopes": ["support"]}


def test_accounts_are_listed_with_their_state(platform: Platform) -> None:
    platform.on("GET", "/v1/accounts", [ACCOUNT])
    shown = rpns("--url", platform.url, "accounts", "list").stdout
    for word in ("support-1", "invited", "bootstrap", "2027-01-15"):
        assert word in shown


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("disable",), {"enabled": False}),
        (("enable",), {"enabled": True}),
        (("change", "--scope", "read", "--scope", "operator"), {"scopes": ["read", "operator"]}),
    ],
)
@pytest.mark.parametrize("name", ["support-1", "a-1"])
def test_an_account_is_changed_by_name_or_id(
    platform: Platform, words: tuple[str, ...], body: dict[str, Any], name: str
) -> None:
    platform.on("GET", "/v1/accounts", [{**ACCOUNT, "accountId": "a-0", "name": "other"}, ACCOUNT])
    platform.on("PATCH", "/v1/accounts/a-1", ACCOUNT)
    assert rpns("--url", platform.url, "accounts", words[0], name, *words[1:]).exit_code == 0
    method, path, sent = platform.asked[-1]
    assert (method, path, json.loads(sent)) == ("PATCH", "/v1/accounts/a-1", body)


def test_a_password_is_reset_and_shown_once(platform: Platform) -> None:
    platform.on("GET", "/v1/accounts", [ACCOUNT])
    platform.on("POST", "/v1/accounts/a-1/password", {**ACCOUNT, "password": "drawn"})
    result = rpns("--url", platform.url, "accounts", "reset", "support-1")
    assert (result.exit_code, result.stdout.count("drawn")) == (0, 1)


@pytest.mark.parametrize("name", ["support-1", "a-1"])
def test_an_account_is_deleted_by_name_or_id(platform: Platform, name: str) -> None:
    platform.on("GET", "/v1/accounts", [{**ACCOUNT, "accountId": "a-0", "name": "other"}, ACCOUNT])
    platform.on("DELETE", "/v1/accounts/a-1", b"", status=204)
    result = rpns("--url", platform.url, "accounts", "delete", name)
    assert (result.exit_code, name in result.stdout) == (0, True)
    assert platform.asked[-1][:2] == ("DELETE", "/v1/accounts/a-1")


def test_whoever_is_unknown_cannot_be_changed(platform: Platform) -> None:
    platform.on("GET", "/v1/accounts", [ACCOUNT])
    result = rpns("--url", platform.url, "accounts", "disable", "nobody")
    assert (result.exit_code, "nobody" in result.stderr) == (1, True)
