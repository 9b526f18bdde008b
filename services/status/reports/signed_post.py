"""Posts and signs one delivery report, and reads the receiver's answer.

Any 2xx is done; anything else is tried again: also a redirect, which is not followed, and a 410, for an address that
was removed by mistake may be back tomorrow. Signed reports carry

    X-RPNS-Timestamp: seconds since the epoch
    X-RPNS-Signature: sha256=<hex of HMAC-SHA256(key, timestamp + "." + body)>

Source: `docs/partner-api.md` §3.
"""

import hmac
import time
from dataclasses import dataclass

import aiohttp

from schemas.application_events import PartnerChanged
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.http import outbound_addresses
from services.runtime.http.outbound_addresses import ForbiddenAddress, is_forbidden

log = telemetry.logger("reports")
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
_MAX_ANSWER = 4096


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

    def __init__(self, session: aiohttp.ClientSession, secrets: Secrets) -> None:
        self._session = session
        self._secrets = secrets

    async def post(self, url: str, body: bytes, partner: PartnerChanged | None) -> Answer:
        """Post it. Never raises for faults of the receiver, its address or its key."""
        started = time.monotonic()
        try:
            headers = {"Content-Type": "application/json", **self._signature(body, partner)}
            checked = outbound_addresses.checked_url(url)
            async with self._session.post(
                checked, data=body, headers=headers, allow_redirects=False, timeout=_TIMEOUT
            ) as answer:
                await answer.content.read(_MAX_ANSWER)
                status = answer.status
            detail, is_down = _status_words(status), status >= 500 or status == 429
        except CannotOpen:
            log.exception("the key for signing reports cannot be opened")
            status, detail, is_down = 0, "the key for signing reports cannot be opened", False
        except TimeoutError:
            status, detail, is_down = 0, "no answer in time", True
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # the last one: of a host's name
            status, detail, is_down = 0, _words(error), not is_forbidden(error)
        seconds = time.monotonic() - started
        telemetry.REPORT_SECONDS.observe(seconds)
        return Answer(status, detail, is_down, int(seconds * 1000))

    def _signature(self, body: bytes, partner: PartnerChanged | None) -> dict[str, str]:
        if partner is None or partner.report_key_sealed is None:
            return {}
        key = self._secrets.open(partner.report_key_sealed, b"report-key")
        timestamp = str(now_ms() // 1000)
        return {"X-RPNS-Timestamp": timestamp, "X-RPNS-Signature": f"sha256={signature_of(key, timestamp, body)}"}


def signature_of(key: bytes, timestamp: str, body: bytes) -> str:
    """Hex of HMAC-SHA256 over timestamp and body."""
    return hmac.digest(key, timestamp.encode() + b"." + body, "sha256").hex()


def _status_words(status: int) -> str:
    """The status of an answer in words, for the trace; empty for 200."""
    if status == 200:
        return ""
    return f"HTTP {status}, redirects are not followed" if 300 <= status < 400 else f"HTTP {status}"


def _words(error: Exception) -> str:
    """The error in words that a partner may read: the kind of trouble; for our own refusals, the reason."""
    if is_forbidden(error):
        inner = getattr(error, "os_error", error)
        return f"not allowed: {inner if isinstance(inner, ForbiddenAddress) else 'an address in a private network'}"
    inner = getattr(error, "os_error", None)
    name = type(error).__name__ if inner is None else type(inner).__name__
    return f"no connection: {name}" if isinstance(error, aiohttp.ClientConnectorError | OSError) else name
