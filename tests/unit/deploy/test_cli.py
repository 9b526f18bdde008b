"""`rpns` against a small HTTP server: what it sends, what it prints, and how errors end it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.devices.run import PART_LINES
from deploy.cli.gateway import explained
from deploy.cli.messages.push import Until, outcome
from services.runtime.lists.lines import MAX_LINE_BYTES
from tests.support.platform_server import Platform, platform_server

Json = dict[str, Any]
PARTNER = {"partnerId": "bank", "login": "bank", "enabled": True, "version": "v1"}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def rpns(platform: Platform | str, *words: str, token: str = "the-token", given: str = "") -> Result:
    url = platform if isinstance(platform, str) else platform.url
    return CliRunner().invoke(app, ["--url", url, "--token", token, *words], input=given)


def test_a_drawn_password_is_told_once_and_the_token_goes_in_the_header(platform: Platform) -> None:
    platform.on("POST", "/v1/partners", {**PARTNER, "password": "drawn-one"}, status=201)
    result = rpns(platform, "partners", "create", "bank", "--subnet", "192.0.2.0/24", "--push-ttl", "60")
    assert result.exit_code == 0
    assert result.stdout.count("drawn-one") == 1
    assert json.loads(platform.asked[0][2]) == {
        "login": "bank",
        "subnets": ["192.0.2.0/24"],
        "defaultTtlS": {"PUSH": 60},
    }
    assert platform.headers[0]["Authorization"] == "Bearer the-token"


def test_a_given_password_comes_from_a_file_and_is_not_repeated(platform: Platform) -> None:
    platform.on("POST", "/v1/partners/bank/password", {**PARTNER, "password": "given-one"})
    result = rpns(platform, "partners", "rotate", "bank", "--secret-file", "-", given="given-one\n")
    assert result.exit_code == 0
    assert json.loads(platform.asked[0][2]) == {"password": "given-one"}
    assert "given-one" not in result.output


def test_a_list_is_a_table_for_people_and_json_for_machines(platform: Platform) -> None:
    platform.on("GET", "/v1/partners", [{**PARTNER, "defaultSender": "[red]Bank"}])
    assert "[red]Bank" in rpns(platform, "partners", "list").stdout
    assert json.loads(rpns(platform, "partners", "list", "--json").stdout)[0]["partnerId"] == "bank"


def test_switching_a_sender_keeps_its_application_and_minds_the_version(platform: Platform) -> None:
    sender = {"partnerId": "bank", "serviceNumber": "My Bank", "applicationId": "app", "enabled": True, "version": "v7"}
    platform.on("GET", "/v1/partners/bank/senders", [sender])
    platform.on("PUT", "/v1/partners/bank/senders/My%20Bank", {**sender, "enabled": False})
    assert rpns(platform, "senders", "disable", "bank", "My Bank").exit_code == 0
    assert json.loads(platform.asked[-1][2]) == {"applicationId": "app", "enabled": False}
    assert platform.headers[-1]["If-Match"] == "v7"


def test_a_sender_that_is_there_is_not_replaced_by_accident(platform: Platform) -> None:
    platform.on("GET", "/v1/partners/bank/senders", [{"serviceNumber": "Bank", "version": "v"}])
    result = rpns(platform, "senders", "create", "bank", "Bank", "--application", "app")
    assert result.exit_code == 1
    assert "--replace" in result.stderr
    assert len(platform.asked) == 1


@pytest.mark.parametrize("content", ['{"client_secret": hush-hush', '["hush-hush"]', '{"a": "hush-hush"}'])
def test_credentials_are_never_repeated(platform: Platform, tmp_path: Path, content: str) -> None:
    (tmp_path / "hms.json").write_text(content)
    platform.on("GET", "/v1/applications/app/credentials", [])
    problem = {"title": "Invalid credentials", "errors": [{"field": "app_id", "rule": "mandatory"}]}
    platform.on("PUT", "/v1/applications/app/credentials/hms", problem, status=400)
    result = rpns(platform, "credentials", "create", "app", "hms", str(tmp_path / "hms.json"))
    assert result.exit_code == 1
    assert "hush" not in result.output
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"title": "Invalid", "errors": [{"field": "login", "rule": "must be new"}]}, "login: must be new"),
        (401, {"title": "Admin token needed"}, "did not take the operator's token"),
        (503, {"title": "Service is unavailable"}, "Service is unavailable (503)"),
        (502, b"<html>", "answered 502"),
        (302, b"", "answered 302"),
        (200, b"<html>", "something other than JSON"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(platform: Platform, status: int, body: Any, words: str) -> None:
    platform.on("GET", "/v1/partners", body, status=status)
    result = rpns(platform, "partners", "list")
    assert result.exit_code == 1
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert len(platform.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://x", "http://", "http://x:99999", "nonsense"])
def test_a_platform_that_cannot_be_reached_is_one_line(url: str) -> None:
    result = rpns(url, "partners", "list")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("error: ")


def test_without_a_token_nothing_is_asked(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RPNS_ADMIN_TOKEN", "RPNS_OPERATOR_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = rpns(platform, "partners", "list", token="")
    assert (result.exit_code, platform.asked) == (1, [])
    assert "RPNS_OPERATOR_TOKEN" in result.stderr


def test_the_partner_protocols_errors_are_told_with_field_and_rule() -> None:
    body = {"error": {"code": 8, "description": "destAddr is not correct"}, "extendedDescription": "destAddr: must be"}
    assert explained(406, json.dumps(body).encode()) == "destAddr is not correct (error 8) (406): destAddr: must be"


def imported(body: bytes) -> Json:
    """Refuses what holds no token, as the platform does; counts from 1 in each call."""
    lines = body.split(b"\n")
    bad = [
        {"line": number, "field": "token", "rule": "must be given"}
        for number, line in enumerate(lines, 1)
        if not json.loads(line).get("token")
    ]
    return {"lines": len(lines), "imported": len(lines) - len(bad), "known": 0, "bad": bad}


def test_a_long_file_goes_in_parts_and_each_bad_line_is_told_by_its_number(platform: Platform, tmp_path: Path) -> None:
    lines = [json.dumps({"provider": "fcm", "token": f"t{number}"}) for number in range(1, 2 * PART_LINES + 100)]
    lines[1] = ""
    lines[2] = "x" * (MAX_LINE_BYTES * 5)
    lines[PART_LINES + 50] = '{"provider": "fcm"}'
    (tmp_path / "d.ndjson").write_text("\ufeff" + "\r\n".join(lines))
    platform.on("POST", "/v1/installations/import", imported)
    result = rpns(platform, "import-devices", str(tmp_path / "d.ndjson"), "--application", "app", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "lines": len(lines) - 1,
        "imported": len(lines) - 3,
        "known": 0,
        "bad": 2,
    }
    assert "line 3: line: must be at most 16384 bytes" in result.stderr
    assert f"line {PART_LINES + 51}: token: must be given" in result.stderr
    assert len(platform.asked) == 3
    assert {parse_qs(urlsplit(path).query)["applicationId"][0] for _, path, _ in platform.asked} == {"app"}


def test_an_import_that_breaks_off_says_how_far_it_came(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"token": "a"}\n' * (PART_LINES + 1))
    away = {"title": "Service is unavailable"}
    platform.answers["POST", "/v1/installations/import"] = [(200, imported), (503, away)]
    result = rpns(platform, "import-devices", str(tmp_path / "d.jsonl"), "--application", "app")
    assert result.exit_code == 1
    assert f"lines 1 to {PART_LINES} are done: go on with --from-line {PART_LINES + 1}" in result.stderr


@pytest.mark.parametrize(
    ("state", "until", "code"),
    [
        ("SENT", Until.SENT, 0),
        ("SENT", Until.DELIVERED, None),
        ("READ", Until.DELIVERED, 0),
        ("DELIVERED", Until.READ, None),
        ("EXPIRED", Until.SENT, 1),
        ("PLANNED", Until.SENT, None),
    ],
)
def test_the_exit_code_follows_the_state(state: str, until: Until, code: int | None) -> None:
    assert outcome(state, until) == code


def message(state: str) -> Json:
    entry = {
        "at": 1_700_000_000_000,
        "what": "attempt",
        "link": 0,
        "eventId": state,
        "reason": None,
        "detail": "accepted [bold]",
        "installationId": "01234567-89",
        "provider": "apns",
        "attempt": 1,
        "status": 200,
        "latencyMs": 4,
        "late": False,
        "counts": True,
    }
    whose: dict[str, Any] = {
        "links": [],
        "messageId": "m-1",
        "mtNum": "42",
        "id": None,
        "phone": "79020000001",
        "externalUserId": None,
    }
    facts = {"state": state, "explanation": f"it is {state}", "createdAt": 1_700_000_000_000, "traceDropped": 0}
    return {**whose, **facts, "trace": [entry]}


def test_a_test_push_is_followed_until_it_is_delivered(platform: Platform) -> None:
    platform.on("POST", "/v6/send", {"mtNum": "42"})
    platform.answers["GET", "/v1/messages/42"] = [
        (404, {"title": "No such message"}),
        (200, message("SENT")),
        (200, message("DELIVERED")),
    ]
    result = rpns(platform, "test-push", "--login", "bank", "--password", "pass-word", "--phone", "79020000001")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("accepted [bold]") == 2
    assert "it is DELIVERED" in result.stdout
    assert "pass-word" not in result.output
    assert platform.headers[-1]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(("state", "code"), [("EXPIRED", 1), ("SENT", 3)])
def test_a_test_push_that_does_not_arrive_ends_with_its_own_exit_code(
    platform: Platform, state: str, code: int
) -> None:
    platform.on("POST", "/v6/send", {"mtNum": "42"})
    platform.on("GET", "/v1/messages/42", message(state))
    words = ("--login", "bank", "--password", "p", "--user", "gold", "--timeout", "0.1")
    assert rpns(platform, "test-push", *words).exit_code == code


def asked_for(platform: Platform) -> list[str]:
    """The first parameter of each search for messages."""
    searches = [urlsplit(path) for _, path, _ in platform.asked]
    return [next(iter(parse_qs(search.query))) for search in searches if search.path == "/v1/messages"]


def test_why_takes_what_looks_like_a_phone_for_one_before_an_id(platform: Platform) -> None:
    platform.answers["GET", "/v1/messages"] = [(200, {"messages": []}), (200, {"messages": [message("READ")] * 2})]
    platform.on("GET", "/v1/messages/m-1", message("READ"))
    result = rpns(platform, "why", "+7 902 000-00-01")
    assert result.exit_code == 0, result.output
    assert asked_for(platform)[:2] == ["phone", "id"]
    assert "it is READ" in result.stdout
    assert "APNs" in result.stdout


def test_why_names_a_message_whose_id_looks_like_the_phone(platform: Platform) -> None:
    other = {**message("READ"), "messageId": "m-2"}
    platform.answers["GET", "/v1/messages"] = [(200, {"messages": [message("READ")]}), (200, {"messages": [other]})]
    platform.on("GET", "/v1/messages/m-1", message("READ"))
    result = rpns(platform, "why", "79020000001")
    assert "79020000001 is the id of another message as well: m-2" in result.stdout
    assert asked_for(platform) == ["phone", "id"]


def test_why_asks_once_for_what_is_no_phone(platform: Platform) -> None:
    platform.on("GET", "/v1/messages", {"messages": [message("READ")]})
    platform.on("GET", "/v1/messages/m-1", message("READ"))
    assert rpns(platform, "why", "first-1").exit_code == 0
    assert asked_for(platform) == ["id"]


def test_a_report_in_the_trace_says_what_it_told_and_is_no_repetition_of_another_state(platform: Platform) -> None:
    delivered = message("DELIVERED")
    report = {**delivered["trace"][0], "what": "report", "provider": None, "attempt": 2, "status": 2, "detail": "taken"}
    platform.on("GET", "/v1/messages", {"messages": [delivered]})
    platform.on("GET", "/v1/messages/m-1", {**delivered, "trace": [report]})
    result = rpns(platform, "why", "m-1")
    assert "report  delivered  taken" in " ".join(result.stdout.split("\n"))
    assert "attempt" not in result.stdout


def test_why_of_something_unknown_is_one_line(platform: Platform) -> None:
    platform.on("GET", "/v1/messages", {"messages": []})
    result = rpns(platform, "why", "nobody@here")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_no_address_can_hold_is_refused_before_anything_is_asked(platform: Platform, name: str) -> None:
    result = rpns(platform, "broadcast-channels", "create", "bank", name)
    assert (result.exit_code, "must not be empty" in result.stderr, platform.asked) == (1, True, [])


def test_a_drawn_report_key_is_shown_as_receivers_want_it_too(platform: Platform) -> None:
    platform.on("POST", "/v1/partners/bank/report-key", {"key": "drawn-key", "webhookSecret": "whsec_ZHJhd24="})
    result = rpns(platform, "partners", "rotate", "bank", "--what", "report-key")
    assert "key: drawn-key" in result.stdout
    assert "webhook secret: whsec_ZHJhd24=" in result.stdout
