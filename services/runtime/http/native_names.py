"""What nobody reads in requests of the native API (`/v1`, `/sdk/api/v1`) is refused: names, with the one that was
meant, and bodies of routes that take none, and methods.

What others have designed is read tolerantly: the partner protocol, callbacks of providers, reports of the channel
platform, short links with whatever a marketing tool adds, what a company's login sends a browser back with.
"""

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import Scope

from services.runtime.access.operator_routes import is_operators_alone
from services.runtime.http.field_names import model_in, nearest, suggestion

NATIVE = ("/v1/", "/sdk/api/v1/")
OF_OTHERS = ("/v1/session/oidc/callback",)
"""Of these, what others have designed."""
_MOST_FAULTS, _MOST_OF_NAME = 50, 100
_MOST_OF_NOTHING, _NOTHING, _TOO_MUCH = 64, (b"", b"{}", b"null"), b"..."
"""Bytes that a body without a meaning has at most; what it may be."""


def query_faults(request: Request) -> list[dict[str, str]]:
    """Query parameters that the route does not read, that it reads once and are there twice, and that are empty: nobody
    could tell whether nothing is asked for, or what has nothing there. Empty may be what is empty by default, or is
    declared so (`min_length=0`)."""
    if not request.url.query or not request.url.path.startswith(NATIVE) or request.url.path in OF_OTHERS:
        return []
    route = request.scope["route"]
    known, named = query_of(route), sorted(query_of(route, only_described=True))
    may_be_empty = _may_be_empty(route)
    faults = []
    for name in dict.fromkeys(request.query_params.keys()):
        if name not in known:
            allowed = f"allowed: {', '.join(named)}" if named else "none is allowed here"
            rule = f"unknown query parameter{suggestion(nearest(name, named))}; {allowed}"
            faults.append({"field": name[:_MOST_OF_NAME] or "query", "rule": rule})
        elif not known[name] and len(request.query_params.getlist(name)) > 1:
            faults.append({"field": name, "rule": "must be given once"})
        elif name not in may_be_empty and "" in request.query_params.getlist(name):
            faults.append({"field": name, "rule": "must not be empty"})
    return faults[:_MOST_FAULTS]


def methods_at(scope: Scope) -> set[str]:
    """The methods that the document has at a path, for whoever may not call those of operators alone: only the public
    listener lets others come so far."""
    path = scope["path"]
    items = (
        item for template, item in scope["app"].openapi()["paths"].items() if compile_path(template)[0].match(path)
    )
    found = {method.upper() for item in items for method in item}
    return {method for method in found if not is_operators_alone(method, path)}


def body_of(request: Request) -> type[BaseModel] | None:
    """The model of the body that the route takes."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return model_in(field.field_info.annotation) if field is not None else None


async def body_faults(request: Request) -> list[dict[str, str]]:
    """A body where the route reads none, so that nobody takes it for heard. What says nothing is let pass: `{}`, `null`
    and blanks are what many clients send with every call."""
    if not request.url.path.startswith(NATIVE) or _has_no_body(request) or _takes_a_body(request):
        return []
    begun = b""
    try:
        async for piece in request.stream():
            begun += piece
            if len(begun) > _MOST_OF_NOTHING:
                break
    except HTTPException:  # it is past the limit of bodies as well
        begun = _TOO_MUCH
    return [] if begun.strip() in _NOTHING else [{"field": "body", "rule": "none is taken here"}]


def _has_no_body(request: Request) -> bool:
    headers = request.headers
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def _takes_a_body(request: Request) -> bool:
    """As the document says, which knows of routes that read theirs themselves."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute) or route.body_field is not None:
        return True
    item = request.app.openapi()["paths"].get(route.path_format, {})
    return "requestBody" in item.get(request.method.lower(), {})


def query_of(route: object, *, only_described: bool = False) -> Mapping[str, bool]:
    """The query parameters of a route, also of what it depends on; true for those that may be given several times.

    `only_described`: without former names, which are read but not told.
    """
    if not isinstance(route, APIRoute):
        return {}
    return {
        parameter.alias: _is_several(parameter.field_info.annotation)
        for parameter in _flat(route.dependant)
        if not only_described or getattr(parameter.field_info, "include_in_schema", True)
    }


def _may_be_empty(route: object) -> set[str]:
    found = _flat(route.dependant) if isinstance(route, APIRoute) else ()
    return {
        parameter.alias
        for parameter in found
        if parameter.field_info.default == ""
        or any(getattr(rule, "min_length", None) == 0 for rule in parameter.field_info.metadata)
    }


def _flat(dependant: Dependant) -> Iterator[Any]:
    """Its query parameters, as FastAPI describes them to itself."""
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _flat(inner)


def _is_several(annotation: Any) -> bool:
    """A list, through Annotated and None."""
    inner = typing.get_args(annotation)
    return typing.get_origin(annotation) in (list, tuple, set) or any(map(_is_several, inner))
