"""`rpns operators`, and where operators' commands go."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.fault import Fault
from deploy.cli.place import Place
from tests.support.platform_server import Platform, platform_server

DUTY = {
    "operatorId": "o-1",
    "name": "duty",
    "scopes": ["read", "support"],
    "state": "works",
    "createdAt": 1_700_000_000_000,
    "expiresAt": None,
    "changedAt": 1_700_000_000_000,
    "by": "bootstrap",
    "token": None,
}
STOP = {"scope": "packet", "state": "paused", "by": "operator:duty", "reason": "", "at": 1_700_000_000_000}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def rpns(*words: str) -> Result:
    return CliRunner().invoke(app, ["--token", "the-token", *words])


def test_a_token_is_told_once_and_has_the_scopes_that_were_asked_for(platform: Platform) -> None:
    platform.on("POST", "/v1/operators", {**DUTY, "token": "rpns_op_drawn"}, status=201)
    result = rpns("--url", platform.url, "operators", "add", "duty", "--scope", "read", "--scope", "support")
    assert result.exit_code == 0
    assert result.stdout.count("rpns_op_drawn") == 1
    assert json.loads(platform.asked[0][2]) == {"name": "duty", "scopes": ["read", "support"]}


def test_a_token_may_end_by_itself(platform: Platform) -> None:
    platform.on("POST", "/v1/operators", {**DUTY, "token": "t"}, status=201)
    assert rpns("--url", platform.url, "operators", "add", "duty", "--scope", "read", "--days", "1").exit_code == 0
    assert json.loads(platform.asked[0][2])["expiresAt"] > 1_700_000_000_000


def test_an_unknown_scope_is_told_before_anything_is_asked(platform: Platform) -> None:
    result = rpns("--url", platform.url, "operators", "add", "duty", "--scope", "root")
    assert (result.exit_code, platform.asked) == (1, [])
    assert "read, support, operator, admin" in result.stderr


def test_operators_are_listed_with_their_scopes_and_who_made_them(platform: Platform) -> None:
    platform.on("GET", "/v1/operators", [DUTY, {**DUTY, "name": "night", "expiresAt": 1_800_000_000_000}])
    shown = rpns("--url", platform.url, "operators", "list").stdout
    for word in ("duty", "night", "read, support", "works", "bootstrap", "2027-01-15", "2023-11-14 22:13:20"):
        assert word in shown


@pytest.mark.parametrize("name", ["duty", "o-1"])
def test_an_operator_is_revoked_by_name_or_id(platform: Platform, name: str) -> None:
    platform.on("GET", "/v1/operators", [{**DUTY, "operatorId": "o-0", "state": "revoked"}, DUTY])
    platform.on("DELETE", "/v1/operators/o-1", {**DUTY, "state": "revoked"})
    assert rpns("--url", platform.url, "operators", "revoke", name).exit_code == 0
    assert [(method, path) for method, path, _ in platform.asked if method == "DELETE"] == [
        ("DELETE", "/v1/operators/o-1")
    ]


def test_whoever_is_unknown_cannot_be_revoked(platform: Platform) -> None:
    platform.on("GET", "/v1/operators", [DUTY])
    result = rpns("--url", platform.url, "operators", "revoke", "nobody")
    assert (result.exit_code, "nobody" in result.stderr) == (1, True)


def test_operators_commands_go_to_the_operators_address(platform: Platform) -> None:
    platform.on("GET", "/v1/operators", [DUTY])
    result = rpns("--url", "http://127.0.0.1:1", "--operators-url", platform.url, "operators", "list")
    assert (result.exit_code, len(platform.asked)) == (0, 1)


def test_all_pages_of_the_stops_are_read(platform: Platform) -> None:
    pages = [[{**STOP, "id": f"bank/{page}{row}"} for row in range(2)] for page in range(2)]
    platform.on("GET", "/v1/stops", *pages)
    platform.links["/v1/stops"] = '<?limit=2&cursor=1.e>; rel="next"'
    shown = json.loads(rpns("--url", platform.url, "stops", "--json").stdout)
    assert [stop["id"] for stop in shown] == ["bank/00", "bank/01", "bank/10", "bank/11"]
    assert [path for _, path, _ in platform.asked] == ["/v1/stops", "/v1/stops?limit=2&cursor=1.e"]


LOCAL = {
    "public_url": "http://127.0.0.1:8080",
    "operators_url": "http://127.0.0.1:9999",
    "env": {"RPNS_ADMIN_TOKEN": "of-the-stack"},
}


@pytest.mark.parametrize(
    ("environment", "running", "url", "token"),
    [
        ({}, LOCAL, "http://127.0.0.1:9999", "of-the-stack"),
        ({"given_url": "http://127.0.0.1:8080/"}, LOCAL, "http://127.0.0.1:9999", "of-the-stack"),
        ({"given_token": "mine"}, LOCAL, "http://127.0.0.1:9999", "mine"),
        ({"given_token": "mine"}, None, "http://127.0.0.1:8081", "mine"),
        ({"given_url": "https://push.example", "given_token": "mine"}, LOCAL, "https://push.example", "mine"),
        ({"given_operators_url": "https://ops.example", "given_token": "m"}, LOCAL, "https://ops.example", "m"),
    ],
)
def test_the_local_stack_is_found_and_its_token_goes_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, Any], running: dict[str, Any] | None, url: str, token: str
) -> None:
    monkeypatch.setattr("deploy.local.__main__.running", lambda _: running)
    found = Place(**environment).operator()
    assert (found.url, found.authorization) == (url, f"Bearer {token}")


@pytest.mark.parametrize(
    "environment", [{"given_url": "https://push.example"}, {"given_operators_url": "https://ops.example"}]
)
def test_the_local_token_is_not_shown_to_another_platform(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, Any]
) -> None:
    monkeypatch.setattr("deploy.local.__main__.running", lambda _: LOCAL)
    with pytest.raises(Fault):
        Place(**environment).operator()


def test_a_token_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("deploy.local.__main__.running", lambda _: None)
    (tmp_path / "token").write_text("mounted\n")
    monkeypatch.setenv("RPNS_OPERATOR_TOKEN_FILE", str(tmp_path / "token"))
    assert Place().operator().authorization == "Bearer mounted"
    monkeypatch.setenv("RPNS_OPERATOR_TOKEN_FILE", str(tmp_path / "nothing"))
    with pytest.raises(Fault, match="RPNS_OPERATOR_TOKEN_FILE: cannot be read"):
        Place().operator()
