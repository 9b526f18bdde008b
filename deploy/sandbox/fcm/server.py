"""FCM HTTP v1: `POST /v1/projects/{project}/messages:send`, and the token endpoint under `/token`.

A request passes, in this order: path, access token, project, JSON, schema (`schema.py`), rules (`rules.py`),
then a fault ordered for its token or for `fcm`. So a fault strikes only what would have been accepted.
"""

import itertools
import re
import ssl
import time

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.fcm import errors, rules, schema
from deploy.sandbox.fcm.keys import FcmServiceAccount
from deploy.sandbox.fcm.token_endpoint import GoogleTokenEndpoint
from deploy.sandbox.http.access_tokens import Bearers
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.inbox import Inbox, Received

TOKEN_PATH = "/token"

_SEND = re.compile(r"/v1/projects/([^/]+)/messages:send")


class FcmServer(HttpServer):
    """Firebase Cloud Messaging for one project."""

    def __init__(self, inbox: Inbox, faults: Faults, account: FcmServiceAccount, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls, speaks_http2=True)
        self.bearers = Bearers()
        self._inbox = inbox
        self._faults = faults
        self._project = account.project_id
        self._tokens = GoogleTokenEndpoint(faults, account, self.bearers)
        self._read = schema.load()
        self._send_path = f"/v1/projects/{account.project_id}/messages:send"
        self._ids = itertools.count(1)

    def answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            return self._tokens.answer(request)
        if request.path != self._send_path and not _SEND.fullmatch(request.path):
            return errors.html(404)
        if request.method != "POST":
            return errors.html(405)
        if not self.bearers.accepts(request.bearer):
            return self._unauthenticated(request)
        if request.path != self._send_path:
            wrong = self._faults.switches["fcm.wrong_project"]
            return errors.render("NOT_FOUND" if wrong == "404" else "PERMISSION_DENIED")
        return self._send(request)

    def _send(self, request: Request) -> Answer:
        try:
            if request.media_type != "application/json":
                raise MalformedError(f"Content-Type {request.media_type!r} is not application/json")
            payload = parse_object(request.body)
            read = self._read(payload)
        except MalformedError as error:
            return self._malformed(error, ())
        try:
            if "message" not in read:
                raise MalformedError("Message is not set.", "message")
            token = rules.check(read["message"], len(request.body))
        except MalformedError as error:
            return self._malformed(error, (errors.fcm_error("INVALID_ARGUMENT"),))
        fault = self._faults.take("fcm", token, request.body)
        if fault is not None and not is_accepted(fault):
            return strike(fault, self._error(fault))
        if read.get("validateOnly"):
            name = f"projects/{self._project}/messages/fake_message_id"
        else:
            at_us = time.time_ns() // 1000
            name = f"projects/{self._project}/messages/0:{at_us}%{next(self._ids):016x}"
            if self._inbox.keep_payloads:
                self._inbox.put(Received("fcm", token, name, {}, payload, at_ms=at_us // 1000))
            else:
                self._inbox.count("fcm")
        answer = Answer(200, f'{{\n  "name": "{name}"\n}}\n'.encode())
        return answer if fault is None else strike(fault, answer)

    def _unauthenticated(self, request: Request) -> Answer:
        expired = self.bearers.knows(request.bearer)
        return errors.render("UNAUTHENTICATED" if expired else "UNAUTHENTICATED_BARE")

    def _malformed(self, error: MalformedError, details: tuple[errors.Detail, ...]) -> Answer:
        if self._faults.switches["fcm.details"] == "bare":
            return Answer(400, errors.envelope(400, error.why))
        violation = errors.bad_request(error.why, error.path or None)
        return Answer(400, errors.envelope(400, str(error.why), (*details, violation)))

    def _error(self, fault: Fault) -> Answer:
        reason = fault.reason or errors.DEFAULT_REASONS.get(fault.status, "")
        if not reason:
            return Answer(fault.status or 500, errors.envelope(fault.status or 500, "Unknown error."))
        return errors.render(reason, fault.status, self._faults.switches["fcm.details"] == "bare")
