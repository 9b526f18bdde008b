"""The API of this process: FastAPI, which documents and routes everything but the hot paths.

A hot path is an ASGI endpoint of its own that the public listener calls directly; FastAPI knows it for other methods,
which are 405, and for the document.
"""

from collections.abc import Mapping, Sequence, Set

from fastapi import APIRouter, FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp

from services.ingest.openapi import add_hot_paths
from services.ingest.packet import PACKET_PATH
from services.ingest.refused import NotesRefused, RefusedRequests
from services.ingest.send import SEND_PATH
from services.runtime import openapi
from services.runtime.http import server

_ABOUT = """Sending: one message (`/v6/send`), a packet of up to 3000 (`/v3/batch`), one message to very many
(`/v1/mailings`), one push to all who follow a channel (broadcast channels).

`/v6/send` and `/v3/batch` are the Rapporto protocol and refuse in its words; the others refuse with RFC 9457 problems.
"""
UPLOADS = ("/recipients",)
"""The ends of paths whose bodies are streamed, and may take long."""


def application(
    direct: Mapping[tuple[str, str], ASGIApp], routers: Sequence[APIRouter], refused: RefusedRequests | None = None
) -> FastAPI:
    """The API of this process; `direct` are the hot paths by method and path. `refused` counts what the rest refuse."""
    app = openapi.application("RPNS partner API", "6.0", _ABOUT, add_hot_paths, is_limited=_is_hot)
    app.add_middleware(server.BodyLimit, streamed=UPLOADS)
    if refused is not None:
        app.add_middleware(NotesRefused, refused=refused)
    for router in routers:
        app.include_router(router)
    for (method, path), endpoint in direct.items():
        app.router.routes.append(Route(path, endpoint, methods=[method]))
    return app


def _is_hot(path: str, _: Set[str]) -> bool:
    return path in (SEND_PATH, PACKET_PATH)
