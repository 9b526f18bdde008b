"""Counts what is not accepted of partners who have proved who they are, and tells the audit trail once a minute.

    an answer has gone out ─▶ counted by partner and cause ─▶ once a minute, and at the end: one append of all
                                                              it failed: the same records again, a minute later

The first `MOST_CAUSES` of a partner within a minute are told apart, the rest is added up; of `MOST_PARTNERS` at most.
Nothing here waits, and nothing that a request gave is kept but the partner's own id of a message (`kept.py`). What a
process has counted since its last record is lost if it is killed.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas import ids
from schemas.application_events import PartnerChanged
from schemas.audit_events import Audited, NotAccepted
from schemas.topics import AUDIT_EVENTS
from services.ingest.http import Beside
from services.ingest.refused.kept import kept_field, kept_reference, kept_rule
from services.ingest.rules import Refusal
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on

log = telemetry.logger("refused-requests")
EVERY_S: Final = 60.0
MOST_CAUSES: Final = 20
MOST_PARTNERS: Final = 200
MOST_UNWRITTEN: Final = 10_000
"""Records that wait for a log that is away; older ones are given up."""


class Cause(NamedTuple):
    """Why something was not accepted, as it is added up. `code`: `error.code`, or a packet's key."""

    method: str
    path: str  # as the table of routes writes it
    status: int  # of HTTP; 200: a message of a packet that was answered
    code: str
    field: str
    rule: str


OTHERS: Final = Cause("", "", 0, "", field="", rule="others, added up")


@dataclass(slots=True)
class _Counted:
    """`count` of one cause; times in UTC ms. `reference` is the last one that was given."""

    partner: PartnerChanged
    first_at: int
    last_at: int
    count: int = 0
    reference: object = None


class RefusedRequests:
    """Those of this process since the last record. Safe to call from anywhere on its loop."""

    def __init__(self, sink: Log, service: str) -> None:
        self._sink, self._service = sink, service
        self._counted: dict[str, dict[Cause, _Counted]] = {}
        self._unwritten: list[Audited] = []
        self._beyond = 0

    def note(self, partner: PartnerChanged, cause: Cause, reference: object = None) -> None:
        """One request, or one message of a packet. The cause may still name what the request gave."""
        counted = self._counted.get(partner.partner_id)
        if counted is None:
            if len(self._counted) >= MOST_PARTNERS:
                self._beyond += 1
                return
            counted = self._counted[partner.partner_id] = {}
        cause = cause._replace(field=kept_field(cause.field), rule=kept_rule(cause.rule))
        if cause not in counted and len(counted) >= MOST_CAUSES:
            cause = OTHERS
        now = now_ms()
        found = counted.get(cause)
        if found is None:
            found = counted[cause] = _Counted(partner, now, now)
        found.count += 1
        found.last_at = now
        if reference:
            found.reference = reference

    def note_answer(self, path: str, answer: tuple[int, bytes] | Refusal, beside: Beside) -> None:
        """The answer to a POST of the partner protocol; of a stranger nothing is counted."""
        partner = beside.partner
        if partner is None:
            return
        if isinstance(answer, Refusal):
            rule = answer.rule or answer.code.description
            code = str(int(answer.code))
            cause = Cause("POST", path, answer.code.http_status, code, field=answer.field, rule=rule)
            self.note(partner, cause, beside.reference)
            return
        for rejected in beside.rejected:
            self.note(partner, Cause("POST", path, answer[0], *rejected.fault), rejected.reference)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what is left then is `flush`ed by whoever closes the log."""
        await keep_on("refused-requests", self.flush, stop, EVERY_S)

    async def flush(self) -> None:
        """Append what was counted since the last time, and what could not be appended then. Raises nothing that is
        transient."""
        self._unwritten += self._taken()
        if not self._unwritten:
            return
        try:
            await self._sink.append([Append(AUDIT_EVENTS, event.who, event) for event in self._unwritten])
        except faults.TRANSIENT_ERRORS as error:
            given_up = self._unwritten[:-MOST_UNWRITTEN]
            del self._unwritten[:-MOST_UNWRITTEN]
            telemetry.AUDIT_LOST.inc(len(given_up))
            log.warning("counts of refused requests wait for the log", error=repr(error), waiting=len(self._unwritten))
        else:
            self._unwritten = []

    async def close(self) -> None:
        """The last append, before the log is closed."""
        await self.flush()
        if self._unwritten:
            telemetry.AUDIT_LOST.inc(len(self._unwritten))
            log.warning("counts of refused requests are lost", records=len(self._unwritten))

    def _taken(self) -> list[Audited]:
        """A record for each cause; it begins anew then."""
        counted, self._counted = self._counted, {}
        if self._beyond:
            log.warning("refused requests of further partners were not counted", requests=self._beyond)
            self._beyond = 0
        return [self._event(cause, total) for causes in counted.values() for cause, total in causes.items()]

    def _event(self, cause: Cause, counted: _Counted) -> Audited:
        return Audited(
            event_id=ids.uuid7(),
            at=counted.last_at,
            who=f"partner:{counted.partner.login}",
            who_id=f"partner/{counted.partner.partner_id}",
            address="",
            service=self._service,
            method=cause.method,
            route="",
            path=cause.path,
            status=cause.status,
            count=counted.count,
            not_accepted=NotAccepted(
                code=cause.code,
                field=cause.field,
                rule=cause.rule,
                first_at=counted.first_at,
                last_ref=kept_reference(counted.reference),
            ),
        )
