"""The answers of `POST /v3/batch`: up to 3,000 messages, answered one by one and in order, all appended at once.

    key (401, 403) ─▶ JSON, packet (400) ─▶ limits (429) ─▶ each message: accept ─▶ claims ─▶ one append ─▶ the answer

What could not be written in time is `unknown`: it may be in the log, and the same packet may be sent again. Where every
message has an id, the packet's id follows from its bytes, so a repeated packet has the same id.

Source: `docs/partner-api.md` §6.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Sequence, Set
from typing import Any

import orjson

from schemas import ids, lossless, topics
from schemas.application_events import PartnerChanged
from services.ingest.duplicates import REPEATED, DuplicateClaims, RecentRequests, fingerprint_of
from services.ingest.http import Beside, RejectedMessage
from services.ingest.packet.errors import PacketRefused, Rejection, packet_refused, rejected_for
from services.ingest.packet.outcomes import (
    Outcome,
    ReadyMessage,
    by_priority,
    entry_of,
    first_of_each,
    unstored,
    without,
)
from services.ingest.packet.rules import (
    Packet,
    PacketContext,
    accepted_of,
    hands_on,
    packet_of,
    unknown_of,
)
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules import AcceptedMessage, Code, Refusal, not_json, unknown_around
from services.ingest.secure_values import sealed
from services.runtime import faults, telemetry
from services.runtime.access.audit import NOBODY, Caller
from services.runtime.access.packet_key import KeyFault, owner_of, partner_of
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.beside import warnings_of
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.pacing.turns import Turns

log = telemetry.logger("packet")
MAX_BODY_BYTES = 16 * 1024 * 1024
_MAX_MESSAGE_BYTES = 64 * 1024
_TOPIC = topics.MESSAGE_REQUESTED["bulk"]
_SLICE = 50
"""Messages that are read at most before others get their turn: single messages are answered by the same loop."""
_MOST_WARNINGS = 50
_LARGE_BYTES = 256 * 1024
_PACKET_BITS = 53
"""What a JSON number holds exactly everywhere."""


class PacketService:
    """Answers packets. One for each process."""

    def __init__(
        self,
        *,
        directory: Directory,
        secrets: Secrets,
        log: Log,
        claims: DuplicateClaims,
        keys: HourKeys,
        limits: PartnerLimits,
        recent: RecentRequests,
    ) -> None:
        self._recent = recent
        self._directory, self._secrets, self._log = directory, secrets, log
        self._claims, self._keys, self._limits = claims, keys, limits

    def caller(self, authorization: str, address: str) -> PartnerChanged | Refusal:
        """The partner that the key belongs to."""
        found = partner_of(authorization, self._directory, self._secrets, address)
        if isinstance(found, KeyFault):
            return Refusal(Code.LOGIN if found is KeyFault.UNKNOWN else Code.ADDRESS, "", found.value)
        return found

    def proved(self, authorization: str) -> Caller:
        """Who it is for the audit trail: whoever has a partner's key, also where it may not be used."""
        owner = owner_of(authorization, self._directory, self._secrets)
        return NOBODY if owner is None else Caller(f"partner:{owner.login}")

    async def answer(self, body: bytes, partner: PartnerChanged, beside: Beside) -> tuple[int, bytes] | Refusal:
        """HTTP status and body, or a refusal of all."""
        now = now_ms()
        try:
            found = await _read(body)
            if isinstance(found, dict):
                beside.warnings += warnings_of(unknown_around(found))
            packet = packet_of(found, partner, now)
        except PacketRefused as refused:
            beside.rejected += _rejected_of([refused.rejection], [None])
            return 400, orjson.dumps({"result": [entry_of(refused.rejection, None)]})
        limit = self._limits.enter(partner, time.monotonic())
        beside.limits = self._limits.headers(partner)
        if limit is not None:
            return Refusal(Code.TOO_MANY, "", limit.words, limit.wait_s)
        try:
            sending = PacketContext(partner, self._directory, now, packet_id_of(body, packet, partner), ids.uuid7)
            return 200, orjson.dumps({"result": await self._send(packet, sending, beside)})
        finally:
            self._limits.leave(partner)

    async def _send(self, packet: Packet, sending: PacketContext, beside: Beside) -> list[dict[str, Any]]:
        templates, ready, turns = PacketTemplates(sending.partner), list[Outcome](), Turns(_SLICE)
        warnings = beside.warnings
        try:
            for place, message in enumerate(packet.messages):
                outcome = accepted_of(message, place, packet, sending, templates)
                ready.append(outcome if isinstance(outcome, Rejection) else await self._ready(outcome, place))
                if unknown := unknown_of(message, sending.partner):
                    warnings += warnings_of(unknown, f"messages[{place}].") if len(warnings) < _MOST_WARNINGS else ()
                    telemetry.UNKNOWN_FIELDS.labels(sending.partner.partner_id).inc()
                await turns.give()
            if sending.partner.reject_duplicates:
                ready = await self._send_once(packet, ready)
            else:
                await self._log.append(by_priority(ready, packet.messages))
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a packet could not be stored in time", error=repr(error))
            ready = await self._unstored(packet, sending, templates, ready)
        else:
            for place, stored in enumerate(ready):
                if self._is_another(stored):
                    warnings.append(f"messages[{place}].{REPEATED}")
        accepted = sum(isinstance(outcome, ReadyMessage) for outcome in ready)
        telemetry.BATCH_MESSAGES.labels("accepted").inc(accepted)
        telemetry.BATCH_MESSAGES.labels("rejected").inc(len(ready) - accepted)
        if accepted < len(ready):
            beside.rejected += _rejected_of(ready, packet.messages)
        return [entry_of(outcome, sending.packet_id) for outcome in ready]

    def _is_another(self, outcome: Outcome) -> bool:
        """True for a message whose id was used for another one lately."""
        return (
            isinstance(outcome, ReadyMessage)
            and outcome.fingerprint is not None
            and self._recent.note(outcome.message_id, outcome.fingerprint)
        )

    async def _unstored(
        self,
        packet: Packet,
        sending: PacketContext,
        templates: PacketTemplates,
        ready: Sequence[Outcome],
    ) -> list[Outcome]:
        """The outcomes when the log or a database is away: what is wrong with a message, or else `unknown`."""
        outcomes, turns = list[Outcome](), Turns(_SLICE)
        for place, message in enumerate(packet.messages):
            outcome = ready[place] if place < len(ready) else accepted_of(message, place, packet, sending, templates)
            outcomes.append(unstored(outcome, place))
            await turns.give()
        return outcomes

    async def _ready(self, outcome: AcceptedMessage, place: int) -> Outcome:
        event = await sealed(outcome, self._keys) if outcome.secure else outcome.request
        value = Append(_TOPIC, event.message_id, event).value
        if len(value) > _MAX_MESSAGE_BYTES:
            return rejected_for("length.too.long", place, "", f"must be at most {_MAX_MESSAGE_BYTES} bytes")
        fingerprint = None if event.partner_ref is None else fingerprint_of(event, outcome.secure)
        return ReadyMessage(event.message_id, event.partner_ref, Append(_TOPIC, event.message_id, value), fingerprint)

    async def _send_once(self, packet: Packet, ready: Sequence[Outcome]) -> list[Outcome]:
        """Append the messages of a partner who refuses duplicates: an id that was used before, also in the packet, is
        rejected.

        Ids that others may be about to append are settled after our own append, so that no two packets wait for each
        other.
        """
        holder = ids.uuid7()
        wanted = {
            outcome.message_id
            for outcome in ready
            if isinstance(outcome, ReadyMessage) and outcome.partner_ref is not None
        }
        ours, contested = await self._claims.claim_many(wanted, holder, now_ms())
        kept = first_of_each(ready, ours | contested)
        await self._append_claimed(packet, without(kept, contested), ours, holder)
        if not contested:
            return kept
        try:
            won = await self._claims.settle(contested, holder, now_ms())
            if won:
                await self._append_claimed(packet, without(kept, wanted - won, unnamed=True), won, holder)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a part of a packet could not be stored in time", error=repr(error))
            return [
                unstored(outcome, place)
                if isinstance(outcome, ReadyMessage) and outcome.message_id in contested
                else outcome
                for place, outcome in enumerate(kept)
            ]
        return first_of_each(kept, ours | won)

    async def _append_claimed(self, packet: Packet, ready: Sequence[Outcome], claimed: Set[str], holder: str) -> None:
        try:
            await self._log.append(by_priority(ready, packet.messages))
        except faults.TRANSIENT_ERRORS:
            with contextlib.suppress(*faults.TRANSIENT_ERRORS):  # a repeat waits a while then
                await self._claims.give_back(claimed, holder)
            raise
        await self._confirm(list(claimed))

    async def _confirm(self, message_ids: Sequence[str]) -> None:
        """Confirm claims. The events are in the log, so a failure changes no answer: a repeat is absorbed."""
        try:
            await self._claims.confirm_many(message_ids)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("claims were not confirmed", error=repr(error))


def _rejected_of(outcomes: Sequence[Outcome], messages: Sequence[object]) -> list[RejectedMessage]:
    """Those that are not accepted, each with what it gave as its id."""
    return [
        RejectedMessage(outcome.first, message.get("id") if isinstance(message, dict) else None)
        for outcome, message in zip(outcomes, messages, strict=True)
        if isinstance(outcome, Rejection) and outcome.first is not None
    ]


async def _read(body: bytes) -> object:
    """Read without loss; a large packet whose numbers or escapes need care in a thread. Raises PacketRefused."""
    try:
        lossless.check_nul(body)
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            return lossless.loads(body)  # which takes a few numbers more
        if not hands_on(found):
            return found
        if len(body) <= _LARGE_BYTES:
            return lossless.exact(found, body)
        return await asyncio.to_thread(lossless.exact, found, body)
    except lossless.NotJson as error:
        raise packet_refused(not_json(error).refusal) from None


def packet_id_of(body: bytes, packet: Packet, partner: PartnerChanged) -> int:
    """The packet's id, 1 to 2**53: the same for the same bytes when each message has an id, else drawn."""
    named = all(isinstance(message, dict) and message.get("id") for message in packet.messages)
    cause = partner.uuid.encode() + hashlib.sha256(body).digest() if named else ids.uuid7().encode()
    return (int.from_bytes(hashlib.sha256(cause).digest()[:8]) >> (64 - _PACKET_BITS)) or 1
