"""Background loops that never end silently: a turn again and again, until the process is to stop.

    infrastructure is away        a warning each turn, tried again after a pause that grows
    anything else                 an error in the log for each incident, `rpns_loop_failures_total`, and on it goes

So a single bad document costs a feature a pause and not the process its life, and no loop dies unseen.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.runtime import telemetry
from services.runtime.faults import TRANSIENT_ERRORS, backoff_s, kind_of

log = telemetry.logger("loops")
Turn = Callable[[], Awaitable[float | None]]
"""One turn; returns the seconds to wait for the next one, or None for the usual interval."""


async def keep_on(name: str, turn: Turn, stop: asyncio.Event, interval_s: float) -> None:
    """Take turns until `stop` is set. Raises nothing."""
    failures, is_alarmed = 0, False
    while not stop.is_set():
        try:
            wait_s = await turn()
            wait_s = interval_s if wait_s is None else wait_s
            failures, is_alarmed = 0, False
        except TRANSIENT_ERRORS as error:
            failures += 1
            log.warning("a loop waits: infrastructure is away", loop=name, error=repr(error), attempt=failures)
            wait_s = max(interval_s, backoff_s(failures))
        except Exception as error:
            failures += 1
            telemetry.LOOP_FAILURES.labels(name).inc()
            say = log.warning if is_alarmed else log.error
            is_alarmed = True
            say("a loop failed and goes on", loop=name, error=kind_of(error), attempt=failures)
            wait_s = max(interval_s, backoff_s(failures))
        await pause(stop, wait_s)


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Waits until `event` is set, at most so long; it stays set."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
