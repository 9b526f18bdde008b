"""Whose fault a failure is: the one place of the rule, and of its numbers.

    declared      known to be the record's own: undecodable, too large, not to be stored     put aside at once
    unavailable   infrastructure is away                                                     waited out, however long
    unknown       everything else: a bug, or an error that nobody has met yet

An unknown fault raises an alarm (one error in the log for each incident, and `rpns_suspects`), and the record is tried
again alone, so that it holds up others for a bounded time only. It is put aside after

    TRIES_BESIDE_OTHERS   tries within 4 s, when others have been done meanwhile: it is the record, then
    TRIES_ALONE           tries within 16 s, when there were no others: shorter than the shortest lifetime of a message
                          (30 s), so that what waits behind it still goes; twice as many for each further one,
                          MOST_TRIES at most (a quarter of an hour), until one succeeds: a bug that concerns all records
                          puts a handful of them aside in an hour, and the alarm is heard first. So it is also
                          beside others when it is the database that refuses: one collection, shard or index may be
                          in trouble while the others take what they are given

and only while `is_healthy` says that the infrastructure is: a try in between proves nothing, and does not count.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from schemas import codec
from services.runtime import mongo, telemetry
from services.runtime.log import kafka
from services.runtime.pacing.backoff import exponential

log = telemetry.logger("faults")
DECLARED: tuple[type[Exception], ...] = (codec.Undecodable, kafka.RecordTooLarge, mongo.ContentFault)
TRANSIENT_ERRORS: tuple[type[Exception], ...] = (*kafka.TRANSIENT_ERRORS, *mongo.TRANSIENT_ERRORS)
TRIES_BESIDE_OTHERS = 5
TRIES_ALONE = 7
MOST_TRIES = 96
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 10.0

Healthy = Callable[[], Awaitable[bool]]
"""Whether infrastructure takes what it is given now, shown by giving it something."""


async def assumed_healthy() -> bool:
    """Infrastructure is well: for a consumer that has nothing but the log, which it reads."""
    return True


def wait_s(tries: int) -> float:
    """How long to wait before the next try, seconds."""
    return exponential(_FIRST_WAIT_S, tries, _LONGEST_WAIT_S)


def backoff_s(attempt: int) -> float:
    """How long to wait before infrastructure is asked again, seconds, with full jitter."""
    return random.uniform(0.1, exponential(0.4, attempt, 10.0))


@dataclass(slots=True, eq=False)
class Suspect:
    """A record that fails for a reason that is not known. `successes`: of others, when it failed first.
    `is_refused`: by the database."""

    origin: str
    successes: int
    tries: int = 0
    is_refused: bool = False

    @property
    def wait_s(self) -> float:
        return wait_s(max(1, self.tries))


class Suspects:
    """The suspects of one consumer."""

    def __init__(self, group: str, is_healthy: Healthy = assumed_healthy) -> None:
        self._group, self._is_healthy = group, is_healthy
        self._successes = 0
        self._barren = 0  # how many were put aside since the last success
        self._now: set[Suspect] = set()
        self._is_alarmed = False
        self._gauge = telemetry.SUSPECTS.labels(group)

    def succeeded(self, count: int) -> None:
        """Note that records were done."""
        if count:
            self._successes += count
            self._barren = 0
            if self._is_alarmed and not self._now:
                self._is_alarmed = False
                log.info("no record fails any more", group=self._group)

    def alarm(self, error: Exception) -> None:
        """Have somebody look: once for each incident."""
        telemetry.UNKNOWN_FAULTS.labels(self._group).inc()
        if not self._is_alarmed:
            self._is_alarmed = True
            log.error("a failure for no known reason", group=self._group, error=kind_of(error))

    async def unknown(self, error: Exception) -> None:
        """Note a failure for no known reason. Raises mongo.Unavailable when infrastructure is not well: nothing is
        proved by it then."""
        self.alarm(error)
        if not await self._is_healthy():
            raise mongo.Unavailable(f"{kind_of(error)}, and writing fails as well") from error

    async def failed(self, origin: str, error: Exception, suspect: Suspect | None = None) -> Suspect:
        """Note that a record has failed alone, for the first time without `suspect`. Raises as `unknown`."""
        await self.unknown(error)
        if suspect is None:
            suspect = Suspect(origin, self._successes)
            self._now.add(suspect)
            self._gauge.set(len(self._now))
            log.warning("a record fails and is tried again alone", group=self._group, origin=origin)
        suspect.tries += 1
        suspect.is_refused = isinstance(error, mongo.REFUSALS)
        return suspect

    def is_convicted(self, suspect: Suspect) -> bool:
        """Whether it is the record, after all that was tried."""
        if self._successes > suspect.successes and not suspect.is_refused:
            return suspect.tries >= TRIES_BESIDE_OTHERS
        return suspect.tries >= min(MOST_TRIES, TRIES_ALONE << self._barren)

    def put_aside(self, suspect: Suspect) -> None:
        self._barren += 1
        self.cleared(suspect)

    def cleared(self, suspect: Suspect) -> None:
        """The record is no suspect any more."""
        self._now.discard(suspect)
        self._gauge.set(len(self._now))


def kind_of(error: Exception) -> str:
    """What may stand in the log: an error's text may repeat what was in the record."""
    causes = [type(error).__name__]
    if error.__traceback__ is not None:
        last = error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        causes.append(f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}")
    code = getattr(error, "code", None)
    return " ".join([*causes, *([f"code {code}"] if isinstance(code, int) else [])])
