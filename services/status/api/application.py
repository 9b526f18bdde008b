"""HTTP of the native API: what has become of a message.

GET /v1/messages/{id}   one message with its whole trace; `id` is the message id, mtNum, or the partner's own id
GET /v1/messages/{id}/live  server-sent events: the same at each change
GET /v1/messages        search by phone, user, id, extraParam, callbackData, application, provider, mailing, packet,
                        state, reason, period; pages by cursor
GET /v1/messages/reasons  how many of those that a search finds have failed for which reason
GET /v1/messages/export all that a search finds, streamed
GET /v1/events          server-sent events: every change of a state, resumable

A partner (HTTP Basic) sees its own messages, an operator (bearer token) sees all of them. Errors are RFC 9457.
"""

from collections.abc import Iterable, Set

from fastapi import APIRouter, FastAPI

from services.runtime import openapi
from services.runtime.http import server
from services.runtime.http.beside import TellsBeside
from services.runtime.http.security_schemes import BATCH_KEY, PARTNER
from services.status.api.packets import MAX_STATES_BYTES, STATES_PATH

_ABOUT = """What has become of messages: one with its whole trace, searches, exports, the stream of changes, statistics,
packets; and the device's in-app history.

A partner (HTTP Basic) sees its own messages, an operator (bearer token) all of them. Errors are RFC 9457 problems.
"""


def application(routers: Iterable[APIRouter]) -> FastAPI:
    """The ASGI application with these routes."""
    app = openapi.application("RPNS status", "1", _ABOUT, is_limited=_is_partners)
    app.add_middleware(server.BodyLimit, larger={STATES_PATH: MAX_STATES_BYTES})
    app.add_middleware(TellsBeside)
    for router in routers:
        app.include_router(router)
    return app


def _is_partners(_: str, schemes: Set[str]) -> bool:
    return bool(schemes & {PARTNER.scheme_name, BATCH_KEY.scheme_name})
