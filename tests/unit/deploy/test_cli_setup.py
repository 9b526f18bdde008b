"""`rpns setup` makes what the first push of a partner needs, in order, and what is there already it leaves alone."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.cli import place
from deploy.cli.provisioning import first_push
from deploy.cli.provisioning.first_push import FirstPush
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import rpns

Json = dict[str, Any]
APPLICATION: Json = {"applicationId": "app", "identity": "required", "identityKeys": [], "apiKey": "drawn-key"}
PARTNER: Json = {"partnerId": "bank", "login": "bank", "defaultSender": None}
SENDER: Json = {"serviceNumber": "MyBank", "applicationId": "app"}
CREDENTIALS: Json = {"provider": "fcm", "fingerprint": "f0"}
CHANGING = ("POST", "PUT", "PATCH")


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        empty(platform)
        yield platform


def empty(platform: Platform) -> None:
    """Nothing of it is there, and all of it can be made."""
    platform.on("POST", "/v1/applications", APPLICATION, status=201)
    platform.on("GET", "/v1/applications/app/credentials", [])
    platform.on("PUT", "/v1/applications/app/credentials/fcm", CREDENTIALS)
    platform.on("POST", "/v1/partners", {**PARTNER, "password": "drawn-one"}, status=201)
    platform.on("GET", "/v1/partners/bank/senders", [])
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", SENDER)
    platform.on("PATCH", "/v1/partners/bank", {**PARTNER, "defaultSender": "MyBank", "password": None})


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    file = tmp_path / "fcm.json"
    file.write_text('{"project_id": "p"}')
    named = ["--partner", "bank", "--application", "app", "--provider", "fcm", "--credentials", str(file)]
    return ["setup", *named, "--sender", "MyBank"]


def changes(platform: Platform) -> list[tuple[str, str]]:
    return [(method, urlsplit(path).path) for method, path, _ in platform.asked if method in CHANGING]


ALL = [
    ("POST", "/v1/applications"),
    ("PUT", "/v1/applications/app/credentials/fcm"),
    ("POST", "/v1/partners"),
    ("PUT", "/v1/partners/bank/senders/MyBank"),
    ("PATCH", "/v1/partners/bank"),
]


def test_everything_is_made_in_one_go_and_the_first_push_is_shown(platform: Platform, words: list[str]) -> None:
    result = rpns(platform, *words)
    assert result.exit_code == 0, result.stderr
    assert changes(platform) == ALL
    assert json.loads(platform.asked[-1][2]) == {"defaultSender": "MyBank"}
    line = next(line for line in result.stdout.splitlines() if line.startswith("curl "))
    command = shlex.split(line)
    assert command[3] == f"{platform.url}/v6/send"
    body = json.loads(command[-1])
    assert (body["login"], body["password"]) == ("bank", "drawn-one")
    assert body["message"]["data"]["serviceNumber"] == "MyBank"
    assert "API key: drawn-key" in result.stdout
    assert "Nobody can log in: add a key" in result.stdout


def test_what_is_missing_is_asked_for(platform: Platform, words: list[str]) -> None:
    credentials = words[words.index("--credentials") + 1]
    result = rpns(platform, "setup", given=f"bank\napp\nfcm\n{credentials}\nMyBank\n")
    assert result.exit_code == 0, result.stderr
    assert changes(platform) == ALL
    assert "Login of the partner" in result.stdout


def test_after_a_failure_in_the_middle_it_goes_on_and_doubles_nothing(platform: Platform, words: list[str]) -> None:
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", {"title": "Others are changing"}, status=503)
    broken = rpns(platform, *words)
    assert (broken.exit_code, changes(platform)) == (1, ALL[:4])
    assert "Others are changing" in broken.stderr
    assert "password: drawn-one" in broken.stdout, "it is shown once, and would be lost"
    platform.asked.clear()
    platform.on("GET", "/v1/applications/app", APPLICATION)
    platform.on("GET", "/v1/applications/app/credentials", [CREDENTIALS])
    platform.on("GET", "/v1/partners/bank", PARTNER)
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", SENDER)
    again = rpns(platform, *words)
    assert (again.exit_code, changes(platform)) == (0, ALL[3:])
    assert "partner bank was there before" in again.stdout
    platform.asked.clear()
    platform.on("GET", "/v1/partners/bank", {**PARTNER, "defaultSender": "MyBank"})
    platform.on("GET", "/v1/partners/bank/senders", [SENDER])
    assert rpns(platform, *words).exit_code == 0
    assert changes(platform) == []


def test_machines_get_what_was_drawn_also_of_a_failure(platform: Platform, words: list[str]) -> None:
    platform.on("PUT", "/v1/partners/bank/senders/MyBank", {"title": "Others are changing"}, status=503)
    result = rpns(platform, *words, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["partner"]["password"]) == (1, "drawn-one")
    assert answer["made"] == ["application", "credentials", "partner"]


def test_a_sender_of_another_application_and_another_default_stay(platform: Platform, words: list[str]) -> None:
    platform.on("GET", "/v1/partners/bank", {**PARTNER, "defaultSender": "Other"})
    kept = rpns(platform, *words)
    assert (kept.exit_code, changes(platform)[-1]) == (0, ALL[3])
    assert "Other stays the default sender of bank" in kept.stdout
    platform.on("GET", "/v1/partners/bank/senders", [{**SENDER, "applicationId": "other"}])
    refused = rpns(platform, *words)
    assert (refused.exit_code, "stands for other" in refused.stderr) == (1, True)


def test_the_first_push_is_sent_when_asked_for_and_the_services_are_given_time(
    platform: Platform, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_push, "_LOOK_S", 0.0)
    unknown = {"error": {"code": 5, "description": "Invalid login"}}
    platform.answers["POST", "/v6/send"] = [(401, unknown), (200, {"mtNum": "7"})]
    head = {"messageId": "m", "mtNum": "7", "id": None, "phone": "79020000001", "externalUserId": None}
    platform.on("GET", "/v1/messages/7", {**head, "state": "SENT", "explanation": "It went.", "trace": []})
    result = rpns(platform, *words, "--phone", "79020000001", "--send")
    assert result.exit_code == 0, result.stderr
    sent = [json.loads(body) for method, path, body in platform.asked if path == "/v6/send"]
    assert [push["destAddr"] for push in sent] == ["79020000001"] * 2
    assert "It went." in result.stdout


def test_an_app_for_apple_without_a_bundle_is_refused_before_anything_is_made(
    platform: Platform, words: list[str]
) -> None:
    for_apple = [*words, "--provider", "apns"]
    result = rpns(platform, *for_apple)
    assert (result.exit_code, "--bundle" in result.stderr, changes(platform)) == (1, True, [])
    platform.on("PUT", "/v1/applications/app/credentials/apns", {**CREDENTIALS, "provider": "apns"})
    assert rpns(platform, *for_apple, "--bundle", "com.bank.app").exit_code == 0
    made = next(body for method, path, body in platform.asked if (method, path) == ALL[0])
    assert json.loads(made)["bundle"] == "com.bank.app"


def test_the_sandbox_has_credentials_of_its_own(
    platform: Platform, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words[words.index("--credentials") + 1] = "sandbox"
    monkeypatch.setattr(place.Place, "_local", None)
    without = rpns(platform, *words)
    assert (without.exit_code, "make up" in without.stderr, platform.asked) == (1, True, [])
    stack = {"public_url": platform.url, "operators_url": platform.url, "sandbox": {"credentials": {"fcm": {"a": 1}}}}
    monkeypatch.setattr(place.Place, "_local", stack)
    assert rpns(platform, *words).exit_code == 0
    put = next(body for method, path, body in platform.asked if path.endswith("/credentials/fcm"))
    assert json.loads(put) == {"a": 1}


@pytest.mark.parametrize(("more", "missing"), [([], "--phone"), (["--phone", "7902", "--json"], "--json")])
def test_nothing_is_sent_to_nobody_nor_for_machines(
    platform: Platform, words: list[str], more: list[str], missing: str
) -> None:
    result = rpns(platform, *words, "--send", *more)
    assert (result.exit_code, platform.asked) == (1, [])
    assert missing in result.stderr


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_password_that_was_given_is_not_shown_again(platform: Platform, words: list[str], form: list[str]) -> None:
    platform.on("POST", "/v1/partners", {**PARTNER, "password": "given-one"}, status=201)
    result = rpns(platform, *words, "--secret-file", "-", *form, given="given-one\n")
    assert (result.exit_code, "given-one" in result.output) == (0, False)
    sent = [json.loads(body) for method, path, body in platform.asked if (method, path) == ALL[2]]
    assert sent == [{"login": "bank", "password": "given-one"}]


def test_a_partner_that_was_there_before_is_asked_for_its_password_in_a_file(
    platform: Platform, words: list[str]
) -> None:
    platform.on("GET", "/v1/partners/bank", PARTNER)
    result = rpns(platform, *words, "--phone", "79020000001", "--send")
    assert (result.exit_code, "give --secret-file" in result.stderr) == (1, True)


def test_a_shell_reads_the_line_as_it_was_meant() -> None:
    line = FirstPush("o'bank", "p'; $(rm)", "My Bank", "7902").curl_line("http://127.0.0.1:8080")
    assert json.loads(shlex.split(line)[-1])["password"] == "p'; $(rm)"
