"""A mailing whose messages all wait for one minute: does it start in time?

    list ─▶ planner ─▶ router: a timer for each recipient, due at the same minute
    the minute ─▶ timers ─▶ message-requested.bulk ─▶ router ─▶ dispatch ─▶ providers

The whole stack on one machine, the bulk lane in processes of its own. Timed are the first push after the minute has
begun, by the provider's clock, and the moment when no timer is left.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import aiohttp
import uvloop

from deploy.bench.measure import Row, show
from deploy.bench.whole.lifecycle import PLATFORMS, phone
from deploy.bench.whole.mailing import PHONES, RATE_PER_S, SILENT, Mailing, admit
from deploy.local import Stack
from deploy.local.provision import API_KEY, LOGIN, PASSWORD, backend
from deploy.local.services import BULK, SERVICES
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.fleet import Fleet
from deploy.waiting import eventually
from services.runtime import mongo
from services.runtime.settings import Settings

MOSCOW = timezone(timedelta(hours=3))
SET_PER_S = 150  # timers, at the least, on a machine that does everything
SETTLED_S = 30.0
FIRED_S = 600.0
LOOK_S = 0.2


def minute_after(seconds: float) -> datetime:
    """The next full minute that is at least so far ahead."""
    return (datetime.now(UTC) + timedelta(seconds=seconds, minutes=1)).replace(second=0, microsecond=0)


async def observe(stack: Stack, recipients: int) -> list[Row]:
    await asyncio.to_thread(admit, stack.describe())
    auth = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    settings = Settings.from_environment(stack.env)
    async with (
        Control(stack.sandbox["control"]) as control,
        aiohttp.ClientSession(stack.public_url, headers=auth, timeout=aiohttp.ClientTimeout(FIRED_S)) as session,
        mongo.database(settings) as database,
    ):
        async with Fleet(stack.public_url, stack.sandbox["control"], API_KEY, backend(stack.describe())) as fleet:
            for number in range(len(PLATFORMS) + PHONES):
                await fleet.enrol(PLATFORMS[number % 4], phone=phone(number), habits=SILENT)
        due, mailing, timers = (
            minute_after(SETTLED_S + recipients / SET_PER_S),
            Mailing(session),
            database["router_timers"],
        )
        there = due.astimezone(MOSCOW)
        window = {"timeBegin": f"{there:%H:%M}", "timeEnd": f"{there + timedelta(hours=3):%H:%M}"}
        await mailing.create(RATE_PER_S, scheduleInfo=window, useTimeDiff=True)
        await mailing.upload(recipients)
        began = time.monotonic()
        await mailing.call("POST", f"{mailing.path}/start")
        while await timers.count_documents({}) < recipients:
            if datetime.now(UTC) >= due:
                raise RuntimeError(f"{recipients} timers were not set before {due:%H:%M:%S}: too slow a machine")
            await asyncio.sleep(LOOK_S)
        set_s = time.monotonic() - began
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        await eventually(lambda: _is_empty(timers), "no timer is left", FIRED_S, LOOK_S)
        fired_s = (datetime.now(UTC) - due).total_seconds()
        due_ms = due.timestamp() * 1000
        await eventually(control.received, "the first push", FIRED_S, LOOK_S)
        pushes = [push["at_ms"] for push in await control.received()]
    if min(pushes) < due_ms:
        raise RuntimeError(f"a push went out {due_ms - min(pushes):.0f} ms before its minute")
    return [
        Row("due: timers set", recipients / set_s, "per second", "", f"{recipients:,} recipients, one minute"),
        Row("due: first push", min(pushes) - due_ms, "ms after the minute"),
        Row("due: no timer is left", fired_s, "s after the minute", "", f"{recipients / fired_s:,.0f} a second"),
    ]


async def _is_empty(collection: mongo.RawCollection) -> bool:
    return await collection.count_documents({}, limit=1) == 0


def measured(recipients: int = 20_000) -> list[Row]:
    """Three rows."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), services=(*SERVICES, *BULK)) as stack:
        return uvloop.run(observe(stack, recipients))


def main() -> None:
    """Print the rows."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))


if __name__ == "__main__":
    main()
