"""The frame of every process: settings, signals, health and metrics port, start and stop in order.

    async def start(process): ...        # services/<name>/__main__.py
    run("router", start)

`start` puts what it opens on `process.stack`, gives long-running work to `process.spawn`, says with
`process.ready_when` what must hold for /readyz, and returns. The process then lives until SIGTERM or SIGINT, or until
spawned work dies, which ends it with exit code 1: a supervisor restarts it, and the log has lost nothing. Shutdown is
the reverse of start: first `stop` is set (consumers finish their batch), spawned work ends, then the stack unwinds.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.runtime import telemetry
from services.runtime.crypto.master_key import BadMasterKey
from services.runtime.http import egress, health
from services.runtime.settings import BadSettings, Settings

Check = Callable[[], Awaitable[bool]]
log = telemetry.logger("process")


class EndedEarly(Exception):
    """Spawned work returned before the process was to stop: nobody would notice that it is missing."""


class Process:
    """What a service's `start` is given."""

    def __init__(self, name: str, settings: Settings, stack: AsyncExitStack) -> None:
        self.name = name
        self.settings = settings
        self.stack = stack
        self.stop = asyncio.Event()
        self.failure: BaseException | None = None
        self._tasks: dict[asyncio.Task[None], bool] = {}
        self._checks: dict[str, Check] = {}
        self.is_started = False  # `start` has returned

    def spawn(self, work: Coroutine[Any, Any, None], name: str, *, drains: bool = False) -> None:
        """Run `work` beside the rest. With `drains` it ends by itself once `stop` is set; otherwise it is cancelled."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = drains
        task.add_done_callback(self._ended)

    def ready_when(self, name: str, check: Check) -> None:
        """/readyz answers 200 only while every check holds, and names those that do not."""
        self._checks[name] = check

    async def not_ready(self) -> list[str]:
        """The names of the checks that do not hold."""
        return [
            name for name, check in list(self._checks.items()) if not await check()
        ]  # start may add to them meanwhile

    async def finish(self, within_s: float) -> None:
        """End the spawned work: cancel what does not drain by itself, wait for the rest, then cancel that too."""
        for task, drains in self._tasks.items():
            if not drains:
                task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                log.warning("work did not end in time", task=task.get_name())
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None and not self.stop.is_set():
            error = EndedEarly(f"{task.get_name()} ended although nobody had asked it to")
        if error is not None:
            log.error("work died", task=task.get_name(), exc_info=error)
            self.failure = self.failure or error
            self.stop.set()


def run(name: str, start: Callable[[Process], Awaitable[None]]) -> None:
    """Run a service until it is signalled to end. Exits with 0 in order, 1 after a failure, 2 for bad settings."""
    try:
        settings = Settings.from_environment()
        telemetry.configure_logging(name, settings.log_level)
        telemetry.say_build(name, settings.instance, settings.commit)
        give_way(settings.niceness)
        egress.use(settings.proxy)
        failed = uvloop.run(_live(name, settings, start))
    except (BadSettings, BadMasterKey) as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(2)
    sys.exit(1 if failed else 0)


def give_way(niceness: int) -> None:
    """Give way to other processes of the machine.

    Linux may weigh whole sessions first (sched(7), autogroups): then a session of our own gives way as well.
    """
    if not niceness:
        return
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # there are no autogroups here, and the nice value alone decides
            Path("/proc/self/autogroup").write_text(str(niceness))


async def _live(name: str, settings: Settings, start: Callable[[Process], Awaitable[None]]) -> bool:
    async with AsyncExitStack() as stack:
        process = Process(name, settings, stack)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, process.stop.set)
        await _serve_health(process)
        starting = asyncio.ensure_future(start(process))
        stopping = asyncio.ensure_future(process.stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        elif (error := starting.exception()) is not None:
            process.failure = error
            if not isinstance(error, BadMasterKey | BadSettings):  # whose message says all there is to say
                log.error("start failed", exc_info=error)
            process.stop.set()
        else:
            process.is_started = True
            _spare_the_collector()
            log.info("started", instance=settings.instance)
        await stopping
        await process.finish(settings.shutdown_s)
    log.info("ended", failed=process.failure is not None)
    if isinstance(process.failure, BadMasterKey | BadSettings):
        raise process.failure
    return process.failure is not None


def _spare_the_collector() -> None:
    """What was made at start stays for good, so the garbage collector need not look at it again and again.

    Values and events die by reference count; a full look at every 700 new ones was a tenth of ingest's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # a batch of status makes some 30,000, all of them in use until it ends


async def _serve_health(process: Process) -> None:
    async def healthz() -> health.Answer:
        return health.Answer(b"ok\n")

    async def readyz() -> health.Answer:
        missing = await process.not_ready()
        if not process.is_started:
            missing = [*missing, "starting"]
        return health.Answer("".join(f"{name}\n" for name in missing).encode() or b"ok\n", 503 if missing else 200)

    async def metrics() -> health.Answer:
        return health.Answer(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    pages = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    address = process.settings.metrics_host, process.settings.metrics_port
    await process.stack.enter_async_context(health.listening(*address, pages))
