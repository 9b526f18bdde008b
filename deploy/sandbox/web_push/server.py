"""A Web Push service: endpoints for browsers' subscriptions, and `POST /push/{subscription}` for who pushes to them.

It holds a request against RFC 8030, 8292 and 8188 and keeps the bytes; only the browser can open them
(`browser.py`). An endpoint carries the key that it was subscribed with, signed, so a restart forgets none.
"""

import base64
import hashlib
import hmac
import re
import secrets
import ssl
import time
from typing import Literal

import orjson

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.inbox import Inbox, Received
from deploy.sandbox.web_push.browser import check_form, encoded
from deploy.sandbox.web_push.vapid import RefusedError, unpadded, verified

MAX_BYTES = 4096
_PATH = re.compile(r"/push/([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22})")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TTL = re.compile(r"\d{1,10}")
_URGENCIES = ("very-low", "low", "normal", "high")

# reason → status, errno as Mozilla's push service writes it, reason as Apple's does
ROWS: dict[str, tuple[int, int, str]] = {
    "BAD_REQUEST": (400, 110, "BadWebPushRequest"),
    "BAD_TTL": (400, 114, "BadTtl"),
    "BAD_TOPIC": (400, 113, "BadWebPushTopic"),
    "UNAUTHORIZED": (401, 109, "BadJwtToken"),
    "FORBIDDEN": (403, 109, "VapidPkHashMismatch"),
    "NOT_FOUND": (404, 102, "BadPath"),
    "GONE": (410, 106, "Unregistered"),
    "TOO_LARGE": (413, 104, "PayloadTooLarge"),
    "TOO_MANY_REQUESTS": (429, 201, "TooManyRequests"),
    "INTERNAL": (500, 999, "InternalServerError"),
    "UNAVAILABLE": (503, 202, "ServiceUnavailable"),
}
BAD_GATEWAY, REDIRECT = "BAD_GATEWAY", "REDIRECT"  # HTML; 307 to another address
# reason → status and headers as the push service of Windows writes them; the bodies are empty
WINDOWS: dict[str, tuple[int, tuple[tuple[str, str], ...]]] = {
    "WNS_THROTTLED": (406, (("X-WNS-Error-Description", "The cloud service exceeded its throttle limit"),)),
    "WNS_CHANNEL_THROTTLED": (200, (("X-WNS-NotificationStatus", "channelthrottled"),)),
    "WNS_DROPPED": (200, (("X-WNS-NotificationStatus", "dropped"),)),
}
REASONS = frozenset(ROWS) | frozenset(WINDOWS) | {BAD_GATEWAY, REDIRECT}
_BY_STATUS = {status: reason for reason, (status, _, _) in reversed(ROWS.items())}


class WebPushServer(HttpServer):
    """One push service; `secret` signs its endpoints."""

    def __init__(self, inbox: Inbox, faults: Faults, secret: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls)
        self.origin = ""
        self._inbox, self._faults, self._secret = inbox, faults, secret.encode()
        self._unsubscribed: set[str] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        bound = await super().start(host, port)
        self.origin = f"https://localhost:{bound}"
        return bound

    def subscribed(self, server_key: str) -> tuple[str, str]:
        """A new subscription for this applicationServerKey: its id, and its endpoint."""
        drawn, key = encoded(secrets.token_bytes(16)), _digest(server_key.rstrip("="))
        subscription = f"{drawn}.{key}.{self._mac(drawn, key)}"
        return subscription, f"{self.origin}/push/{subscription}"

    def unsubscribe(self, subscription: str) -> None:
        """From now on it is gone."""
        self._unsubscribed.add(subscription)

    def answer(self, request: Request) -> Answer:
        addressed = _PATH.fullmatch(request.path)
        if addressed is None or not self._is_mine(addressed[1]):
            return self._error("NOT_FOUND")
        subscription = addressed[1]
        if request.method != "POST":
            return self._error("BAD_REQUEST", 405)
        refused = self._refusal(request, subscription)
        if refused is not None:
            return refused
        fault = self._faults.take("web", subscription)
        if fault is not None and not is_accepted(fault):
            return strike(fault, self._error(fault.reason or _usual(fault.status), fault.status))
        answer = self._accepted(request, subscription)
        return answer if fault is None else strike(fault, answer)

    def _refusal(self, request: Request, subscription: str) -> Answer | None:
        """In the order of a push service: who, to whom, what."""
        try:
            subjects = self._faults.switches["web.subjects"]
            key = verified(request.headers.get("authorization"), self.origin, time.time(), subjects == "apple")
        except RefusedError as refused:
            return self._error("UNAUTHORIZED" if refused.status == 401 else "FORBIDDEN", why=refused.why)
        if _digest(key) != subscription.split(".")[1]:
            return self._error("FORBIDDEN", why="the subscription was made for another key")
        if subscription in self._unsubscribed:
            return self._error("GONE")
        return self._bad_header(request.headers) or self._bad_body(request)

    def _bad_header(self, headers: dict[str, str]) -> Answer | None:
        if not _TTL.fullmatch(headers.get("ttl", "")):
            return self._error("BAD_TTL", why="TTL must be whole seconds")
        if headers.get("urgency", "normal") not in _URGENCIES:
            return self._error("BAD_REQUEST", why=f"Urgency must be one of {', '.join(_URGENCIES)}")
        if not _TOPIC.fullmatch(headers.get("topic", "x")):
            return self._error("BAD_TOPIC", why="Topic must be 1 to 32 characters of base64url")
        if "encryption" in headers or "crypto-key" in headers:
            return self._error("BAD_REQUEST", why="Encryption and Crypto-Key belong to a draft")
        return None

    def _bad_body(self, request: Request) -> Answer | None:
        encoding = request.headers.get("content-encoding")
        if not request.body:
            return self._error("BAD_REQUEST", why="Content-Encoding without a body") if encoding else None
        if len(request.body) > MAX_BYTES:
            return self._error("TOO_LARGE")
        if encoding != "aes128gcm":
            return self._error("BAD_REQUEST", why="Content-Encoding must be aes128gcm")
        wrong = check_form(request.body)
        return self._error("BAD_REQUEST", why=wrong) if wrong else None

    def _accepted(self, request: Request, subscription: str) -> Answer:
        switches, message_id = self._faults.switches, secrets.token_urlsafe(12)
        ttl = min(int(request.headers["ttl"]), int(switches["web.max_ttl_s"]))
        kept = {name: value for name, value in request.headers.items() if name in ("urgency", "topic")}
        payload = {"body": base64.b64encode(request.body).decode()}
        self._inbox.put(Received("web", subscription, message_id, {"ttl": str(ttl), **kept}, payload))
        status = int(switches["web.accepted"])
        headers = [("TTL", str(ttl))]
        if status == 201:
            headers.append(("Location", f"{self.origin}/message/{message_id}"))
        return Answer(status, headers=tuple(headers))

    def _error(self, reason: str, status: int = 0, why: str = "") -> Answer:
        if reason == BAD_GATEWAY:
            return Answer(status or 502, b"<html><h1>502</h1></html>\n", content_type="text/html")
        if reason in WINDOWS:
            return Answer(status or WINDOWS[reason][0], headers=WINDOWS[reason][1])
        if reason == REDIRECT:
            return Answer(status or 307, headers=(("Location", f"{self.origin}/push/elsewhere"),))
        row, errno, apple = ROWS[reason]
        form: Literal["mozilla", "apple"] = "apple" if self._faults.switches["web.errors"] == "apple" else "mozilla"
        body = {"reason": apple} if form == "apple" else {"code": status or row, "errno": errno, "error": reason}
        if why and form == "mozilla":
            body["message"] = why
        return Answer(status or row, orjson.dumps(body))

    def _is_mine(self, subscription: str) -> bool:
        drawn, key, mac = subscription.split(".")
        return hmac.compare_digest(mac, self._mac(drawn, key))

    def _mac(self, drawn: str, key: str) -> str:
        return encoded(hmac.digest(self._secret, f"{drawn}.{key}".encode(), "sha256")[:16])


def _usual(status: int) -> str:
    """The reason of a status when an order names none."""
    if status >= 400:
        return _BY_STATUS.get(status, "INTERNAL" if status >= 500 else "BAD_REQUEST")
    return REDIRECT


def _digest(server_key: str) -> str:
    return encoded(hashlib.sha256(unpadded(server_key)).digest()[:16])
