"""A run: the stack, the load and the faults on it, then quiet, then the ledgers.

start ─▶ phones ─▶ load ──────────────▶ all accepted ─┐
                └▶ strikes of the seed ─▶ all over ───┴▶ mend ─▶ until settled, or too late ─▶ history ─▶ verdict
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local import Stack
from deploy.local.report import Report, quiet
from deploy.local.stack import forget
from deploy.sandbox.control.client import Control
from deploy.torture.armed import PLANT_SETTING
from deploy.torture.faults import (
    CATALOGUE,
    DISK_FULL,
    NoDisks,
    Scene,
    SmallDisk,
    Strike,
    mend,
    planned_strikes,
    small_disks,
    strike_all,
)
from deploy.torture.faults.catalogue import SERVICES
from deploy.torture.ledgers import Verdict, is_settled, judge
from deploy.torture.load import (
    Book,
    Customers,
    Kind,
    Partner,
    Receiver,
    customers_of,
    enrolled,
    messages_of,
    provisioned,
    read_history,
    send_mailing,
    write_history,
)

LAUNCHER = "deploy.torture.armed"
_ENV = {
    "KAFKA_PARTITIONS": "2",
    "RPNS_REPORT_RETRY_S": "1",
    "RPNS_SWEEP_INTERVAL_S": "0.5",
    "RPNS_DEVICE_PACE": "1000",  # all phones have one address
    "RPNS_LOG_LEVEL": "warning",
}
_LOOK_S, _TOLD_S = 1.0, 5.0
_CALM_S = 3.0
"""After all has settled: what comes twice may come now."""
_STANDS_S, _ASKED = 45.0, 500
"""After so long without a change the history of so many is asked for."""
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run is of. The same seed gives the same load and the same plan of faults.

    only         names of faults; empty: all
    without      kinds of messages that are left out: those that wait for a time of day, or for the end of a lifetime
    longest_s    no fault lasts longer, unless its kind must
    spread_s     the load is spread over so many seconds at least
    quiet_s      how long messages may take to settle when all is over
    plant        a fault that is built into the services
    """

    seed: int
    messages: int
    faults: int
    only: Sequence[str] = ()
    without: Sequence[Kind] = ()
    longest_s: float = float("inf")
    spread_s: float = 10.0
    quiet_s: float = 300.0
    plant: str = ""

    def kinds(self) -> list[str]:
        """The names of the faults that may strike."""
        return [name for name in CATALOGUE if not self.only or name in self.only]

    def strikes(self) -> list[Strike]:
        kinds = {name: CATALOGUE[name].kind for name in self.kinds()}
        return planned_strikes(self.seed, self.faults, kinds, longest_s=self.longest_s)


@dataclass(frozen=True)
class Outcome:
    """What a run has come to."""

    verdict: Verdict
    strikes: Sequence[Strike]
    strange: Sequence[str]
    took_s: Mapping[str, float]  # by part

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and not self.strange


def tortured(run: Run, folder: Path, say: Say, report: Report = quiet) -> Outcome:
    """Play it; `folder` is made anew and keeps journal, history and logs. Raises StackError."""
    env = _ENV | ({PLANT_SETTING: run.plant} if run.plant else {})
    place = folder / "stack"
    stack = Stack(
        place,
        services=SERVICES,
        fresh=False,
        env=env,
        replicated=True,
        launcher=LAUNCHER,
        report=report,
    )
    with ExitStack() as exits:
        book = exits.enter_context(Book(folder))
        forget(place)
        disks: dict[str, SmallDisk] = {}
        if any(strike.name == DISK_FULL for strike in run.strikes()):
            try:
                disks = exits.enter_context(small_disks(folder / "disks", place / "cluster"))
            except NoDisks as error:
                say(f"without the fault {DISK_FULL}: {error}")
                run = replace(run, only=tuple(name for name in run.kinds() if name != DISK_FULL))
        exits.enter_context(stack)
        return asyncio.run(_play(run, _Stage(stack, book, folder, disks), say))


@dataclass(frozen=True)
class _Stage:
    """Where a run is played: `folder` keeps what is left of it."""

    stack: Stack
    book: Book
    folder: Path
    disks: Mapping[str, SmallDisk]


async def _play(run: Run, stage: _Stage, say: Say) -> Outcome:
    clock, stack, book = _Parts(), stage.stack, stage.book
    async with AsyncExitStack() as exits:
        receiver = await exits.enter_async_context(Receiver(book))
        description = stack.describe()
        await asyncio.to_thread(provisioned, description, receiver.url)
        control = await exits.enter_async_context(Control(stack.sandbox["control"]))
        wanted = customers_of(run.seed, run.messages)
        customers = await exits.enter_async_context(enrolled(description, wanted, book))
        partner = await exits.enter_async_context(Partner(description, book))
        clock.end("start")
        say(f"{len(wanted)} phones are there; {run.messages} messages and {run.faults} faults follow")
        scene, strikes = Scene(stack, control, receiver, book, stage.disks), run.strikes()
        try:
            await _load_and_strikes(run, strikes, scene, partner, say)
        finally:
            await mend(scene)
        clock.end("load and faults")
        await _settle(run, book, customers, partner, say)
        clock.end("quiet")
        answers = await read_history(partner, book, book.accounts)
        book.hear_sms(await control.channel_messages())
        write_history(stage.folder, answers)
        clock.end("history")
        return Outcome(judge(book.accounts.values()), strikes, [*book.strange, *customers.faults], clock.took_s)


async def _load_and_strikes(run: Run, strikes: Sequence[Strike], scene: Scene, partner: Partner, say: Say) -> None:
    spread_s = max([run.spread_s, *(strike.until_s for strike in strikes)])
    messages = list(messages_of(run.seed, run.messages, customers_of(run.seed, run.messages), run.without))
    lines = [message for message in messages if message.kind == "mailing"]
    async with asyncio.TaskGroup() as group:
        group.create_task(partner.send_all(messages, len(messages) / spread_s))
        group.create_task(send_mailing(partner, scene.book, lines, len(lines) / spread_s))
        group.create_task(strike_all(scene, strikes, lambda strike, what: say(f"{what}: {strike}")))


async def _settle(run: Run, book: Book, customers: Customers, partner: Partner, say: Say) -> None:
    """Until every message has come as far as it is to, or the time is over; then a little longer."""
    until_s, told_s, moved_s, last = time.monotonic() + run.quiet_s, 0.0, time.monotonic(), 0
    while left := [ref for ref, account in book.accounts.items() if not is_settled(account)]:
        now_s = time.monotonic()
        if now_s > until_s:
            break
        if now_s - told_s > _TOLD_S:
            say(f"quiet: {len(left)} of {len(book.accounts)} have not settled")
            told_s = now_s
        if len(left) != last:
            moved_s, last = now_s, len(left)
        elif now_s - moved_s > _STANDS_S:
            await read_history(partner, book, left[:_ASKED])  # those in doubt are to come no further
            moved_s = now_s
        await asyncio.sleep(_LOOK_S)
    with suppress(TimeoutError):
        await customers.drained(max(_CALM_S, until_s - time.monotonic()))
    await asyncio.sleep(_CALM_S)


class _Parts:
    """How long each part took."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}
        self._began_s = time.monotonic()

    def end(self, part: str) -> None:
        now_s = time.monotonic()
        self.took_s[part], self._began_s = round(now_s - self._began_s, 1), now_s
