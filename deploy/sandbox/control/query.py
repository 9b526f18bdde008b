"""Queries, bodies and answers of the control API; MalformedError names what is wrong with a request."""

import math
from typing import Any

import orjson
from aiohttp import web

from deploy.sandbox.http.json_form import MalformedError, parse_object


async def read_body(request: web.Request) -> dict[str, Any]:
    return parse_object(await request.read())


def answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


class Query:
    """The query of a request; a name that is not among `known` is refused."""

    def __init__(self, request: web.Request, *known: str) -> None:
        self._values = request.query
        for name in self._values:
            if name not in known:
                raise MalformedError(f"is no parameter here; there are {', '.join(known)}", name)

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def choice(self, name: str, known: tuple[str, ...]) -> str | None:
        value = self._values.get(name)
        if value is not None and value not in known:
            raise MalformedError(f"must be one of {', '.join(known)}", name)
        return value

    def integer(self, name: str, default: int, highest: int) -> int:
        value = self._values.get(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > highest:
            raise MalformedError(f"must be an integer, 0 to {highest}", name)
        return int(value)

    def number(self, name: str, default: float, highest: float) -> float:
        value = self._values.get(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 <= number <= highest:
            raise MalformedError(f"must be a number, 0 to {highest}", name)
        return number
