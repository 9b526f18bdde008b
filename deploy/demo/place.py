"""Where the demo plays: the stack that `make up` has started, or one that lives as long as the demo."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from deploy.local import Stack, StackError, Step
from deploy.local.__main__ import DEFAULT_DIR, DEFAULT_PORT, public_port, running
from deploy.local.ports import require_free
from deploy.local.provision import provision
from deploy.local.show import Progress
from deploy.local.stack import PUBLIC_PORT_SETTING


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

    stack = Stack(DEFAULT_DIR, _port(console), report=report)
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
    try:
        require_free(DEFAULT_PORT, "the public address", PUBLIC_PORT_SETTING)
    except StackError:
        console.print(f"[yellow]![/] port {DEFAULT_PORT} is in use; a free one is taken instead")
        return 0
    return DEFAULT_PORT


def _interrupt(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
