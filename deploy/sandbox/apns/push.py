"""Decides one push: which rule it breaks, what is answered, where it is kept."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from deploy.sandbox.apns.auth import ConnectionAuth, Environment, TokenVerifier
from deploy.sandbox.apns.connection import Answer, Request
from deploy.sandbox.apns.devices import Devices
from deploy.sandbox.apns.payload import check_payload, parsed
from deploy.sandbox.apns.reasons import REASON_STATUS, RefusedError
from deploy.sandbox.apns.rules import check_headers, check_size, device_token
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.inbox import Inbox, Received

PROVIDER = "apns"
_REFUSALS_KEPT = 1000
_NO_STATUS = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """A push that was refused, and which rule it broke."""

    at_ms: int
    path: str
    status: int
    reason: str
    detail: str


class Push(NamedTuple):
    """A request that broke no rule."""

    request: Request
    token: str
    """in lower case"""
    bundle_id: str


class Pushes:
    """The answers of one APNs environment."""

    def __init__(
        self,
        inbox: Inbox,
        faults: Faults,
        environment: Environment,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives epoch seconds."""
        self.devices = Devices()
        self.keys = TokenVerifier(environment, faults.switches)
        self.refusals: deque[Refusal] = deque(maxlen=_REFUSALS_KEPT)
        self.refused: Counter[str] = Counter()
        """by reason, since the start"""
        self._inbox = inbox
        self._switches = faults.switches
        self._environment = environment
        self._clock = clock

    def check(self, request: Request, auth: ConnectionAuth) -> Push:
        """RefusedError with the first rule that the request breaks."""
        headers = request.headers
        if len(headers) != len(request.fields):
            _check_repetitions(request)
        kind = check_headers(headers, self._switches["apns.push_type"] == "required")
        token = device_token(headers[b":path"])
        self.devices.check(token, kind.bundle_id)
        key = auth.accept(headers.get(b"authorization"), self._clock())
        if kind.bundle_id not in key.topics:
            raise RefusedError("TopicDisallowed", "the team or key may not push to this app")
        check_size(request.body, kind.rule)
        if self._switches["apns.payload"] == "strict":
            check_payload(parsed(request.body), kind.rule.name)
        return Push(request, token, kind.bundle_id)

    def accept(self, push: Push) -> Answer:
        """Deliver a push that passed `check`, and the answer to it."""
        apns_id = push.request.headers.get(b"apns-id") or new_uuid()
        if self._inbox.keep_payloads:
            self._deliver(push, apns_id.decode())
        else:
            self._inbox.counters[PROVIDER] += 1
        if self._environment == "development":
            return Answer([(b":status", b"200"), (b"apns-id", apns_id), (b"apns-unique-id", new_uuid())])
        return Answer([(b":status", b"200"), (b"apns-id", apns_id)])

    def _deliver(self, push: Push, apns_id: str) -> None:
        try:
            payload = parsed(push.request.body)
        except RefusedError:
            return  # the lenient reading: Apple answers 200, the device drops it
        if not isinstance(payload, dict):
            return
        received = Received(
            provider=PROVIDER,
            token=push.token,
            at_ms=int(self._clock() * 1000),
            message_id=apns_id,
            headers=_apns_headers(push.request),
            payload=payload,
        )
        if self.devices.is_offline(push.token):
            self.devices.store(received, push.bundle_id)
        else:
            self._inbox.put(received)

    def refuse_by_fault(self, request: Request, fault: Fault) -> Answer:
        """The refusal that was ordered; of an unknown reason with status 400 unless the fault names one."""
        timestamp_ms = fault.timestamp_ms
        status = fault.status or REASON_STATUS.get(fault.reason, _NO_STATUS)
        if status == 410 and timestamp_ms is None:
            timestamp_ms = int(self._clock() * 1000)
        refused = RefusedError(fault.reason, "ordered", timestamp_ms)
        answer = self.refuse(request, refused, status, fault.retry_after)
        return answer if fault.body is None else Answer(answer.fields, fault.body.encode())

    def refuse(
        self, request: Request, refused: RefusedError, status: int = 0, retry_after: str | None = None
    ) -> Answer:
        status = status or REASON_STATUS[refused.reason]
        path = request.headers.get(b":path", b"").decode("ascii", "replace")
        self.refused[refused.reason] += 1
        self.refusals.append(Refusal(int(self._clock() * 1000), path, status, refused.reason, refused.detail))
        fields = [
            (b":status", b"%d" % status),
            (b"apns-id", new_uuid() if refused.reason == "BadMessageId" else _echo(request)),
            (b"content-type", b"application/json"),
        ]
        if retry_after is None and status in (429, 503) and self._switches["apns.retry_after_s"] != "absent":
            retry_after = self._switches["apns.retry_after_s"]
        if retry_after is not None:
            fields.append((b"retry-after", retry_after.encode()))
        if refused.detail:
            fields.append((b"sandbox-detail", refused.detail.encode()))
        body: dict[str, object] = {"reason": refused.reason}
        if refused.timestamp_ms is not None:
            body["timestamp"] = refused.timestamp_ms
        return Answer(fields, orjson.dumps(body))


def _check_repetitions(request: Request) -> None:
    """RefusedError when a header with a meaning for APNs is there twice."""
    for name, count in Counter(name for name, _ in request.fields).items():
        if count > 1 and (name == b"authorization" or name.startswith((b"apns-", b":"))):
            raise RefusedError("DuplicateHeaders", f"{name.decode()} is there {count} times")


def _apns_headers(request: Request) -> dict[str, str]:
    return {
        name.decode(): value.decode(errors="replace")
        for name, value in request.headers.items()
        if name.startswith(b"apns-")
    }


def _echo(request: Request) -> bytes:
    return request.headers.get(b"apns-id") or new_uuid()


def new_uuid() -> bytes:
    """A version 4 UUID; `uuid.uuid4` would be the slowest line of an answer."""
    h = f"{random.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}".encode()
