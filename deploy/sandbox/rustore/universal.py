"""RuStore universal push: `POST /v1/send`, credentials of every provider in the body (`docs/providers.md` §4.2).

An accepted push goes to the inbox of the provider that it names (rustore, fcm, hms, apns), with the header
`via: rustore-universal`. A refused token is named in the answer by its first characters only.
"""

import ssl
import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.inbox import Inbox, Received
from deploy.sandbox.rustore.keys import UniversalProvider
from deploy.sandbox.rustore.rules import check_universal, is_token
from deploy.sandbox.rustore.server import html

VIA = "rustore-universal"

# Reasons that can be ordered: as a whole, or with a token for that one among the request's tokens.
REASONS = frozenset({"VALIDATION_ERROR", "PROVIDER_ERROR", "INVALID_TOKEN", "TOO_MANY_REQUESTS", "INTERNAL"})
_STATUS = {"TOO_MANY_REQUESTS": 429, "INTERNAL": 500}
_SHOWN = 6  # characters of a refused token


class RustoreUniversalServer(HttpServer):
    """The universal API."""

    def __init__(
        self,
        inbox: Inbox,
        faults: Faults,
        providers: Mapping[str, UniversalProvider],
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(tls)
        self._inbox = inbox
        self._faults = faults
        self._providers = providers

    def answer(self, request: Request) -> Answer:
        if request.path != "/v1/send" or request.method != "POST":
            return html(405 if request.path == "/v1/send" else 404)
        try:
            if request.media_type != "application/json":
                raise MalformedError(f"Content-Type {request.media_type!r} is not application/json")
            payload = parse_object(request.body)
            check_universal(payload, len(request.body))
        except MalformedError as error:
            return self._error("VALIDATION_ERROR", [str(error)])
        errors = [
            f"{name}: PERMISSION_DENIED"
            for name in payload["tokens"]
            if not self._is_credential(name, payload["providers"][name])
        ]
        return self._error("PROVIDER_ERROR", errors) if errors else self._send(payload)

    def _send(self, payload: dict[str, Any]) -> Answer:
        addressed = [(name, token) for name, tokens in payload["tokens"].items() for token in tokens]
        refused, fault = self._judge(addressed)
        if fault is not None and not is_accepted(fault):
            reason = fault.reason or ("INTERNAL" if fault.status >= 500 else "PROVIDER_ERROR")
            errors = [_refusal(*addressed[0]) if reason == "INVALID_TOKEN" else f"{addressed[0][0]}: {reason}"]
            return strike(fault, self._error(reason, errors, fault.status))
        for name, token in addressed:
            if (name, token) not in refused:
                received = Received(name, token, str(uuid.uuid4()), {"via": VIA}, payload)
                self._inbox.put(received)
        if refused:
            return self._error("PROVIDER_ERROR", [_refusal(*refusal) for refusal in refused])
        answer = Answer(200, orjson.dumps({self._faults.switches["rustore.status_key"]: "OK"}))
        return answer if fault is None else strike(fault, answer)

    def _is_credential(self, name: str, offered: dict[str, str]) -> bool:
        known = self._providers.get(name)
        return known is not None and offered == known.model_dump()

    def _judge(self, addressed: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], Fault | None]:
        """The tokens that are refused, and the fault that strikes the request as a whole."""
        refused: list[tuple[str, str]] = []
        struck: Fault | None = None
        for name, token in addressed:
            fault = self._faults.take_own("rustore_universal", token)
            if not is_token(token) or (fault is not None and fault.reason == "INVALID_TOKEN"):
                refused.append((name, token))
            elif fault is not None:
                struck = struck or fault
        return refused, struck or self._faults.take("rustore_universal", None)

    def _error(self, status: str, errors: list[str], http: int = 0) -> Answer:
        code = http or _STATUS.get(status, 400)
        form = "PROVIDER_ERROR" if status == "INVALID_TOKEN" else status
        return Answer(code, orjson.dumps({"status": form, "code": code, "errors": errors}))


def _refusal(name: str, token: str) -> str:
    return f"{name}: token {token[:_SHOWN]}... is invalid"
