"""`rpns` tells of messages in the language of `--language`, else of the locale, and asks the platform for it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.cli.place import Place
from deploy.cli.words.choice import language_in
from schemas.language import Language
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import rpns

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
    for words in ("попытка 2", "звено 2", "установка 01234567", "(поздно, не учитывается)", "12 мс", "errorCode 7"):
        assert words in line
    assert "получатель +79020000001  время по UTC" in shown
    assert "не сохранено строк: 3" in shown
    assert "до этого:" in shown


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
