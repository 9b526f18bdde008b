"""Timers set and fired for each second of the process's time: `python -m deploy.bench.parts.timers [timers]`.

Real Kafka and MongoDB; the timers are those of scheduled messages that are all due in the same minute. Beside them
stand how many a second that is by the clock, and the processor time that MongoDB needs: it is the limit.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.local import Stack
from schemas import ids, topics
from schemas.events import MessageRequested, ScheduleDue
from schemas.values import Channel, Content, Link, Recipient
from services.runtime import mongo
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.log import kafka
from services.runtime.scheduling.timers import Timer, Timers
from services.runtime.settings import Settings

BATCH = 500
BULK = topics.MESSAGE_REQUESTED["bulk"]


def timer(number: int, due_at: int) -> Timer:
    content = Content(text="Your code is 4711. Tell it nobody, not even us.", title="DemoBank")
    message_id = ids.uuid7()
    request = MessageRequested(
        event_id=ids.uuid7(),
        at=due_at,
        message_id=message_id,
        partner_id="bank",
        lane="bulk",
        mt_num="1",
        recipient=Recipient(external_user_id=f"user-{number}"),
        chain=(Link(channel=Channel.PUSH, ttl_ms=3_600_000, application_id="app", content=content),),
    )
    due = ScheduleDue(
        event_id=ids.uuid7(), at=due_at, message_id=message_id, partner_id="bank", lane="bulk", request=request
    )
    return Timer(due_at, BULK, message_id, due)


async def observe(stack: Stack, count: int) -> list[Row]:
    settings = Settings.from_environment(stack.env)
    record_encryption.use(RecipientKeys.drawn())
    pid, due_at = stack.pids["mongo"], time.time_ns() // 1_000_000
    await kafka.create_topics(settings, [BULK])
    async with mongo.database(settings) as database, kafka.opened_log(settings) as log:
        timers = Timers(database["router_timers"], log)
        await timers.prepare()
        set_s, set_wall_s, set_db_s, memory = 0.0, 0.0, cpu_seconds(pid), 0.0
        for start in range(0, count, BATCH):
            batch = [timer(number, due_at + number % 60_000) for number in range(start, min(count, start + BATCH))]
            began, wall = time.process_time(), time.monotonic()
            await timers.set(batch)
            set_s += time.process_time() - began
            set_wall_s += time.monotonic() - wall
        set_db_s = cpu_seconds(pid) - set_db_s
        began, wall, fire_db_s, fired = time.process_time(), time.monotonic(), cpu_seconds(pid), 0
        while some := await timers.fire(due_at + 60_000, "bulk"):
            fired += some
        fire_s, fire_wall_s = time.process_time() - began, time.monotonic() - wall
        fire_db_s = cpu_seconds(pid) - fire_db_s
        memory = memory_mib(pid)
    if fired != count:
        raise RuntimeError(f"{count} timers were set and {fired} fired")
    return [
        _row("timers set", count, set_s, wall_s=set_wall_s, database_s=set_db_s, memory=memory),
        _row("timers fired", count, fire_s, wall_s=fire_wall_s, database_s=fire_db_s, memory=memory),
    ]


def _row(what: str, count: int, own_s: float, *, wall_s: float, database_s: float, memory: float) -> Row:
    limit = f"{count / database_s:,.0f} by MongoDB's processor time"
    note = f"{count / wall_s:,.0f} a second by the clock; memory is MongoDB's"
    return Row(what, count / own_s, "per CPU-second", "", limit=limit, note=note, memory_mib=memory)


def measured(count: int = 100_000) -> list[Row]:
    """Two rows: setting, and firing what is due."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), services=(), sandbox=False, gateway=False) as stack,
    ):
        return asyncio.run(observe(stack, count))


def main() -> None:
    """Print the rows."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))


if __name__ == "__main__":
    main()
