"""The API of this process: FastAPI, which documents and routes everything but the hot paths.

A hot path is an ASGI endpoint of its own that the public listener calls directly; FastAPI knows it for other methods,
which are 405, and for the document.
"""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp

from services.ingest.openapi import describe
from services.runtime.http import server

UPLOADS = ("/recipients",)
"""The ends of paths whose bodies are streamed, and may take long."""


def application(direct: Mapping[tuple[str, str], ASGIApp], routers: Sequence[APIRouter]) -> FastAPI:
    """The API of this process; `direct` are the hot paths by method and path."""
    app = FastAPI(title="RPNS partner API", version="6.0", docs_url=None, redoc_url=None)
    server.install_problems(app)
    app.add_middleware(server.BodyLimit, streamed=UPLOADS)
    for router in routers:
        app.include_router(router)
    for (method, path), endpoint in direct.items():
        app.router.routes.append(Route(path, endpoint, methods=[method]))
    describe(app)
    return app
