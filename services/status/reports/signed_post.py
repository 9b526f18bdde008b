"""Posts and signs one delivery report, and reads the receiver's answer.

Any 2xx is done; anything else is tried again: also a redirect, which is not followed, and a 410, for an address that
was removed by mistake may be back tomorrow. Signed reports carry

    X-RPNS-Timestamp: seconds since the epoch
    X-RPNS-Signature: sha256=<hex of HMAC-SHA256(key, timestamp + "." + body)>
    webhook-id, webhook-timestamp, webhook-signature: the same by Standard Webhooks 1.0.0 (standardwebhooks.com)

`webhook-id` names the report: each attempt to send it has the same. After a rotation `webhook-signature` has a second
signature, by the key before, until that key is ended: the receiver may change over when it likes. `X-RPNS-Signature`
has room for one: it is by the key before as long as that lasts, for the receiver cannot know a key that was drawn now.

One that is sent again because somebody asked for it (`services/status/resends`) carries `X-RPNS-Resend: <its id>`.

Source: `docs/partner-api.md` §3.
"""

import base64
import hmac
import time
from dataclasses import dataclass

from schemas.application_events import PartnerChanged
from services.runtime import http_client, telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.http.outbound_addresses import ForbiddenAddress, checked_url
from services.runtime.http_client import FORBIDDEN, NotSent, Pool, Target, header_lines, target_of

log = telemetry.logger("reports")
_TIMEOUT_S = 10.0
_HEADERS = header_lines({"Content-Type": "application/json", "User-Agent": "rpns"})


@dataclass(frozen=True, slots=True)
class Answer:
    """`http_status` 0: none came. `is_down`: the receiver itself is in trouble, not only this report."""

    http_status: int
    detail: str
    is_down: bool
    latency_ms: int

    @property
    def taken(self) -> bool:
        return 200 <= self.http_status < 300


class ReportSender:
    """Posts reports. One for each process."""

    def __init__(self, pool: Pool, secrets: Secrets) -> None:
        self._pool = pool
        self._secrets = secrets

    async def post(
        self, url: str, body: bytes, partner: PartnerChanged | None, webhook_id: str, resend: str = ""
    ) -> Answer:
        """Post it. Never raises for faults of the receiver, its address or its key."""
        started = time.monotonic()
        try:
            headers = _HEADERS + self._signatures(body, partner, webhook_id)
            if resend:
                headers += header_lines({"X-RPNS-Resend": resend})
            status, detail, is_down = await self._posted(_target(url), headers, body)
        except CannotOpen:
            log.exception("the key for signing reports cannot be opened")
            status, detail, is_down = 0, "the key for signing reports cannot be opened", False
        except ForbiddenAddress as error:
            status, detail, is_down = 0, f"not allowed: {error}", False
        seconds = time.monotonic() - started
        telemetry.REPORT_SECONDS.observe(seconds)
        return Answer(status, detail, is_down, int(seconds * 1000))

    async def _posted(self, target: Target, headers: bytes, body: bytes) -> tuple[int, str, bool]:
        """The status, its words, and whether the receiver is in trouble."""
        result = await self._pool.post(target, headers, body, timeout_s=_TIMEOUT_S)
        if isinstance(result, http_client.Answer):
            return result.status, _status_words(result.status), result.status >= 500 or result.status == 429
        if result is FORBIDDEN:
            return 0, "not allowed: an address in a private network", False
        return 0, result.detail if isinstance(result, NotSent) else f"no answer: {result.detail}", True

    def _signatures(self, body: bytes, partner: PartnerChanged | None, webhook_id: str) -> bytes:
        if partner is None or partner.report_key_sealed is None:
            return b""
        key = self._secrets.open(partner.report_key_sealed, b"report-key")
        keys = [key]
        if partner.report_key_before_sealed is not None:
            keys.append(self._secrets.open(partner.report_key_before_sealed, b"report-key"))
        timestamp = str(now_ms() // 1000)
        return header_lines(
            {
                "X-RPNS-Timestamp": timestamp,
                "X-RPNS-Signature": f"sha256={signature_of(keys[-1], timestamp, body)}",
                "webhook-id": webhook_id,
                "webhook-timestamp": timestamp,
                "webhook-signature": " ".join(webhook_signature_of(key, webhook_id, timestamp, body) for key in keys),
            }
        )


def _target(url: str) -> Target:
    """Raises ForbiddenAddress."""
    try:
        return target_of(checked_url(url))
    except ValueError:
        raise ForbiddenAddress("not an http(s) address") from None


def signature_of(key: bytes, timestamp: str, body: bytes) -> str:
    """Hex of HMAC-SHA256 over timestamp and body."""
    return hmac.digest(key, timestamp.encode() + b"." + body, "sha256").hex()


def webhook_signature_of(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _status_words(status: int) -> str:
    """The status of an answer in words, for the trace; empty for 200."""
    if status == 200:
        return ""
    return f"HTTP {status}, redirects are not followed" if 300 <= status < 400 else f"HTTP {status}"
