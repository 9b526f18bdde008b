"""Refusals are in the language that the request asks for; what programs read of them is the same in each."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any, NoReturn

import httpx
import pytest
from fastapi import FastAPI

from services.ingest import http as ingest_http
from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http import body_deadline, server
from services.runtime.http.body_deadline import BodyDeadline
from services.runtime.http.listeners import Api
from services.runtime.words import lookup
from tests.support.apps import all_apps

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Api]]:
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    yield all_apps(nobody, SECRETS, logins)
    logins.close()


async def asked(app: Any, method: str, path: str, language: str | None, body: object = None) -> httpx.Response:
    headers = {} if language is None else {b"accept-language": language.encode("latin-1")}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://rpns") as client:
        return await client.request(method, path, headers=headers, json=body)


async def test_a_problem_is_told_in_russian_with_the_names_as_they_are(apps: dict[str, Api]) -> None:
    answer = await asked(apps["status"], "GET", "/v1/messages?limits=1&user=1&user=2", "ru-RU, en;q=0.5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "ru"
    found = answer.json()
    assert (found["status"], found["title"]) == (400, "Неверный запрос")
    unknown, twice = found["errors"]
    assert unknown["field"] == "limits"
    assert unknown["rule"].startswith("неизвестный параметр запроса, возможно, имелось в виду limit?; допустимы: ")
    assert twice == {"field": "user", "rule": "должно быть указано один раз"}


async def test_what_programs_read_and_the_headers_are_the_same_in_both(apps: dict[str, Api]) -> None:
    for service, path in (("status", "/v1/messages"), ("registry", "/sdk/api/v1/none"), ("ingest", "/v1/mailings")):
        english = await asked(apps[service], "GET", path, None)
        russian = await asked(apps[service], "GET", path, "ru")
        assert english.status_code == russian.status_code
        assert english.json().keys() == russian.json().keys()
        assert english.json()["title"] != russian.json()["title"]
        own = {"content-length", "content-language"}
        assert {n: v for n, v in english.headers.items() if n not in own} == {
            n: v for n, v in russian.headers.items() if n not in own
        }


@pytest.mark.parametrize("language", ["en", "de, fr;q=0.9", "*", "en-GB, ru;q=0.5", ";;q=x,", "\u00ff"])
async def test_whoever_does_not_ask_for_russian_is_answered_byte_for_byte_as_ever(
    apps: dict[str, Api], language: str
) -> None:
    plain = await asked(apps["status"], "GET", "/v1/messages?limits=1", None)
    other = await asked(apps["status"], "GET", "/v1/messages?limits=1", language)
    assert (other.content, other.headers) == (plain.content, plain.headers)
    assert "content-language" not in plain.headers


async def test_the_partner_protocol_keeps_its_words_and_says_the_rest_in_russian(apps: dict[str, Api]) -> None:
    english = await asked(apps["ingest"], "POST", "/v6/send", None, {"login": 1})
    russian = await asked(apps["ingest"], "POST", "/v6/send", "ru", {"login": 1})
    assert english.json()["error"] == russian.json()["error"] == {"code": 4, "description": "Invalid request"}
    assert english.json()["extendedDescription"] == (
        "message: mandatory; login: must be a string: write it in quotes; password: mandatory"
    )
    assert russian.json()["extendedDescription"] == (
        "message: обязательно; login: нужна строка: возьмите значение в кавычки; password: обязательно"
    )
    assert russian.headers["content-language"] == "ru"
    assert "content-language" not in english.headers


async def test_a_body_that_is_too_slow_is_told_so_in_russian() -> None:
    sent: list[Any] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"accept-language", b"ru")]}
    await BodyDeadline(reading, body_s=0.01)(scope, never, send)
    assert (b"content-language", b"ru") in sent[0]["headers"]
    assert "тело запроса не пришло вовремя" in sent[1]["body"].decode()


async def test_an_answer_that_is_no_refusal_never_comes_by_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: object) -> NoReturn:
        raise AssertionError("nobody was refused")

    for module in (server, body_deadline, lookup, ingest_http):
        for name in ("spoken_by", "translation_of"):
            monkeypatch.setattr(module, name, unexpected, raising=False)
    app = FastAPI()
    server.install_problems(app)

    @app.post("/native")
    async def native(body: dict[str, int]) -> dict[str, int]:
        return body

    async def partners(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await ingest_http.write_answer(scope, send, b'{"a":1}', ingest_http.Beside())

    app.mount("/partners", partners)
    for path in ("/native", "/partners/"):
        answer = await asked(BodyDeadline(server.BodyLimit(app)), "POST", path, "ru", {"a": 1})
        assert (answer.status_code, answer.json()) == (200, {"a": 1})
    with pytest.raises(AssertionError, match="nobody was refused"):
        await asked(BodyDeadline(app), "POST", "/native", "ru", [])
