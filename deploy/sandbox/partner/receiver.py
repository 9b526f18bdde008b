"""A partner's receiver of delivery reports: any path, 200 to whatever is JSON, everything kept and judged.

A report in bad form is kept with its violations and still answered 200, as a careless partner would. Faults are
ordered for provider `partner`; their `token` is a report's id or mtNum. A report that a fault kept from being
accepted is kept as well, with the status that it was answered (0 = none), so a test can count the attempts.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.faults.apply_fault import is_accepted, strike
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.http.json_form import MalformedError, parse_object
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.partner.form import violations

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Report:
    """One POST to the receiver."""

    path: str
    headers: dict[str, str]
    report: dict[str, Any]  # {} when the body was no JSON object
    violations: list[str]
    answered: int  # HTTP status; 0 = the connection was left without an answer
    accepted: bool  # False: the sender has to try again
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)  # epoch milliseconds

    def is_about(self, message: str) -> bool:
        """Whether it reports on the message with this id or mtNum."""
        return message in (self.report.get("id"), self.report.get("mtNum"), self.report.get("messageId"))


class Reports:
    """What has come in; bounded, newest kept."""

    def __init__(self) -> None:
        self._all: deque[Report] = deque(maxlen=KEPT)
        self._arrived: set[asyncio.Event] = set()

    def put(self, report: Report) -> None:
        self._all.append(report)
        for event in self._arrived:
            event.set()

    def find(self, wanted: Callable[[Report], bool]) -> list[Report]:
        """Oldest first."""
        return [report for report in self._all if wanted(report)]

    def clear(self) -> None:
        self._all.clear()

    async def wait(self, wanted: Callable[[Report], bool], count: int, timeout_s: float) -> list[Report]:
        """At least `count` that are wanted; TimeoutError when they have not come within `timeout_s`."""
        event = asyncio.Event()
        self._arrived.add(event)
        try:
            async with asyncio.timeout(timeout_s):
                while len(found := self.find(wanted)) < count:
                    event.clear()
                    await event.wait()
        finally:
            self._arrived.discard(event)
        return found


class PartnerServer(HttpServer):
    """The receiver; plain HTTP, because the partner's side may be either."""

    def __init__(self, reports: Reports, faults: Faults) -> None:
        super().__init__(None)
        self._reports = reports
        self._faults = faults

    def answer(self, request: Request) -> Answer:
        if request.method != "POST":
            return Answer(405, b'{"error": "reports are POSTed"}')
        try:
            body, wrong = parse_object(request.body), []
        except MalformedError as error:
            body, wrong = {}, [f"body: {error}"]
        if request.media_type != "application/json":
            wrong.append(f"content-type: {request.media_type!r} is not application/json")
        if body:
            wrong += violations(body)
        fault = self._take(body)
        answer = Answer(200 if body else 400)
        if fault is not None:
            answer = strike(fault, Answer(fault.status or 503) if fault.kind == "status" else answer)
        answered = answer.status if answer.then in ("send", "close") else 0
        accepted = bool(body) and is_accepted(fault)
        self._reports.put(Report(request.path, request.headers, body, wrong, answered=answered, accepted=accepted))
        return answer

    def _take(self, body: dict[str, Any]) -> Fault | None:
        for name in ("id", "mtNum"):
            value = body.get(name)
            fault = self._faults.take_own("partner", value) if isinstance(value, str) else None
            if fault is not None:
                return fault
        return self._faults.take("partner", None)
