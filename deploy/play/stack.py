"""Where the demo plays: the stack that `make up` has started, or one that lives as long as the demo."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape

from deploy.local import Stack, StackError, Step
from deploy.local.__main__ import DEFAULT_DIR, DEFAULT_PORT, operators_port, public_port, running
from deploy.local.ports import usual
from deploy.local.provision import provision
from deploy.local.show import Progress
from deploy.local.stack import PUBLIC_PORT_SETTING
from deploy.sandbox.phone.sdk_api import UNREACHABLE, RefusedError


def performed(console: Console, perform: Callable[[dict[str, Any]], Coroutine[Any, Any, bool]]) -> int:
    """Perform on such a stack and say how it came out: the exit code, 0 only when all is as it should be."""
    started = time.monotonic()
    try:
        with stack_for_demo(console) as stack:
            is_good = asyncio.run(perform(stack))
            verdict = "[green]All as it should be[/]" if is_good else "[red]Not all is as it should be[/]"
            console.print(f"{verdict}, {time.monotonic() - started:.0f} s.", highlight=False)
            return 0 if is_good else 1
    except (StackError, RefusedError, *UNREACHABLE) as error:
        what = str(error) or type(error).__name__
        where = "" if isinstance(error, StackError) else f"; the services' logs are in {DEFAULT_DIR / 'log'}"
        Console(stderr=True).print(f"[red]error:[/] {escape(what)}{where}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


@contextmanager
def stack_for_demo(console: Console) -> Iterator[dict[str, Any]]:
    """The description of a stack that is ready and has the demo partner and application. Raises StackError.

    One that was running goes on running afterwards.
    """
    if found := running(DEFAULT_DIR):
        console.print(f"[green]✓[/] the stack that is running at [bold]{found['public_url']}[/] plays along")
        provision(found)
        yield found
        return
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    progress = Progress(console)

    def report(step: Step) -> None:
        if step.state != "ended":
            progress(step)

    stack = Stack(DEFAULT_DIR, _port(console), operators_port=operators_port(), report=report)
    try:
        with progress:
            stack.start()
            description = stack.describe()
            provision(description)
        yield description
    finally:
        with console.status("ending what was started"):
            stack.stop()


def _port(console: Console) -> int:
    """The usual port, or a free one (0) when somebody else has it and nobody asked for this very one."""
    if os.environ.get(PUBLIC_PORT_SETTING):
        return public_port()
    if not (port := usual(DEFAULT_PORT, "the public address", PUBLIC_PORT_SETTING)):
        console.print(f"[yellow]![/] port {DEFAULT_PORT} is in use; a free one is taken instead")
    return port


def _interrupt(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
