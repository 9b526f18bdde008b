"""Reports that this process sends from memory, without having stored them.

    offer ─▶ waiting: the newest state of a link ─▶ begin ─▶ in hand ─▶ ended: taken ─▶ known until the fold has read it
                │ too long, receiver down, stop                 │
                └─────────────────▶ `reports` ◀───── not taken ─┘

A link is known from the offer until the fold has read the attempt; meanwhile a newer state waits for the older one, a
repeated one changes nothing, and behind a final one that was taken nothing follows. When another process has saved the
message meanwhile it may have reported on it, so no more is known than what is under way here. Once `reports` has a
state of a link, the newer ones go there too. What is lost with the process is found by the sweeper, for the message
says that a report is owed.
"""

from collections import OrderedDict
from dataclasses import dataclass

from schemas import ids
from schemas.reports import FINAL
from schemas.values import Lane
from services.status.message import Message
from services.status.reports.model import LeasedReport, ReportIntent

MOST_WAIT_MS = 3_000
"""A report that waits longer is stored. After `sweeper.MISSED_AFTER_MS` somebody else may send it: until then it is
stored, or its attempt has ended, or `recorder.py` has stored that it is under way."""
MOST_WAITING = 2_000
"""Of one receiver: what the fastest takes within those seconds; so one that is slow leaves room to others."""
MOST_BYTES = 16 * 1024 * 1024
MOST_KNOWN = 30_000
"""Links, some 350 bytes each. One that is forgotten too early is in doubt, and left to the sweeper."""


@dataclass(slots=True)
class _Known:
    """What is known of the reports of a link."""

    rank: int  # the highest that was handed over
    attempts: int = 0
    waiting: ReportIntent | None = None
    since: int = 0  # when it was offered, UTC ms
    in_hand: bool = False
    is_stored: bool = False
    is_closed: bool = False  # a final report was taken
    revision: int = 0  # of its message, as this process saved it last
    is_foreign: bool = False  # another process has saved it since

    @property
    def is_idle(self) -> bool:
        return self.waiting is None and not self.in_hand


class ReportsInMemory:
    """The reports of this process; one table for all receivers, so that their memory is bounded together."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._queues: dict[tuple[Lane, str], OrderedDict[str, None]] = {}
        self._bytes = 0
        self._lease = ids.uuid7()
        self._expected: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def is_known(self, report_id: str) -> bool:
        known = self._known.get(report_id)
        return known is not None and not known.is_foreign

    def has_taken(self, report_id: str, rank: int) -> bool:
        """Whether the state was offered before, and goes from here."""
        known = self._known.get(report_id)
        return known is not None and known.rank >= rank and not known.is_stored

    def expect(self, report_id: str, rank: int, behind: int) -> None:
        """This process, and no other, has found a state that is to be reported behind an attempt of a former one."""
        self._expected[report_id] = rank, behind
        self._expected.move_to_end(report_id)
        while len(self._expected) > MOST_KNOWN:
            self._expected.popitem(last=False)

    def may_follow(self, report_id: str, rank: int, tried: int) -> bool:
        """Whether the attempt that this state waited for has been read: nobody else sends it."""
        expected = self._expected.get(report_id)
        return expected is not None and expected[0] == rank and tried >= expected[1]

    def follow(self, message: Message) -> None:
        """Look whether another process has saved the message since this one did."""
        for number in message.links if self._known else ():
            report_id = f"{message.message_id}/{number}"
            known = self._known.get(report_id)
            if known is not None and known.revision not in (0, message.revision):
                known.is_foreign = True
                if known.is_idle:
                    del self._known[report_id]

    def is_stored(self, report_id: str) -> bool:
        """Whether `reports` has a state of this link, as far as this process knows."""
        known = self._known.get(report_id)
        return known is not None and known.is_stored

    def has_room(self, lane: Lane, host: str) -> bool:
        return self._bytes < MOST_BYTES and self.waiting(lane, host) < MOST_WAITING

    def waiting(self, lane: Lane, host: str) -> int:
        """The number of reports of a receiver that may be begun."""
        return len(self._queues.get((lane, host), ()))

    def offer(self, intent: ReportIntent, now: int, *, has_room: bool = True) -> bool:
        """Take it, unless it is known; False: it has to be stored. Behind one under way it waits here in any case."""
        report_id, rank = intent.report_id, intent.status.rank
        known = self._known.get(report_id)
        if known is None:
            if intent.body is None:
                return True
            if not has_room:
                return False
            known = self._known[report_id] = _Known(-1)
            self._forget_some()
        elif rank <= known.rank or known.is_closed:
            return True
        if known.is_stored or not (has_room or known.in_hand):
            return False
        known.rank = rank
        self._unqueue(report_id, known)
        if intent.body is not None or known.in_hand:
            known.waiting, known.since = intent, now
            self._bytes += len(intent.body or b"")
            if not known.in_hand:
                self._queues.setdefault((intent.lane, intent.host), OrderedDict())[report_id] = None
        return True

    def stored(self, report_id: str, rank: int) -> None:
        """`reports` is given this state; an older one that waits here is not sent."""
        known = self._known.setdefault(report_id, _Known(rank))
        known.rank, known.is_stored = max(rank, known.rank), True
        self._unqueue(report_id, known)
        self._forget_some()

    def begin(self, lane: Lane, host: str, count: int, now: int) -> list[LeasedReport]:
        """The reports to send now, those that have waited longest first; none that has waited too long."""
        queue, begun = self._queues.get((lane, host)), list[LeasedReport]()
        while queue and len(begun) < count:
            report_id = next(iter(queue))
            known = self._known[report_id]
            if known.since + MOST_WAIT_MS <= now:
                break
            intent = known.waiting
            self._unqueue(report_id, known)
            if intent is None or intent.body is None:
                continue
            known.in_hand, known.attempts = True, max(known.attempts, intent.attempts) + 1
            begun.append(self._leased(report_id, intent, intent.body, known.attempts, now))
        return begun

    def put_off(self, lane: Lane, host: str, until: int) -> list[ReportIntent]:
        """Take out those that wait since `until` (UTC ms) or longer: they are for `reports` now."""
        taken, queue = list[ReportIntent](), self._queues.get((lane, host))
        while queue:
            report_id = next(iter(queue))
            known = self._known[report_id]
            if known.since > until or known.waiting is None:
                break
            taken.append(known.waiting)
            self.stored(report_id, known.rank)
        return taken

    def put_off_all(self) -> list[ReportIntent]:
        """Take out everything that waits: the process ends."""
        found = [known.waiting for known in self._known.values() if known.waiting is not None]
        for intent in found:
            self.stored(intent.report_id, intent.status.rank)
        return found

    def next_put_off(self, lane: Lane, host: str) -> int | None:
        """When the report that has waited longest is to be stored, UTC ms."""
        first = next(iter(self._queues.get((lane, host), ())), None)
        return self._known[first].since + MOST_WAIT_MS if first is not None else None

    def failed(self, report: LeasedReport) -> ReportIntent | None:
        """It was not taken, so `reports` goes on with its link; gives the newer state that has come meanwhile."""
        known = self._known.get(report.report_id)
        if known is None:
            return None
        known.is_stored = True
        return known.waiting  # until `ended`: it may have to be stored again

    def ended(self, report: LeasedReport, *, taken: bool) -> tuple[Lane, str] | None:
        """Its attempt is recorded; a newer state that waits may follow: to this receiver, which may be another one."""
        known = self._known.get(report.report_id)
        if known is None:
            return None
        known.in_hand = False
        if known.is_stored or (taken and report.status in FINAL):
            known.is_closed = taken and report.status in FINAL
            self._unqueue(report.report_id, known)
        elif known.waiting is not None:
            key = known.waiting.lane, known.waiting.host
            self._queues.setdefault(key, OrderedDict())[report.report_id] = None
            return key
        return None

    def read(self, message: Message) -> None:
        """Forget what the fold has read by now; the message has just been saved."""
        for link in message.links.values():
            report_id = f"{message.message_id}/{link.number}"
            known = self._known.get(report_id)
            if known is not None:
                known.revision = message.revision + 1
                if known.is_idle and 0 <= link.tried >= known.rank:
                    del self._known[report_id]
            if link.tried >= 0 and self._expected.get(report_id, (link.tried + 1,))[0] <= link.tried:
                del self._expected[report_id]

    def _unqueue(self, report_id: str, known: _Known) -> None:
        intent, known.waiting = known.waiting, None
        if intent is None:
            return
        self._bytes -= len(intent.body or b"")
        queue = self._queues.get((intent.lane, intent.host))
        if queue is not None:
            queue.pop(report_id, None)
            if not queue:
                del self._queues[intent.lane, intent.host]

    def _forget_some(self) -> None:
        """Forget the links known longest, but none that something waits for or is under way."""
        for _ in range(len(self._known) - MOST_KNOWN):
            report_id, known = self._known.popitem(last=False)
            if not known.is_idle:
                self._known[report_id] = known

    def _leased(self, report_id: str, intent: ReportIntent, body: bytes, attempt: int, now: int) -> LeasedReport:
        return LeasedReport(
            report_id=report_id,
            lease=self._lease,
            message_id=intent.message_id,
            link=intent.link,
            partner_id=intent.partner_id,
            lane=intent.lane,
            notify_url=intent.notify_url,
            status=intent.status,
            error_code=intent.error_code,
            body=body,
            attempt=attempt,
            tries=1,
            first_tried_at=now,
            host=intent.host,
        )
