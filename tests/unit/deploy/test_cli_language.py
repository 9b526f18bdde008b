"""`rpns` speaks the language of --lang, RPNS_LANG or the locale, and asks the platform for it; JSON does not change."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.place import Place
from deploy.cli.words.choice import language_in
from schemas.language import Language
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import rpns

ROOT = Path(__file__).parents[3]
Json = dict[str, Any]
REASON = {"name": "expired", "errorCode": 7, "words": "срок жизни истёк"}
ENTRY: Json = {
    "at": 1,
    "what": "attempt",
    "words": "попытка отправки",
    "link": 1,
    "eventId": "e",
    "reason": REASON,
    "detail": "отклонено",
    "installationId": "0123456789",
    "liveActivity": None,
    "provider": "apns",
    "attempt": 2,
    "status": 410,
    "latencyMs": 12,
    "late": True,
    "counts": False,
}
MESSAGE: Json = {
    "messageId": "m-1",
    "links": [],
    "mtNum": "1",
    "id": None,
    "state": "EXPIRED",
    "explanation": "Пока ничего не известно.",
    "phone": "79020000001",
    "externalUserId": None,
    "createdAt": 1,
    "traceDropped": 3,
    "trace": [ENTRY],
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        platform.on("GET", "/v1/messages", {"messages": [MESSAGE, MESSAGE], "cursor": None})
        platform.on("GET", "/v1/messages/m-1", MESSAGE)
        yield platform


def test_a_message_is_told_in_the_language_that_was_asked_for(platform: Platform) -> None:
    shown = rpns(platform, "--language", "ru", "why", "m-1").stdout
    assert {headers["Accept-Language"] for headers in platform.headers} == {"ru"}
    line = next(line for line in shown.splitlines() if "попытка отправки" in line)
    for words in (
        "попытка 2",
        "звено 2",
        "установка 01234567",
        "(с опозданием, не учитывается)",
        "12 мс",
        "errorCode 7",
    ):
        assert words in line
    assert "получатель +79020000001  время по UTC" in shown
    assert "не сохранено строк: 3" in shown
    assert "до этого:" in shown
    assert shown.startswith("срок истёк (EXPIRED)  Пока ничего не известно.")
    assert shown.count("срок истёк (EXPIRED)") == 2  # of this one, and in the table of those before


def test_a_failure_says_where_its_cause_is(platform: Platform) -> None:
    reason = {"meaning": "Уведомления запрещены.", "remedy": None, "side": "customer"}
    link = {"reason": None, "deliveries": [], "skipped": [{"installationId": "0123456789", "reason": reason}]}
    newer = {**link, "skipped": [{"installationId": "9876543210", "reason": {**reason, "side": "of-a-newer-release"}}]}
    platform.on("GET", "/v1/messages/m-1", {**MESSAGE, "links": [link, newer]})
    shown = rpns(platform, "--language", "ru", "why", "m-1").stdout
    assert "устройство 01234567: Уведомления запрещены." in shown
    assert shown.count("Где причина: клиент") == shown.count("Где причина") == 1
    assert "Where the cause is: the customer" in rpns(platform, "why", "m-1").stdout


def test_states_and_reasons_are_said_in_every_table_with_their_code_behind(platform: Platform) -> None:
    about = {"partnerId": "bank", "channel": "PUSH", "reason": None}
    platform.on("GET", "/v1/messages", {"messages": [{**MESSAGE, **about, "state": "PLANNED"}], "cursor": None})
    platform.on("GET", "/v1/messages/reasons", {"reasons": []})
    shown = rpns(platform, "--lang", "ru", "messages").stdout
    assert "ещё не отправлено (PLANNED)" in shown
    assert "состояние" in shown
    assert "ещё не" not in rpns(platform, "messages").stdout
    account = {"accountId": "a-1", "name": "duty", "scopes": [], "passwordExpiresAt": 0, "changedAt": 1, "by": "root"}
    platform.on("GET", "/v1/accounts", [{**account, "state": "off"}, {**account, "state": "invited"}])
    accounts = rpns(platform, "--lang", "ru", "accounts", "list").stdout
    assert ("отключена" in accounts, "приглашение" in accounts, "invited" in accounts) == (True, True, False)


def test_statistics_by_a_field_are_headed_in_the_language(platform: Platform) -> None:
    rows = [{"group": {"channel": "SMS", "outcome": "sent"}, "count": 1}]
    platform.on("GET", "/v1/statistics", {"rows": rows})
    head = rpns(platform, "--lang", "ru", "statistics", "--by", "channel").stdout.splitlines()[0]
    assert head.split()[0] == "канал"


def test_english_is_spoken_unless_the_locale_is_russian(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "link 2" in rpns(platform, "why", "m-1").stdout
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert "звено 2" in rpns(platform, "why", "m-1").stdout
    assert "link 2" in rpns(platform, "--language", "en", "why", "m-1").stdout
    assert [headers["Accept-Language"] for headers in platform.headers[::2]] == ["en", "ru", "en"]


def test_json_is_what_the_platform_answers(platform: Platform) -> None:
    assert json.loads(rpns(platform, "--language", "ru", "why", "m-1", "--json").stdout) == MESSAGE


def test_a_line_of_an_older_release_has_its_kind_for_a_word(platform: Platform) -> None:
    old = {name: value for name, value in ENTRY.items() if name != "words"}
    platform.on("GET", "/v1/messages/m-1", {**MESSAGE, "trace": [old]})
    assert "attempt" in rpns(platform, "--language", "ru", "why", "m-1").stdout


def test_another_language_is_refused_in_one_line(platform: Platform) -> None:
    result = rpns(platform, "--language", "de", "why", "m-1")
    assert (result.exit_code, platform.asked) == (2, [])
    assert "'en', 'ru'" in result.stderr


PARTNERS = [{"partnerId": "bank", "login": "bank", "enabled": True, "changedAt": 1}]


def test_its_own_lines_are_in_the_language(platform: Platform) -> None:
    platform.on("GET", "/v1/partners", PARTNERS)
    platform.on("PATCH", "/v1/partners/bank", PARTNERS[0])
    shown = rpns(platform, "--lang", "ru", "partners", "list").stdout
    assert ("отправитель по умолчанию" in shown, "default sender" in shown, " да " in shown) == (True, False, True)
    assert "✓ партнёр bank отключён" in rpns(platform, "--lang=ru", "partners", "disable", "bank").stdout
    refused = rpns(platform, "--lang", "ru", "partners", "change", "bank")
    assert refused.stderr.strip() == "ошибка: нечего менять: укажите хотя бы один параметр"
    assert rpns(platform, "partners", "change", "bank").stderr.startswith("error: nothing to change")


def test_questions_are_asked_in_the_language(platform: Platform) -> None:
    platform.on("POST", "/v1/erasures/preview", {"persons": [], "leftOut": []})
    forget = ("--lang", "ru", "forget", "--phone", "79020000001")
    asked = rpns(platform, *forget, given="что?\nнет\n")
    assert asked.stdout.count("Отменить это нельзя. Удалить данные? [д/Н]") == 2
    assert ("Прервано" in asked.stderr, asked.exit_code) == (True, 1)
    platform.on("POST", "/v1/erasures", {"title": "Others are changing"}, status=409)
    assert "409" in rpns(platform, *forget, given="да\n").stderr
    assert "Login:" in rpns(platform, "test-push", "--phone", "7", given="").stdout
    assert "Логин:" in rpns(platform, "--lang", "ru", "test-push", "--phone", "7", given="").stdout


@pytest.mark.parametrize("words", [[], ["partners"], ["partners", "create"], ["import-devices"], ["setup"]])
def test_help_is_in_the_language(platform: Platform, words: list[str]) -> None:
    russian = rpns(platform, "--lang", "ru", *words, "--help").stdout
    assert "Использование:" in russian
    assert "показать эту справку и выйти" in " ".join(russian.replace("│", " ").split())
    english = rpns(platform, *words, "--help").stdout
    assert "Usage:" in english
    assert "Show this message and exit." in " ".join(english.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["nothing"], "Нет такой команды: 'nothing'."),
        (["mailing", "lst"], "Нет такой команды: 'lst'. Возможно, вы имели в виду 'list'?"),
        (["messages", "--limt", "4"], "Нет такого параметра: --limt (есть похожие: --limit)"),
        (["senders", "create", "a"], "Не указан аргумент 'service_number'."),
        (["reports", "resend"], "Не указан параметр '--partner'."),
        (["messages", "--limit"], "Параметру '--limit' нужно значение."),
        (["partners", "list", "--json=4"], "Параметр '--json' не принимает значения."),
        (["partners", "list", "more"], "Лишние аргументы: more"),
        (["messages", "--limit", "x"], "Неверное значение '--limit': нужно целое число"),
        (["messages", "--limit", "-3"], "Неверное значение '--limit': нужно не меньше 0"),
        (["partners", "rotate", "b", "--what", "x"], "Неверное значение '--what': 'x': допустимо только 'password'"),
        (["test-push", "--login", "a", "--password", "b"], "Неверное значение: укажите --phone или --user"),
    ],
)
def test_wrong_usage_is_refused_in_the_language(platform: Platform, words: list[str], refusal: str) -> None:
    result = rpns(platform, "--lang", "ru", *words)
    assert result.exit_code == 2
    assert refusal in " ".join(result.stderr.replace("│", " ").split())


def test_the_variable_goes_before_the_locale_and_the_option_before_both(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.on("GET", "/v1/partners", [])
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert "Партнёров нет." in rpns(platform, "partners", "list").stdout
    monkeypatch.setenv("RPNS_LANG", "en")
    assert "There are no partners." in rpns(platform, "partners", "list").stdout
    assert "Партнёров нет." in rpns(platform, "--lang", "ru", "partners", "list").stdout
    monkeypatch.setenv("RPNS_LANG", "de")
    assert rpns(platform, "partners", "list").exit_code == 2


@pytest.mark.parametrize(
    "words", [["partners", "list"], ["status"], ["import-devices", "FILE", "--application", "a", "--column", "token=t"]]
)
def test_what_machines_read_is_the_same_in_every_language(platform: Platform, tmp_path: Path, words: list[str]) -> None:
    silent = {"service": "status", "instance": "s-1", "isSilent": True, "at": 1, "startedAt": 1, "version": "1"}
    cluster: Json = {"instances": [silent], "groups": [], "signs": [], "openDeadLetters": {"status-events": 2}}
    platform.on("GET", "/v1/partners", PARTNERS)
    platform.on("GET", "/v1/cluster", cluster)
    (file := tmp_path / "a.csv").write_text("t\n \n")
    asked = [str(file) if word == "FILE" else word for word in words]
    english, russian = (rpns(platform, "--lang", language, *asked, "--json") for language in ("en", "ru"))
    assert (english.stdout, english.exit_code) == (russian.stdout, russian.exit_code)
    assert json.loads(russian.stdout)


def in_a_shell(platform: Platform, *words: str, **environment: str) -> str:
    command = [sys.executable, "-m", "deploy.cli", "--url", platform.url, "--token", "t", *words]
    own = {**os.environ, "RPNS_LANG": "ru", **environment}
    done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, timeout=60, check=False, encoding="utf-8")
    return done.stdout + done.stderr


def test_a_terminal_without_cyrillic_is_spoken_to_in_english(platform: Platform) -> None:
    platform.on("GET", "/v1/partners", [])
    for encoding in ("ascii", "latin-1"):
        assert "There are no partners." in in_a_shell(platform, "partners", "list", PYTHONIOENCODING=encoding)
    assert "Партнёров нет." in in_a_shell(platform, "partners", "list", PYTHONIOENCODING="utf-8")


def test_a_shell_completes_commands_and_tells_of_them_in_the_language(platform: Platform) -> None:
    bash = {"_RPNS_COMPLETE": "complete_bash", "COMP_WORDS": "rpns set", "COMP_CWORD": "1"}
    assert in_a_shell(platform, **bash).split() == ["setup"]
    zsh = {"_RPNS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "rpns partners "}
    candidates = in_a_shell(platform, PYTHONIOENCODING="utf-8", **zsh)
    assert ('"list":"Все партнёры."' in candidates, '"create"' in candidates) == (True, True)


def test_the_release_is_told_by_an_option_and_by_a_command(platform: Platform) -> None:
    assert rpns(platform, "version").stdout == rpns(platform, "--version").stdout
    assert rpns(platform, "version").stdout.startswith("rpns ")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "ru"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ru_RU.KOI8-R"}, "ru"),
        ({"LANG": "run_RU"}, "en"),
    ],
)
def test_the_locale_is_read_as_posix_says(environment: dict[str, str], language: str) -> None:
    assert language_in(environment) is Language(language)


def test_a_partner_is_spoken_to_in_the_same_language() -> None:
    place = Place("http://127.0.0.1:1", given_token="t", language=Language.RUSSIAN)
    assert place.anybody().as_partner("bank", "p").language is place.operator().language is Language.RUSSIAN
