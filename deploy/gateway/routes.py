"""The table of the gateway: which path of which address leads to which service.

    PUBLIC      everybody's address; leads to the services' RPNS_PORT
    OPERATORS   an address in a network of their own; leads to their RPNS_OPERATORS_PORT, and nowhere else

A single `*` at the end of a path stands for whatever follows; elsewhere, and where there are several, for one part
between slashes. The first route that has the path is taken, so what `/v1/*` would take as well stands before it. What
is an operator's alone the services answer 404 at the public address (`services/runtime/access/operator_routes.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Service = Literal["ingest", "registry", "status"]
PUBLIC_PORT, OPERATORS_PORT = 8080, 8081
"""Of the gateway's two addresses, where nothing else is said."""
SERVICES: tuple[Service, ...] = ("ingest", "registry", "status")
"""Those with an API."""
ASSETS_OF: Service = "registry"
"""Which of them is asked for what the page of the APIs loads; all have it, and this one is at both addresses."""


@dataclass(frozen=True)
class Route:
    """Paths of one service."""

    service: Service
    paths: tuple[str, ...]
    name: str = ""  # beside the service's, where it has more than one route
    is_bulk: bool = False  # for the instances of the bulk lane, where there are any

    @property
    def title(self) -> str:
        return f"{self.service}-{self.name}" if self.name else self.service


def _under(*resources: str) -> tuple[str, ...]:
    return tuple(f"/v1/{resource}{rest}" for resource in resources for rest in ("", "/*"))


_DEVICE = "/sdk/api/v1/installations/*"
_CHANNELS = "/v1/applications/*/broadcast-channels"
_SPECIAL = (
    Route(
        "status",
        (*(f"{_DEVICE}/{rest}" for rest in ("messages/*/content", "history", "history/*")), "/v3/batch/*"),
        "special",
    ),
    Route("ingest", tuple(_CHANNELS + rest for rest in ("", "/*", "/*/messages", "/*/messages/*")), "special"),
    Route("ingest", ("/v3/batch", *_under("mailings")), "bulk", is_bulk=True),
)
"""Paths that the routes below would send to another service, or to instances of the other lane."""

PUBLIC = (
    *_SPECIAL,
    Route("ingest", ("/v6/*", "/v3/*", *_under("mailings"))),
    Route(
        "registry",
        (
            "/sdk/api/*",
            "/gateway/hms/*",
            "/v1/applications/*/subscriptions",
            "/v1/applications/*/prohibitions",
            *_under("me", "installations", "identities", "stops", "refusals"),
            "/portal",
            "/portal/*",
        ),
    ),
    Route("status", ("/v1/*", "/gateway/*", "/l/*")),
)

OPERATORS = (
    *_SPECIAL,
    Route("ingest", _under("mailings", "test-pushes")),
    Route(
        "registry",
        (
            "/v1/me",
            *_under("applications", "partners", "installations", "identities", "stops", "refusals", "erasures"),
            *_under("operators", "accounts", "session", "sessions"),
            *_under("cluster", "dead-letters", "audit"),
            "/console",
            "/console/*",
        ),
    ),
    Route("status", ("/v1/*",)),
)

SEND = ("/v6/*", "/v3/batch")
"""The partner protocol, which says in its own words that a service is away."""
STREAMS = ("/v1/events", "/v1/messages/*/live", "/v1/mailings/*/live", "/v1/cluster/live")
"""Answers that come bit by bit for as long as the caller listens."""
MOST_BODY_MB = 17
"""Of a request outside the bulk lane's paths: a little more than the services take, so that it is they who refuse."""


def expression(path: str) -> str:
    """A regular expression for the path of the table, without anchors; paths hold letters, digits, `-` and `/`."""
    if path.count("*") == 1 and path.endswith("*"):
        return f"{path[:-1]}.*"
    return path.replace("*", "[^/]*")


def route_of(path: str, routes: Sequence[Route]) -> Route | None:
    """The route that a path takes."""
    return next((route for route in routes if any(re.fullmatch(expression(way), path) for way in route.paths)), None)
