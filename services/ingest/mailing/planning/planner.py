"""The planner of mailings: slice after slice at each mailing's rate, as far as there is room behind what waits
(`backpressure.py`), under a lease, in the process of the partner APIs.

    mailing running ─▶ window open? ─▶ next recipients ─▶ messages (derived ids) ─▶ log ─▶ cursor, compare-and-set
                                                                                 └▶ kill -9 here: again, absorbed

After a crash between the log and the cursor the same messages are requested again; the router's claims absorb them. The
lease only saves work. Memory holds one chunk of each running mailing, however many recipients it has. Messages go on
the bulk lane. An unexpected fault is retried a few times; then that mailing is paused, its partner sees why, and the
operator is called once. The others go on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

from services.ingest.mailing.model import Mailing
from services.ingest.mailing.planning.run import MailingRun
from services.ingest.mailing.publisher import MailingPublisher
from services.ingest.mailing.store import Mailings
from services.ingest.mailing.templates import CannotContinue
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on, pause
from services.runtime.mongo import Database
from services.runtime.mongo.leases import Lease

log = telemetry.logger("planning")
_LEASE_MS = 15_000
_LOOK_S = 1.0
_TRY_AGAIN_S = 3.0
_TRIES = 5
_FAULT = "an internal fault ({kind}): the operator has been called; resume tries again"


class Planner:
    """One for each process; `run` until stopped. `owner` outlives a restart, so that nobody waits for its leases."""

    def __init__(
        self,
        *,
        mailings: Mailings,
        publisher: MailingPublisher,
        run_of: Callable[[Mailing], MailingRun],
        database: Database,
        owner: str,
        stop: asyncio.Event,
    ) -> None:
        self._mailings, self._publisher, self._run_of = mailings, publisher, run_of
        self._database, self._owner, self._stop = database, owner, stop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._faults: Counter[str] = Counter()  # unexpected ones by mailing, since its last success
        self._unpublishable: dict[str, int] = {}  # revisions that cannot be published, by mailing

    async def run(self) -> None:
        """Look for running mailings until stopped."""
        await keep_on("mailings", self._look, self._stop, _LOOK_S)
        await asyncio.gather(*self._tasks.values())

    async def _look(self) -> None:
        for changed in await self._mailings.unpublished():
            await self._publish(changed)
        for mailing in await self._mailings.in_state("running"):
            key = mailing.mailing_id
            is_due = (mailing.start_at or 0) <= now_ms() or not mailing.is_readable  # then it is paused with the reason
            if key not in self._tasks and is_due:
                self._tasks[key] = task = asyncio.create_task(self._work(key), name=f"mailing {key}")
                task.add_done_callback(lambda _, key=key: self._tasks.pop(key, None))  # type: ignore[misc]

    async def _work(self, mailing_id: str) -> None:
        """Plan one mailing until it ends, is stopped, or another instance has it."""
        lease = Lease(self._database, f"mailing/{mailing_id}", self._owner)
        try:
            await self._plan(mailing_id, lease)
        except faults.TRANSIENT_ERRORS as error:
            log.warning("a mailing waits: infrastructure is away", mailing=mailing_id, error=repr(error))
        except Exception as error:
            await self._note(mailing_id, lease, error)
        else:
            self._faults.pop(mailing_id, None)

    async def _note(self, mailing_id: str, lease: Lease, error: Exception) -> None:
        """An unexpected fault: try again for a while, then pause the mailing."""
        self._faults[mailing_id] += 1
        tries = self._faults[mailing_id]
        if tries < _TRIES:
            log.warning("a mailing cannot be planned", mailing=mailing_id, tries=tries, exc_info=error)
            await pause(self._stop, _TRY_AGAIN_S)
            return
        try:
            found = await self._mailings.find(mailing_id)
            if found is not None and found.state == "running":
                reason = _FAULT.format(kind=type(error).__name__)
                await self._mailings.change(found, {"state": "paused", "reason": reason, "was_held": True})
            await lease.release()
        except faults.TRANSIENT_ERRORS as away:
            log.warning("a mailing is paused later: infrastructure is away", mailing=mailing_id, error=repr(away))
            return
        del self._faults[mailing_id]
        telemetry.MAILING_FAULTS.inc()
        log.error("a mailing is paused: it cannot be planned", mailing=mailing_id, tries=tries, exc_info=error)

    async def _publish(self, changed: Mailing) -> None:
        """A change that cannot be published for another reason than an outage must not hold up the others."""
        if self._unpublishable.get(changed.mailing_id) == changed.revision:
            return
        try:
            await self._publisher.publish(changed)
        except faults.TRANSIENT_ERRORS:
            raise
        except Exception:
            self._unpublishable[changed.mailing_id] = changed.revision
            telemetry.MAILING_FAULTS.inc()
            log.exception("a mailing's change cannot be published", mailing=changed.mailing_id)

    async def _plan(self, mailing_id: str, lease: Lease) -> None:
        if not await lease.hold(now_ms(), _LEASE_MS):
            return
        held_at = now_ms()
        mailing = await self._mailings.find(mailing_id)
        if mailing is None or mailing.state != "running":
            return
        run = self._run_of(mailing)
        try:
            while not self._stop.is_set() and await run.step(partial(pause, self._stop)):
                if now_ms() - held_at > _LEASE_MS // 3:
                    if not await lease.hold(now_ms(), _LEASE_MS):
                        return
                    held_at = now_ms()
        except CannotContinue as why:
            await run.end("paused", str(why))
        await lease.release()
