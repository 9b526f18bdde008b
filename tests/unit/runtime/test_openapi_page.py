"""What the page of the APIs loads is served by our own listeners, to everybody, and nothing else with it."""

import re
from pathlib import Path

import httpx
import pytest

from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.directory import Directory
from services.runtime.http.listeners import OperatorsListener, PublicListener
from services.runtime.openapi.page import ASSETS
from tests.unit.runtime.test_listeners import SECRETS, Reached

PAGE = Path(__file__).resolve().parents[3] / "deploy/pages/docs.html"


def listeners() -> list[PublicListener | OperatorsListener]:
    app = Reached(dict)
    return [PublicListener(app), OperatorsListener(app, OperatorTokens(Directory(), SECRETS, "x" * 32), ())]


async def got(listener: PublicListener | OperatorsListener, path: str, encoding: str = "identity") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listener), base_url="http://rpns") as client:
        return await client.get(path, headers={"Accept-Encoding": encoding})


async def test_everything_that_the_page_names_is_there() -> None:
    named = re.findall(r'(?:src|href)="assets/([^"]+)"', PAGE.read_text())
    assert len(named) == 4
    for listener in listeners():
        for name in named:
            plain, packed = await got(listener, ASSETS + name), await got(listener, ASSETS + name, "gzip")
            assert plain.status_code == packed.status_code == 200
            assert plain.headers["Content-Type"].startswith(("text/javascript", "text/css"))
            assert packed.headers["Content-Encoding"] == "gzip"
            assert packed.content == plain.content


def test_nothing_of_the_page_comes_from_elsewhere() -> None:
    assert re.findall(r"(?:https?:)?//[a-z]", PAGE.read_text()) == []
    assert "<script>" not in PAGE.read_text()  # the policy runs none


@pytest.mark.parametrize("name", ["", "redoc.standalone.js", "../page.py", "page.js/", "static/page.js", "PAGE.JS"])
async def test_no_other_file_is_read(name: str) -> None:
    for listener in listeners():
        answer = await got(listener, ASSETS + name)
        assert "swagger" not in answer.text.lower()
        assert answer.headers.get("Content-Type", "").startswith(("text/javascript", "text/css")) is False
