"""Names in requests of the native API (`/v1`, `/sdk/api/v1`) that nobody reads: refused, with the one that was meant.

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

from services.runtime.http.field_names import model_in, nearest, suggestion

NATIVE = ("/v1/", "/sdk/api/v1/")
_OF_OTHERS = ("/v1/session/oidc/callback",)
"""Of these, what others have designed."""
_MOST_FAULTS, _MOST_OF_NAME = 50, 100


def query_faults(request: Request) -> list[dict[str, str]]:
    """Query parameters that the route does not read, and those that it reads once and are there twice."""
    if not request.url.query or not request.url.path.startswith(NATIVE) or request.url.path in _OF_OTHERS:
        return []
    known = _query_of(request.scope["route"])
    faults = []
    for name in dict.fromkeys(request.query_params.keys()):
        if name not in known:
            allowed = f"allowed: {', '.join(sorted(known))}" if known else "none is allowed here"
            rule = f"unknown query parameter{suggestion(nearest(name, known))}; {allowed}"
            faults.append({"field": name[:_MOST_OF_NAME], "rule": rule})
        elif not known[name] and len(request.query_params.getlist(name)) > 1:
            faults.append({"field": name, "rule": "must be given once"})
    return faults[:_MOST_FAULTS]


def body_of(request: Request) -> type[BaseModel] | None:
    """The model of the body that the route takes."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return model_in(field.field_info.annotation) if field is not None else None


def _query_of(route: object) -> Mapping[str, bool]:
    """The query parameters of a route, also of what it depends on; true for those that may be given several times."""
    return dict(_flat(route.dependant)) if isinstance(route, APIRoute) else {}


def _flat(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    for parameter in dependant.query_params:
        yield parameter.alias, _is_several(parameter.field_info.annotation)
    for inner in dependant.dependencies:
        yield from _flat(inner)


def _is_several(annotation: Any) -> bool:
    """A list, through Annotated and None."""
    inner = typing.get_args(annotation)
    return typing.get_origin(annotation) in (list, tuple, set) or any(map(_is_several, inner))
