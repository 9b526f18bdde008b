"""RuStore push, native: `POST /v1/projects/{project_id}/messages:send` with the service token as bearer.

Its error envelope and the body of a success are disputed (`docs/providers.md` §4.1): the switches
`rustore.errors` and `rustore.success` choose.
"""

import re
import ssl
import uuid
from dataclasses import dataclass

import orjson

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.inbox import Inbox, Received
from deploy.sandbox.rustore.keys import RustoreCredentials
from deploy.sandbox.rustore.rules import check_native, is_token

_SEND = re.compile(r"/v1/projects/([^/]+)/messages:send")
_BAD_TOKEN = "The registration token is not a valid registration token"


@dataclass(frozen=True, slots=True)
class Row:
    """One error: HTTP status, the `status` in the body, a message."""

    http: int
    status: str
    message: str


ROWS = {
    "INVALID_ARGUMENT": Row(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "INVALID_TOKEN": Row(400, "INVALID_ARGUMENT", _BAD_TOKEN),
    "UNAUTHENTICATED": Row(401, "UNAUTHENTICATED", "Authorization is missing."),
    "PERMISSION_DENIED": Row(403, "PERMISSION_DENIED", "The service token does not belong to the project."),
    "SENDER_ID_MISMATCH": Row(403, "SENDER_ID_MISMATCH", "The token belongs to another project."),
    "NOT_FOUND": Row(404, "NOT_FOUND", "Requested entity was not found."),
    "UNREGISTERED": Row(404, "UNREGISTERED", "Requested entity was not found."),
    "TOO_MANY_REQUESTS": Row(429, "TOO_MANY_REQUESTS", "Too many requests."),
    "QUOTA_EXCEEDED": Row(429, "QUOTA_EXCEEDED", "Quota exceeded."),
    "INTERNAL": Row(500, "INTERNAL", "Internal error."),
    "UNAVAILABLE": Row(503, "UNAVAILABLE", "The service is unavailable."),
}
BAD_GATEWAY = "BAD_GATEWAY"  # 502, and the body is HTML
REASONS = frozenset(ROWS) | {BAD_GATEWAY}
DEFAULT_REASONS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL",
    502: BAD_GATEWAY,
    503: "UNAVAILABLE",
}


class RustoreServer(HttpServer):
    """The native API for one project."""

    def __init__(
        self, inbox: Inbox, faults: Faults, credentials: RustoreCredentials, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(tls)
        self._inbox = inbox
        self._faults = faults
        self._credentials = credentials

    def answer(self, request: Request) -> Answer:
        addressed = _SEND.fullmatch(request.path)
        if addressed is None or request.method != "POST":
            return html(404 if addressed is None else 405)
        if request.bearer is None:
            return self._error("UNAUTHENTICATED")
        if (addressed[1], request.bearer) != (
            self._credentials.project_id,
            self._credentials.service_token,
        ):
            return self._error("PERMISSION_DENIED")
        try:
            if request.media_type != "application/json":
                raise MalformedError(f"Content-Type {request.media_type!r} is not application/json")
            payload = parse_object(request.body)
            check_native(payload, len(request.body))
        except MalformedError as error:
            return self._error("INVALID_ARGUMENT", message=str(error))
        token: str = payload["message"]["token"]
        if not is_token(token):
            return self._error("INVALID_TOKEN")
        fault = self._faults.take("rustore", token, request.body)
        if fault is not None and not is_accepted(fault):
            reason = fault.reason or DEFAULT_REASONS.get(fault.status, "INTERNAL")
            return strike(fault, self._error(reason, fault.status))
        if not payload.get("validate_only"):
            self._inbox.put(Received("rustore", token, str(uuid.uuid4()), {}, payload))
        success = Answer(200, b"" if self._faults.switches["rustore.success"] == "empty" else b"{}")
        return success if fault is None else strike(fault, success)

    def _error(self, reason: str, status: int = 0, message: str = "") -> Answer:
        if reason == BAD_GATEWAY:
            return html(status or 502)
        row = ROWS[reason]
        flat = {"code": status or row.http, "message": message or row.message, "status": row.status}
        nested = self._faults.switches["rustore.errors"] == "nested"
        return Answer(status or row.http, orjson.dumps({"error": flat} if nested else flat))


def html(status: int) -> Answer:
    return Answer(status, f"<html><h1>{status}</h1></html>\n".encode(), content_type="text/html")
