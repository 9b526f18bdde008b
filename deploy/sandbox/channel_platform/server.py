"""The channel platform for SMS, VIBER and the others: `POST /v6/send` of `docs/partner-api.md` from the other side.

    request ─▶ form ─▶ account ─▶ ordered fault ─▶ id known? ─yes─▶ the same mtNum again, or error 10 by a switch
                                                    └─no─▶ kept, and reported on as ordered (`reports.py`)

Faults are ordered for provider `channels`; `reason` is an error code of §2, `token` a phone.
"""

import secrets
import ssl
import time
from typing import Any

import orjson

from deploy.sandbox.channel_platform.keys import ChannelAccount
from deploy.sandbox.channel_platform.reports import Posted, Reporter
from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.http.json_form import Check, MalformedError, anything, choice, integer, parse_object, record, text
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer

ERRORS = {
    "1": (503, "Service is unavailable"),
    "2": (403, "Invalid IP-address"),
    "3": (429, "Too many connections"),
    "4": (400, "Invalid request"),
    "5": (401, "Invalid login"),
    "6": (401, "Invalid password"),
    "7": (400, "serviceNumber is not defined"),
    "8": (406, "destAddr is not correct"),
    "9": (406, "Message type is not correct"),
    "10": (409, "Prohibited sending duplicates"),
    "11": (406, "Invalid TTL"),
    "100": (500, "Internal error"),
}
REASONS = frozenset(ERRORS)
_BY_STATUS = {400: "4", 401: "5", 403: "2", 406: "8", 409: "10", 429: "3", 500: "100"}
_TYPES = ("SMS", "VIBER", "VK", "WHATSAPP", "TELEGRAM", "FLASHINGCALL", "MAX", "CARDSMOBILE")


def _data(value: Any) -> None:
    """The data of any type: an object with a lifetime in seconds."""
    if not isinstance(value, dict):
        raise MalformedError("must be an object")
    for name, check in (("ttl", integer(30, 604_800)), ("ttlUnit", choice("SECONDS"))):
        try:
            check(value.get(name))
        except MalformedError as error:
            raise error.within(name) from None


_FORM: Check = record(
    {
        "login": text(1),
        "password": text(1),
        "id": text(1, 100),
        "destAddr": text(pattern=r"\d{7,15}", hint="digits"),
        "message": record({"type": choice(*_TYPES), "data": _data}, ("type", "data")),
        "registeredDelivery": integer(0, 2),
        "notifyUrl": text(1, 2048, r"https?://.+", "an address"),
        "extraParam": anything,
    },
    ("login", "password", "id", "destAddr", "message"),
)


class ChannelServer(HttpServer):
    """One account's platform."""

    def __init__(self, faults: Faults, account: ChannelAccount, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls)
        self.reporter = Reporter()
        self._faults, self._account = faults, account

    async def stop(self) -> None:
        await super().stop()
        await self.reporter.stop()

    def answer(self, request: Request) -> Answer:
        if request.path != "/v6/send" or request.method != "POST":
            return Answer(404 if request.path != "/v6/send" else 405)
        try:
            body = parse_object(request.body)
            _FORM(body)
        except MalformedError as error:
            return _error("4", why=str(error))
        if body["login"] != self._account.login:
            return _error("5")
        if body["password"] != self._account.password:
            return _error("6")
        fault = self._faults.take("channels", body["destAddr"])
        if fault is not None and not is_accepted(fault):
            return strike(fault, _error(fault.reason or _BY_STATUS.get(fault.status, "1"), fault.status))
        answer = self._taken(body)
        return answer if fault is None else strike(fault, answer)

    def _taken(self, body: dict[str, Any]) -> Answer:
        known = self.reporter.by_id(body["id"])
        if known is not None:
            known.repeats += 1
            if self._faults.switches["channels.duplicates"] == "refused":
                return _error("10")
            return _accepted(known)
        posted = Posted(
            id=body["id"],
            mt_num=str(secrets.randbelow(2**62)),
            at_ms=time.time_ns() // 1_000_000,
            phone=body["destAddr"],
            type=body["message"]["type"],
            data=body["message"]["data"],
            notify_url=body.get("notifyUrl"),
        )
        self.reporter.take(posted)
        return _accepted(posted)


def _accepted(posted: Posted) -> Answer:
    return Answer(200, orjson.dumps({"mtNum": posted.mt_num, "id": posted.id}))


def _error(code: str, status: int = 0, why: str = "") -> Answer:
    http, description = ERRORS[code]
    error: dict[str, Any] = {"error": {"code": int(code), "description": description}}
    if why:
        error["extendedDescription"] = why
    return Answer(status or http, orjson.dumps(error))
