"""What spares an operator a second look: `rpns` says what is missing and in whose time it speaks."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from deploy.cli import place
from deploy.cli.app import app
from schemas.providers import Provider
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import PARTNER, rpns

ROOT = Path(__file__).parents[3]


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def test_a_stack_that_does_not_run_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RPNS_OPERATOR_TOKEN", "RPNS_ADMIN_TOKEN", "RPNS_PUBLIC_URL", "RPNS_OPERATORS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(place.Place, "_local", None)
    result = CliRunner().invoke(app, ["why", "x"])
    assert result.exit_code == 1
    assert "the local stack is not running: `make up` starts it" in result.stderr


def test_an_address_of_this_machine_that_nothing_answers_at_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RPNS_OPERATOR_TOKEN", "RPNS_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(place.Place, "_local", None)
    result = CliRunner().invoke(app, ["--url", "http://127.0.0.1:1", "why", "x"])
    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:1; the local stack is not running: `make up`" in result.stderr


@pytest.mark.parametrize("words", [["partners", "list"], ["partners", "list", "--json"]])
def test_a_terminal_that_lacks_letters_gets_escapes(platform: Platform, words: list[str]) -> None:
    platform.on("GET", "/v1/partners", [{**PARTNER, "defaultSender": "Банк 🏦"}])
    command = [sys.executable, "-m", "deploy.cli", "--url", platform.url, "--token", "t", *words]
    shown = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert b"\\u0411\\u0430\\u043d\\u043a" in shown.stdout
    if "--json" in words:
        assert json.loads(shown.stdout)[0]["defaultSender"] == "Банк 🏦"


def test_a_file_that_is_not_there_is_said_to_be_so(platform: Platform, tmp_path: Path) -> None:
    for name in ("nothing", "nothing.csv"):
        result = rpns(platform, "import-devices", str(tmp_path / name), "--application", "app")
        assert (result.exit_code, "no such file" in result.stderr) == (1, True)
    assert platform.asked == []


@pytest.mark.parametrize("provider", [provider.value for provider in Provider])
def test_credentials_are_made_for_the_channel_platform_too(platform: Platform, tmp_path: Path, provider: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps({"login": "bank", "password": "p", "url": "https://sms.example"}))
    platform.on("GET", "/v1/applications/app/credentials", [])
    platform.on("PUT", f"/v1/applications/app/credentials/{provider}", {"fingerprint": "f", "provider": provider})
    assert rpns(platform, "credentials", "create", "app", provider, str(file)).exit_code == 0


def test_times_are_shown_in_utc_or_as_the_clock_on_the_wall(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Yekaterinburg")
    time.tzset()
    try:
        platform.on("GET", "/v1/partners", [{**PARTNER, "changedAt": 1_795_863_600_000}])
        local = rpns(platform, "--local", "partners", "list").stdout
        utc = rpns(platform, "partners", "list").stdout
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ("2026-11-28 16:00:00" in local, "changed, local time" in local, "UTC" in local) == (True, True, False)
    assert ("2026-11-28 11:00:00" in utc, "changed, UTC" in utc) == (True, True)


def test_origins_are_allowed_one_by_one_and_cleared_together(platform: Platform) -> None:
    platform.on("PATCH", "/v1/applications/app", {"applicationId": "app"})
    change = ("applications", "change", "app")
    named = ("--allowed-origin", "https://bank.example", "--allowed-origin", "https://m.bank.example")
    assert rpns(platform, *change, *named).exit_code == 0
    assert rpns(platform, *change, "--clear", "allowed-origin").exit_code == 0
    assert [json.loads(body)["allowedOrigins"] for _, _, body in platform.asked] == [
        ["https://bank.example", "https://m.bank.example"],
        None,
    ]


def test_a_partner_with_a_sender_can_send_at_once(platform: Platform) -> None:
    platform.on("POST", "/v1/partners", {**PARTNER, "password": "drawn-one"}, status=201)
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", {"serviceNumber": "MyBank"})
    platform.on("PATCH", "/v1/partners/bank", {**PARTNER, "defaultSender": "MyBank"})
    result = rpns(platform, "partners", "create", "bank", "--sender", "MyBank", "--application", "app")
    assert result.exit_code == 0, result.stderr
    assert [json.loads(body) for _, _, body in platform.asked[1:]] == [
        {"applicationId": "app", "enabled": True},
        {"defaultSender": "MyBank"},
    ]
    assert result.stdout.count("drawn-one") == 1
    assert "curl -X POST" in result.stdout
    assert '"serviceNumber": "MyBank"' in result.stdout


@pytest.mark.parametrize("sender", ["My'Bank", 'My"Bank', "$(id) `id` \\ [b]"])
def test_the_first_push_is_one_line_for_a_shell_whatever_the_sender_is_called(platform: Platform, sender: str) -> None:
    platform.on("POST", "/v1/partners", {**PARTNER, "login": "ba'nk", "password": "drawn-one"}, status=201)
    platform.on("PUT", f"/v1/partners/bank/senders/{quote(sender, safe='')}", {"serviceNumber": sender})
    platform.on("PATCH", "/v1/partners/bank", {**PARTNER, "login": "ba'nk", "defaultSender": sender})
    result = rpns(platform, "partners", "create", "bank", "--sender", sender, "--application", "app")
    (line,) = (line for line in result.stdout.splitlines() if "curl -X POST" in line)
    words = shlex.split(line)
    body = json.loads(words[-1])
    assert (words[3], body["login"]) == (f"{platform.url}/v6/send", "ba'nk")
    assert body["message"]["data"]["serviceNumber"] == sender


def test_a_password_is_not_lost_when_the_sender_is_refused(platform: Platform) -> None:
    platform.on("POST", "/v1/partners", {**PARTNER, "password": "drawn-one"}, status=201)
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", {"title": "Unknown application"}, status=404)
    result = rpns(platform, "partners", "create", "bank", "--sender", "MyBank", "--application", "other")
    assert result.exit_code == 1
    assert "Unknown application" in result.stderr
    assert "drawn-one" in result.stderr
