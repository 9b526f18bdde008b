"""The applications of our HTTP services, alike in what they refuse and in how they are described."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from services.runtime.http import server
from services.runtime.openapi.document import IsLimited, complete, nothing_limited

Add = Callable[[dict[str, Any]], None]
"""Adds to a document what FastAPI does not know."""


class _Documented(FastAPI):
    """FastAPI, whose document is completed once, when it is first asked for."""

    add: Add | None = None
    is_limited: IsLimited = staticmethod(nothing_limited)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            if self.add is not None:
                self.add(document)
            complete(document, self.is_limited)
        assert self.openapi_schema is not None
        return self.openapi_schema


def application(
    title: str,
    version: str,
    description: str,
    add: Add | None = None,
    *,
    is_limited: IsLimited = nothing_limited,
) -> FastAPI:
    """An application without routes. Every error of it is a problem; a path with a slash too many is none of ours."""
    app = _Documented(
        title=title,
        version=version,
        description=description,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.add, app.is_limited = add, is_limited
    server.install_problems(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """The name of the route's function, as a client's method is called."""
    return to_camel(route.name)
