"""The form of a database, and how it gets the one that this release wants. Collection `form`:

    {_id: "database", version, needs, applied: [{step, at, release, changed}]}

    process starts ─▶ being repaired, or replaced      ─▶ ends, code 2, and leaves nothing there (`usable.py`)
                   ─▶ empty, or `version` is ours      ─▶ goes on
                   ─▶ steps are missing                ─▶ takes them under a lease; RPNS_MIGRATE=0: ends, code 2
                   ─▶ `needs` is more than we know     ─▶ ends, code 2: a newer release has changed it for good

`version` counts the steps that were taken. One that releases without it cannot bear raises `needs`, and those end, also
while they run. A newer `version` alone is no reason to: a step leaves documents that the release before reads.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schemas import ids
from services.runtime import build, telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on
from services.runtime.mongo import Database, Duplicate, durable
from services.runtime.mongo.leases import Lease
from services.runtime.mongo.upkeep.steps import STEPS, Step
from services.runtime.mongo.usable import require_usable
from services.runtime.settings import BadSettings

if TYPE_CHECKING:
    from services.runtime.process import Process

log = telemetry.logger("form")
COLLECTION = "form"
_LEASE_MS = 60_000
_LOOK_S = 0.5
WATCH_S = 10.0
_ID = {"_id": "database"}


class NewerDatabase(BadSettings):
    """A newer release has changed the database for good: this one would misread it."""


class StepsMissing(BadSettings):
    """Steps have to be taken first, and this process may not."""


@dataclass(frozen=True)
class Form:
    """`version`: how many steps were taken; `needs`: how many a release has to know; `applied`: when, by which."""

    version: int
    needs: int = 0
    applied: Sequence[dict[str, Any]] = ()
    is_new: bool = False  # nothing is stored yet

    def missing(self, steps: Sequence[Step]) -> Sequence[Step]:
        return steps[self.version :]

    def check(self, steps: Sequence[Step]) -> None:
        """Raises NewerDatabase."""
        if self.needs > len(steps):
            raise NewerDatabase(
                f"the database is of a newer release: it needs one that knows form {self.needs}, "
                f"and this one knows {len(steps)}"
            )


async def form_of(database: Database) -> Form:
    """The form that there is. Raises mongo.TRANSIENT_ERRORS."""
    found = await durable(database[COLLECTION]).find_one(_ID)
    if found is not None:
        return Form(found["version"], found["needs"], found["applied"])
    is_new = await durable(database["messages"]).find_one({}, {"_id": 1}) is None
    is_new = is_new and await durable(database["recipient_keys"]).find_one({}, {"_id": 1}) is None
    return Form(0, is_new=is_new)


async def applied(database: Database, steps: Sequence[Step] = STEPS) -> Form:
    """Take the steps that are missing, and give the form behind them. Others who want the same are waited for.

    Raises NewerDatabase, mongo.TRANSIENT_ERRORS.
    """
    lease = Lease(database, "form", ids.uuid7())
    try:
        while True:
            form = await form_of(database)
            form.check(steps)
            if form.is_new:
                await _begin(database, Form(len(steps), _needs(steps)))
            elif not form.missing(steps):
                return form
            elif await lease.hold(now_ms(), _LEASE_MS):
                await _take(database, form.version, form.missing(steps)[0])
            else:
                await asyncio.sleep(_LOOK_S)
    finally:
        await lease.release()


async def _take(database: Database, version: int, step: Step) -> None:
    """Take one step, and note it. Two who take it change nothing twice."""
    changed = await step.take(database)
    await _begin(database, Form(0))
    noted = {"step": step.name, "at": datetime.now(UTC), "release": build.version(), "changed": changed}
    update: dict[str, Any] = {"$set": {"version": version + 1}, "$push": {"applied": noted}}
    if step.excludes_older:
        update["$set"]["needs"] = version + 1
    await durable(database[COLLECTION]).update_one({**_ID, "version": version}, update)
    log.info("the database has a new form", step=step.name, changed=changed, version=version + 1)


async def _begin(database: Database, form: Form) -> None:
    try:
        await durable(database[COLLECTION]).insert_one(
            {**_ID, "version": form.version, "needs": form.needs, "applied": []}
        )
    except Duplicate:
        return


def _needs(steps: Sequence[Step]) -> int:
    """The last step that older releases cannot bear."""
    return max((number for number, step in enumerate(steps, 1) if step.excludes_older), default=0)


async def keep_form(process: "Process", database: Database) -> None:
    """The database has the form that this release wants, or this process may take no part.

    Raises NewerDatabase, StepsMissing, BadSettings for one that must not be used, mongo.TRANSIENT_ERRORS. The process
    ends if it becomes a newer release's.
    """
    await require_usable(database)
    form = await form_of(database)
    form.check(STEPS)
    if form.missing(STEPS):
        if not (process.settings.migrate or form.is_new):
            names = ", ".join(step.name for step in form.missing(STEPS))
            raise StepsMissing(f"the database lacks the steps {names}: `rpns database apply` takes them")
        await applied(database)
    process.spawn(_watched(process, database), "form", drains=True)


async def _watched(process: "Process", database: Database) -> None:
    """Ends when the process does. Raises NewerDatabase."""
    newer: list[NewerDatabase] = []

    async def turn() -> None:
        try:
            (await form_of(database)).check(STEPS)
        except NewerDatabase as error:
            newer.append(error)
            over.set()

    over, stopping = asyncio.Event(), asyncio.ensure_future(process.stop.wait())
    stopping.add_done_callback(lambda _: over.set())
    try:
        await keep_on("form", turn, over, WATCH_S)
    finally:
        stopping.cancel()
    if newer:
        raise newer[0]
