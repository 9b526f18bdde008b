"""The answers of `POST /v6/send`, from the bytes of a body; HTTP itself is in `endpoint.py`.

    JSON (4) ─▶ login (5) ─▶ address (2) ─▶ password (6) ─▶ limits (3) ─▶ accept (9 8 7 11 4) ─▶ claim (10) ─▶ log (1)

The answer comes only after the log has the event. A NUL character is refused anywhere in the body, also in
customPayload: neither databases nor phones can be trusted with one. Source: `docs/partner-api.md` §1, §2.
"""

import time
from collections.abc import Sequence

import orjson
from pydantic import ValidationError

from schemas import ids, lossless, topics
from schemas.application_events import PartnerChanged
from schemas.events import MessageRequested
from services.ingest.duplicates import REPEATED, DuplicateClaims, RecentRequests, fingerprint_of
from services.ingest.http import Beside
from services.ingest.rules import (
    AcceptedMessage,
    Code,
    PlainRequest,
    Refusal,
    Refused,
    SendRequest,
    accept,
    is_known,
    names_of,
    plain_request,
    read_json,
    read_request,
    unknown_fields,
    violation,
    with_all,
)
from services.ingest.secure_values import sealed
from services.runtime import faults, telemetry
from services.runtime.access.logins import LoginFault, Logins
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.http.beside import warnings_of
from services.runtime.http.field_names import Unknown
from services.runtime.log.kafka import Append, Log, RecordTooLarge
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.pacing.shares import PartOf, all_of_it

log = telemetry.logger("send")
_Request = SendRequest | PlainRequest
_TOPIC = topics.MESSAGE_REQUESTED["single"]
_OUTAGE_S = 30.0
_FORGOTTEN_S = 60.0
_FAULTS = {
    LoginFault.UNKNOWN_LOGIN: Refusal(Code.LOGIN, "login", "unknown"),
    LoginFault.FORBIDDEN_ADDRESS: Refusal(Code.ADDRESS, "", "the caller's address is not in the partner's subnets"),
    LoginFault.WRONG_PASSWORD: Refusal(Code.PASSWORD, "password", "wrong"),
}


class SendService:
    """Answers requests of `/v6/send`. One for each process."""

    def __init__(
        self,
        directory: Directory,
        logins: Logins,
        sink: Log,
        claims: DuplicateClaims,
        keys: HourKeys,
        *,
        part_of: PartOf = all_of_it,
    ) -> None:
        self._directory = directory
        self._logins = logins
        self._log = sink
        self._claims = claims
        self._keys = keys
        self.limits = PartnerLimits(part_of)
        self.recent = RecentRequests()
        self._failing_since_s: float | None = None
        self._failed_at_s = 0.0

    async def answer(self, body: bytes, address: str, beside: Beside) -> bytes | Refusal:
        """The body of the answer, or the refusal."""
        try:
            request: _Request = plain_request(body) or read_request(body)
        except Refused as refused:
            return refused.refusal
        except ValidationError as error:
            return await self._refuse_fields(body, violation(error).refusal, address, beside)
        partner = await self._logins.check(request.login, request.password, address)
        if isinstance(partner, LoginFault):
            return self._login_refusal(partner, request.login, address)
        beside.partner, beside.reference = partner, request.id
        limit = self.limits.enter(partner, time.monotonic())
        beside.limits = self.limits.headers(partner)
        if limit is not None:
            return Refusal(Code.TOO_MANY, "", limit.words, limit.wait_s)
        try:
            unknown = [] if _is_known(request) else unknown_fields(SendRequest, read_json(body))
            if unknown:
                beside.warnings += warnings_of(unknown)
                telemetry.UNKNOWN_FIELDS.labels(partner.partner_id).inc()
            return await self._send(request, partner, unknown, body, beside.warnings)
        except Refused as refused:
            return refused.refusal
        finally:
            self.limits.leave(partner)

    async def is_log_up(self) -> bool:
        """False after half a minute of failures, until a minute has passed without any."""
        now = time.monotonic()
        failing = self._failing_since_s is not None and now - self._failing_since_s >= _OUTAGE_S
        return not (failing and now - self._failed_at_s < _FORGOTTEN_S)

    def _login_refusal(self, fault: LoginFault, login: str, address: str) -> Refusal:
        if fault is not LoginFault.THROTTLED:
            return _FAULTS[fault]
        wait_s = self._logins.retry_after_s(login, address)
        return Refusal(Code.TOO_MANY, "", "too many failed logins, try again later", wait_s)

    async def _refuse_fields(self, body: bytes, refusal: Refusal, address: str, beside: Beside) -> Refusal:
        """Refuse a body with a wrong field. Only a partner is shown which, so the login is checked first."""
        try:
            found = lossless.loads(body)
        except lossless.NotJson:
            return refusal
        login, password = (found.get("login"), found.get("password")) if isinstance(found, dict) else (None, None)
        if not isinstance(login, str) or not isinstance(password, str):
            return refusal
        partner = await self._logins.check(login, password, address)
        if isinstance(partner, LoginFault):
            return self._login_refusal(partner, login, address)
        beside.partner, beside.reference = partner, found.get("id")
        beside.warnings += warnings_of(unknown_fields(SendRequest, found))
        return self._with_all(refusal, body, partner, now_ms())

    def _with_all(self, refusal: Refusal, body: bytes, partner: PartnerChanged, now: int) -> Refusal:
        try:
            return with_all(refusal, lossless.loads(body), partner, self._directory, now)
        except lossless.NotJson:
            return refusal

    async def _send(
        self,
        request: _Request,
        partner: PartnerChanged,
        unknown: Sequence[Unknown],
        body: bytes,
        warnings: list[str],
    ) -> bytes | Refusal:
        now = now_ms()
        try:
            accepted = accept(request, partner, self._directory, now, draw_id=ids.uuid7)
        except Refused as refused:
            return self._with_all(refused.refusal, body, partner, now)
        if unknown:
            accepted = accepted._replace(request=accepted.request.replace(unknown_fields=names_of(unknown)))
        event = await self.store(accepted, partner, warnings)
        answer = {"mtNum": event.mt_num} if request.id is None else {"mtNum": event.mt_num, "id": request.id}
        return orjson.dumps(answer)

    async def store(self, accepted: AcceptedMessage, partner: PartnerChanged, warnings: list[str]) -> MessageRequested:
        """Once the log has it. `warnings` grows by what is to be said beside. Raises Refused."""
        claims = partner.reject_duplicates and accepted.request.partner_ref is not None
        try:
            event = await sealed(accepted, self._keys) if accepted.secure else accepted.request
            if claims and not await self._claims.claim(event.message_id, event.event_id, now_ms()):
                raise Refused(Code.DUPLICATE, "id", "was used before")
            await self._log.append((Append(_TOPIC, event.message_id, event),))
        except faults.TRANSIENT_ERRORS as error:
            self._note_failure(error)
            if claims:
                await self._give_back(accepted.request)
            rule = "the request could not be stored in time, repeat it with the same id"
            raise Refused(Code.UNAVAILABLE, "", rule) from None
        except RecordTooLarge:
            raise Refused(Code.INVALID, "body", "too large once it is encoded") from None
        self._failing_since_s = None
        if event.partner_ref is not None and self.recent.note(event.message_id, fingerprint_of(event, accepted.secure)):
            warnings.append(REPEATED)
        if claims:
            await self._confirm(event.message_id)
        return event

    async def _give_back(self, request: MessageRequested) -> None:
        """Give its claim back, so that the repeat that the partner is asked for need not wait."""
        try:
            await self._claims.give_back([request.message_id], request.event_id)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a claim was not given back", error=repr(error))

    async def _confirm(self, message_id: str) -> None:
        """Confirm a claim. The event is in the log, so a failure changes no answer: a repeat is absorbed."""
        try:
            await self._claims.confirm(message_id)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a claim was not confirmed", error=repr(error))

    def _note_failure(self, error: Exception) -> None:
        self._failed_at_s = time.monotonic()
        if self._failing_since_s is None:
            self._failing_since_s = self._failed_at_s
            log.warning("requests cannot be stored", error=repr(error))


def _is_known(request: _Request) -> bool:
    return isinstance(request, PlainRequest) or is_known(request)
