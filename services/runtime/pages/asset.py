"""The answer with a file, compressed for callers who can read that."""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple, Self

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.runtime.http import server

READING = frozenset({"GET", "HEAD"})
"""Methods that are answered with a file; of HEAD the server sends the head alone."""
_TYPES = MappingProxyType({".js": "text/javascript", ".css": "text/css", ".html": "text/html"})


class Content(NamedTuple):
    """What a file holds, as it is and by gzip."""

    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, plain: bytes) -> Self:
        return cls(plain, gzip.compress(plain, 6, mtime=0))


class Asset:
    """`name` tells the type by its ending. `read` may take its time; a file that is not there is `absent`, or 404."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Content],
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        absent: server.ProblemBody | None = None,
    ) -> None:
        self._kind, self._read, self._headers, self._absent = _TYPES[PurePath(name).suffix], read, headers, absent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        try:
            content = await asyncio.to_thread(self._read)
        except FileNotFoundError:
            return server.problem_response(self._absent or server.nothing_at(scope["path"]))
        headers = {**self._headers, "Content-Type": f"{self._kind}; charset=utf-8", "Vary": "Accept-Encoding"}
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        if b"gzip" in accepted:
            return Response(content.packed, 200, headers | {"Content-Encoding": "gzip"})
        return Response(content.plain, 200, headers)
