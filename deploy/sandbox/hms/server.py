"""Huawei Push Kit: `/oauth2/v3/token` and `/v1/{appId}` or `/v2/{projectId}` `/messages:send`.

Huawei gives the outcome as a `code` in the body; which HTTP status goes with it is disputed, so the switch
`hms.status` offers both readings. A token is illegal when its form is, or when a fault is ordered for it with
reason 80300007 or 80100000; among others in one request it is then listed in 80100000, alone it is 80300007.
"""

import re
import ssl
import uuid
from typing import Any

import orjson

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.hms.keys import HmsCredentials
from deploy.sandbox.hms.rules import HmsRefusedError, check
from deploy.sandbox.http.access_tokens import Bearers, read_form
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.inbox import Inbox, Received

TOKEN_PATH = "/oauth2/v3/token"

SUCCESS = "80000000"
SOME_ILLEGAL = "80100000"
UNAUTHENTICATED = "80200001"
EXPIRED = "80200003"
ALL_ILLEGAL = "80300007"

MESSAGES = {
    SUCCESS: "Success",
    SOME_ILLEGAL: "Some tokens are right, the others are illegal.",
    "80100001": "Some request parameters are incorrect.",
    "80100002": "Only one token can be set when a system message is sent.",
    "80100003": "Incorrect message structure.",
    "80100004": "The message expiration time is earlier than the current time.",
    "80100013": "The collapse_key message field is invalid.",
    "80100016": "The message contains sensitive information.",
    "80100017": "More than 100 topic-based messages are being sent at the same time.",
    "80100018": "The signature or the body is invalid.",
    UNAUTHENTICATED: "OAuth authentication error.",
    EXPIRED: "OAuth token expired.",
    "80200005": "The JWT has expired.",
    "80300002": "The current app does not have the permission to send messages.",
    ALL_ILLEGAL: "All tokens are invalid.",
    "80300008": "The message body size exceeds the default value.",
    "80300010": "The number of tokens in the message body exceeds the default value.",
    "80300011": "You are not authorized to send high-priority notification messages.",
    "80300013": "The receipt address is incorrect.",
    "80300029": "The test flow is not permitted.",
    "80300030": "The token is no test token.",
    "80300036": "The JWT is valid for more than a day.",
    "80300037": "The app is under a penalty.",
    "80600003": "Failed to request the OAuth service.",
    "81000001": "System inner error.",
    "81000003": "System error.",
    **{f"820000{n:02}": "The group or topic cannot be managed." for n in range(1, 14)},
}
BUSY = "FLOW_CONTROL"  # 503 with an empty body
BAD_GATEWAY = "BAD_GATEWAY"  # 502, and the body is HTML
REASONS = frozenset(MESSAGES) | {BUSY, BAD_GATEWAY}

# reason that can be ordered for the token endpoint → (status, error, sub_error, error_description)
TOKEN_REASONS: dict[str, tuple[int, int, int, str]] = {
    "invalid_client": (400, 1101, 20001, "invalid client"),
    "invalid_secret": (400, 1101, 12304, "client secret error"),
    "throttled": (403, 1101, 60001, "request exceeds the flow control limit"),
    "internal": (500, 1203, 50001, "server internal error"),
}

_SEND = re.compile(r"/(v[12])/([^/]+)/messages:send")
_TOKEN = re.compile(r"[A-Za-z0-9_:.%~+/=-]{8,4096}")


class HmsServer(HttpServer):
    """Push Kit for one app."""

    def __init__(self, inbox: Inbox, faults: Faults, credentials: HmsCredentials, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls)
        self.bearers = Bearers()
        self._inbox = inbox
        self._faults = faults
        self._credentials = credentials

    def answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            return self._issue(request)
        addressed = _SEND.fullmatch(request.path)
        if addressed is None:
            return _html(404, "Not Found")
        if request.method != "POST":
            return _html(405, "Method Not Allowed")
        if not self.bearers.accepts(request.bearer):
            return self._coded(EXPIRED if self.bearers.knows(request.bearer) else UNAUTHENTICATED)
        version, owner = addressed.groups()
        if owner != (self._credentials.app_id if version == "v1" else self._credentials.project_id):
            return self._coded(UNAUTHENTICATED)
        try:
            if request.media_type != "application/json":
                raise MalformedError(f"Content-Type {request.media_type!r} is not application/json")
            payload = parse_object(request.body)
        except MalformedError as error:
            return self._coded("80100003", f"Incorrect message structure: {error}", fixed_status=400)
        try:
            check(payload, len(request.body))
        except HmsRefusedError as refused:
            return self._coded(refused.code, refused.why)
        return self._send(payload)

    def _send(self, payload: dict[str, Any]) -> Answer:
        """A request in good form: which of its targets are reached?"""
        message = payload["message"]
        targets: list[str] = message.get("token") or [
            f"/topics/{message['topic']}" if "topic" in message else message["condition"]
        ]
        illegal, fault = self._judge(targets, is_token="token" in message)
        if fault is not None and not is_accepted(fault):
            return strike(fault, self._error(fault, targets))
        legal = [target for target in targets if target not in illegal]
        request_id = uuid.uuid4().hex
        if not payload.get("validate_only"):
            for target in legal:
                self._inbox.put(Received("hms", target, request_id, {}, payload))
        answer = self._outcome(legal, illegal, request_id)
        return answer if fault is None else strike(fault, answer)

    def _judge(self, targets: list[str], is_token: bool) -> tuple[list[str], Fault | None]:
        """The illegal tokens, and the fault that strikes the request as a whole."""
        illegal: list[str] = []
        struck: Fault | None = None
        for target in targets:
            fault = self._faults.take_own("hms", target)
            named = fault is not None and fault.kind == "status" and fault.reason in (SOME_ILLEGAL, ALL_ILLEGAL)
            if named or (is_token and not _TOKEN.fullmatch(target)):
                illegal.append(target)
            elif fault is not None:
                struck = struck or fault
        return illegal, struck or self._faults.take("hms", None)

    def _outcome(self, legal: list[str], illegal: list[str], request_id: str) -> Answer:
        if not illegal:
            return self._coded(SUCCESS, request_id=request_id)
        if not legal:
            return self._coded(ALL_ILLEGAL, request_id=request_id)
        return self._coded(SOME_ILLEGAL, _partly(len(legal), illegal), request_id)

    def _error(self, fault: Fault, targets: list[str]) -> Answer:
        if fault.reason == BAD_GATEWAY or (fault.status == 502 and not fault.reason):
            return _html(fault.status or 502, "Bad Gateway")
        if fault.reason == BUSY or not fault.reason:
            return Answer(fault.status or 503)
        if fault.reason == SOME_ILLEGAL:
            why = _partly(len(targets) - 1, targets[:1])
            return self._coded(SOME_ILLEGAL, why, fixed_status=fault.status)
        return self._coded(fault.reason, fixed_status=fault.status)

    def _coded(self, code: str, message: str = "", request_id: str = "", fixed_status: int = 0) -> Answer:
        documented = self._faults.switches["hms.status"] == "documented"
        body = {
            "code": code,
            "msg": message or MESSAGES[code],
            "requestId": request_id or uuid.uuid4().hex,
        }
        return Answer(fixed_status or (_documented_status(code) if documented else 200), orjson.dumps(body))

    def _issue(self, request: Request) -> Answer:
        if request.method != "POST":
            return _html(405, "Method Not Allowed")
        form = read_form(request.body)
        if request.media_type != "application/x-www-form-urlencoded" or form is None:
            return _token_error(400, 1101, 20041, "the body must be a form")
        fault = self._faults.take("hms_token", None)
        if fault is not None and fault.kind == "status":
            reason = fault.reason or ("internal" if fault.status >= 500 else "invalid_client")
            status, error, sub_error, description = TOKEN_REASONS[reason]
            return strike(fault, _token_error(fault.status or status, error, sub_error, description))
        answer = self._token(form)
        return answer if fault is None else strike(fault, answer)

    def _token(self, form: dict[str, str]) -> Answer:
        if self._faults.switches["hms.token_throttle"] == "on":
            return _token_error(*TOKEN_REASONS["throttled"])
        if form.get("grant_type") != "client_credentials":
            return _token_error(400, 1101, 20182, "grant_type must be client_credentials")
        if form.get("client_id") != self._credentials.app_id:
            return _token_error(*TOKEN_REASONS["invalid_client"])
        if form.get("client_secret") != self._credentials.client_secret:
            return _token_error(*TOKEN_REASONS["invalid_secret"])
        lifetime_s = int(self._faults.switches["hms.token_lifetime_s"])
        token = self.bearers.issue(lifetime_s)
        issued = {"access_token": token, "expires_in": lifetime_s, "token_type": "Bearer"}
        return Answer(200, orjson.dumps(issued))


def _documented_status(code: str) -> int:
    if code in (SUCCESS, SOME_ILLEGAL):
        return 200
    if code.startswith("802"):
        return 401
    return 500 if code.startswith(("806", "810")) else 400


def _partly(success: int, illegal: list[str]) -> str:
    """Huawei puts this object into `msg` as a string."""
    return orjson.dumps({"success": success, "failure": len(illegal), "illegal_tokens": illegal}).decode()


def _token_error(status: int, error: int, sub_error: int, description: str) -> Answer:
    body = {"error": error, "sub_error": sub_error, "error_description": description}
    return Answer(status, orjson.dumps(body))


def _html(status: int, what: str) -> Answer:
    page = f"<html><head><title>{status} {what}</title></head><body><h1>{status} {what}</h1></body></html>\n"
    return Answer(status, page.encode(), content_type="text/html")
