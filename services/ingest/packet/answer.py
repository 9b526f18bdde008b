"""`POST /v3/batch`: up to 3000 messages, answered one by one and in order, all appended at once.

    key (401, 403) ─▶ JSON, packet (400) ─▶ limits (429) ─▶ each message: accept ─▶ claims ─▶ one append ─▶ the answer

What could not be written in time is `unknown`: it may be in the log, and the same packet may be sent again. Where every
message has an id, the packet's id follows from its bytes: repeated, it has the same one.

Source: `docs/partner-api.md` §6.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Sequence, Set
from typing import Any, NamedTuple

import orjson

from schemas import ids, lossless, topics
from schemas.application_events import PartnerChanged
from services.ingest.duplicates import DuplicateClaims, RecentRequests, fingerprint_of
from services.ingest.packet.errors import Rejection, RejectReason, Unacceptable, unacceptable_of
from services.ingest.packet.rules import (
    Packet,
    PacketContext,
    accepted_of,
    hands_on,
    packet_of,
    priority_of,
    unknown_of,
)
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules import REPEATED, AcceptedMessage, Code, Refusal, not_json, unknown_around, warnings_of
from services.ingest.secure_values import sealed
from services.runtime import faults, telemetry
from services.runtime.access.packet_key import KeyFault, partner_of
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.text.storable import NO_NUL

log = telemetry.logger("batch")
MAX_BODY_BYTES = 16 * 1024 * 1024
_MAX_MESSAGE_BYTES = 64 * 1024
_TOPIC = topics.MESSAGE_REQUESTED["bulk"]
_SLICE = 50
"""Messages that are read before others get their turn: single messages are answered by the same loop."""
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
        """The partner by its key."""
        found = partner_of(authorization, self._directory, self._secrets, address)
        if isinstance(found, KeyFault):
            return Refusal(Code.LOGIN if found is KeyFault.UNKNOWN else Code.ADDRESS, "", found.value)
        return found

    async def answer(self, body: bytes, partner: PartnerChanged, warnings: list[str]) -> tuple[int, bytes] | Refusal:
        """HTTP status and body. What the partner should know beside it is added to `warnings`."""
        now = now_ms()
        try:
            found = await _read(body)
            if isinstance(found, dict):
                warnings += warnings_of(unknown_around(found))
            packet = packet_of(found, partner, now)
        except Unacceptable as unacceptable:
            return 400, orjson.dumps({"result": [_entry_of(unacceptable.rejected, None)]})
        limit = self._limits.enter(partner, time.monotonic())
        if limit is not None:
            return Refusal(Code.TOO_MANY, "", limit)
        try:
            sending = PacketContext(partner, self._directory, now, packet_id_of(body, packet, partner), ids.uuid7)
            return 200, orjson.dumps({"result": await self._send(packet, sending, warnings)})
        finally:
            self._limits.leave(partner)

    async def _send(self, packet: Packet, sending: PacketContext, warnings: list[str]) -> list[dict[str, Any]]:
        templates, ready = PacketTemplates(sending.partner), list[_ReadyMessage | Rejection]()
        try:
            for place, one in enumerate(packet.messages):
                outcome = accepted_of(one, place, packet, sending, templates)
                ready.append(outcome if isinstance(outcome, Rejection) else await self._ready(outcome, place))
                if unknown := unknown_of(one, sending.partner):
                    warnings += warnings_of(unknown, f"messages[{place}].") if len(warnings) < _MOST_WARNINGS else ()
                    telemetry.UNKNOWN_FIELDS.labels(sending.partner.partner_id).inc()
                if place % _SLICE == 0:
                    await asyncio.sleep(0)
            if sending.partner.reject_duplicates:
                ready = await self._send_once(packet, ready)
            else:
                await self._log.append(_by_priority(ready, packet.messages))
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a packet could not be stored in time", error=repr(error))
            ready = await self._unstored(packet, sending, templates, ready)
        else:
            for place, one in enumerate(ready):
                if (
                    isinstance(one, _ReadyMessage)
                    and one.told is not None
                    and self._recent.note(one.message_id, one.told)
                ):
                    warnings.append(f"messages[{place}].{REPEATED}")
        telemetry.BATCH_MESSAGES.labels("accepted").inc(sum(isinstance(one, _ReadyMessage) for one in ready))
        telemetry.BATCH_MESSAGES.labels("rejected").inc(sum(isinstance(one, Rejection) for one in ready))
        return [_entry_of(one, sending.packet_id) for one in ready]

    async def _unstored(
        self,
        packet: Packet,
        sending: PacketContext,
        templates: PacketTemplates,
        ready: Sequence["_ReadyMessage | Rejection"],
    ) -> list["_ReadyMessage | Rejection"]:
        """What is told of each message when the log or a database is away: still what is wrong with it, or unknown."""
        told: list[_ReadyMessage | Rejection] = []
        for place, one in enumerate(packet.messages):
            outcome = ready[place] if place < len(ready) else accepted_of(one, place, packet, sending, templates)
            told.append(_unknown(outcome, place))
            if place % _SLICE == 0:
                await asyncio.sleep(0)
        return told

    async def _ready(self, outcome: AcceptedMessage, place: int) -> "_ReadyMessage | Rejection":
        event = await sealed(outcome, self._keys) if outcome.secure else outcome.request
        value = Append(_TOPIC, event.message_id, event).value
        if len(value) > _MAX_MESSAGE_BYTES:
            ref = f"messages[{place}]"
            return Rejection(
                [RejectReason("length.too.long", ref)], f"{ref}: must be at most {_MAX_MESSAGE_BYTES} bytes"
            )
        told = None if event.partner_ref is None else fingerprint_of(event, outcome.secure)
        return _ReadyMessage(event.message_id, event.partner_ref, Append(_TOPIC, event.message_id, value), told)

    async def _send_once(
        self, packet: Packet, ready: Sequence["_ReadyMessage | Rejection"]
    ) -> list["_ReadyMessage | Rejection"]:
        """For partners who refuse duplicates: an id that was accepted before, or earlier in the packet, is refused.

        What others may be about to append is looked at again behind our own append, so that no two packets wait for
        each other.
        """
        holder = ids.uuid7()
        wanted = {one.message_id for one in ready if isinstance(one, _ReadyMessage) and one.partner_ref is not None}
        ours, contested = await self._claims.claim_many(wanted, holder, now_ms())
        kept = _without_repeated(ready, ours | contested)
        await self._append_claimed(packet, _without(kept, contested), ours, holder)
        if not contested:
            return kept
        try:
            won = await self._claims.settle(contested, holder, now_ms())
            if won:
                await self._append_claimed(packet, _without(kept, wanted - won, unnamed=True), won, holder)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a part of a packet could not be stored in time", error=repr(error))
            return [
                _unknown(one, place) if isinstance(one, _ReadyMessage) and one.message_id in contested else one
                for place, one in enumerate(kept)
            ]
        return _without_repeated(kept, ours | won)

    async def _append_claimed(
        self, packet: Packet, ready: Sequence["_ReadyMessage | Rejection"], claimed: Set[str], holder: str
    ) -> None:
        try:
            await self._log.append(_by_priority(ready, packet.messages))
        except faults.TRANSIENT_ERRORS:
            with contextlib.suppress(*faults.TRANSIENT_ERRORS):  # whoever repeats it waits a while then
                await self._claims.give_back(claimed, holder)
            raise
        await self._confirm(list(claimed))

    async def _confirm(self, message_ids: Sequence[str]) -> None:
        """The events are in the log, so the answer is yes even when this fails: a repeat is appended and absorbed."""
        try:
            await self._claims.confirm_many(message_ids)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("claims were not confirmed", error=repr(error))


class _ReadyMessage(NamedTuple):
    """A message that is to be appended."""

    message_id: str
    partner_ref: str | None
    append: Append
    told: int | None  # `recent.fingerprint_of`; None without an id of the partner's


_ELSEWHERE = Rejection([], "")
"""In the place of a message that is not appended now."""


def _without_repeated(ready: Sequence[_ReadyMessage | Rejection], free: Set[str]) -> list[_ReadyMessage | Rejection]:
    """The first with each free id; the others are refused."""
    left, kept = set(free), list[_ReadyMessage | Rejection]()
    for place, one in enumerate(ready):
        if isinstance(one, _ReadyMessage) and one.partner_ref is not None:
            if one.message_id not in left:
                ref = f"messages[{place}].id"
                kept.append(Rejection([RejectReason("duplicate", ref)], f"{ref}: was used before"))
                continue
            left.discard(one.message_id)
        kept.append(one)
    return kept


def _without(
    ready: Sequence[_ReadyMessage | Rejection], others: Set[str], *, unnamed: bool = False
) -> list[_ReadyMessage | Rejection]:
    """Each in its place, but for those of `others`; with `unnamed` also but for those without an id."""
    return [
        _ELSEWHERE
        if isinstance(one, _ReadyMessage) and (one.message_id in others or (unnamed and one.partner_ref is None))
        else one
        for one in ready
    ]


async def _read(body: bytes) -> object:
    """Without loss. A large packet whose numbers or escapes need care is read in a thread. Raises Unacceptable."""
    if lossless.holds_nul(body):
        raise Unacceptable("invalid", "body", f"body: {NO_NUL}")
    try:
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
        raise unacceptable_of(not_json(error).refusal) from None


def packet_id_of(body: bytes, packet: Packet, partner: PartnerChanged) -> int:
    """The same for the same bytes when each message has an id; else drawn. Between 1 and 2**53."""
    named = all(isinstance(one, dict) and one.get("id") for one in packet.messages)
    cause = partner.uuid.encode() + hashlib.sha256(body).digest() if named else ids.uuid7().encode()
    return (int.from_bytes(hashlib.sha256(cause).digest()[:8]) >> (64 - _PACKET_BITS)) or 1


def _by_priority(ready: Sequence[_ReadyMessage | Rejection], messages: Sequence[object]) -> list[Append]:
    """The higher ones first, so that they go first; of equal ones in the order of the packet."""
    placed = [(place, one.append) for place, one in enumerate(ready) if isinstance(one, _ReadyMessage)]
    placed.sort(key=lambda one: -priority_of(messages[one[0]]))
    return [append for _, append in placed]


def _unknown(outcome: AcceptedMessage | _ReadyMessage | Rejection, place: int) -> Rejection:
    if isinstance(outcome, Rejection):
        return outcome
    ref = f"messages[{place}]"
    return Rejection(
        [RejectReason("unknown", ref)], f"{ref}: could not be stored in time, it may be sent again with its id"
    )


def _entry_of(one: _ReadyMessage | Rejection, packet_id: int | None) -> dict[str, Any]:
    if isinstance(one, _ReadyMessage):
        entry: dict[str, Any] = {"code": "OK", "messageId": one.message_id, "packetId": packet_id}
        return entry if one.partner_ref is None else {**entry, "id": one.partner_ref}
    reasons = [{"key": reason.key, "ref": reason.ref} for reason in one.reasons]
    return {
        "code": "REJECTED",
        "messageId": None,
        "reasons": reasons,
        "description": one.description,
        "packetId": packet_id,
    }
