"""Shows on a terminal how the stack starts and what is running."""

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.console import INDEX
from deploy.local.report import Step


class Progress:
    """A report for `Stack`: a line for each part that is ready, and one live line with what is awaited.

    Use as a context manager around the start; afterwards it goes on printing lines.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._awaited: dict[str, str] = {}
        self._status = console.status("starting")

    def __enter__(self) -> Self:
        self._started_at = time.monotonic()
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def __call__(self, step: Step) -> None:
        match step.state:
            case "ready":
                self._awaited.pop(step.name, None)
                self._console.print(f"[green]✓[/] {step.name} ready after {step.seconds:.1f} s", highlight=False)
            case "external":
                self._console.print(f"[green]✓[/] {step.name} is yours {escape(step.detail)}", highlight=False)
            case "ended":
                self._awaited.pop(step.name, None)
                self._console.print(f"[dim]■ {step.name} ended {step.detail}[/]", highlight=False)
            case "failed":
                self._awaited.pop(step.name, None)
                self._console.print(f"[red]✗[/] {step.name} failed {escape(step.detail)}", highlight=False)
            case "fetching" | "preparing" if not self._console.is_terminal and not self._awaited.get(step.name):
                self._console.print(f"  {step.name}: {step.state} {escape(step.detail)}", highlight=False)
                self._awaited[step.name] = step.state
            case _:
                self._awaited[step.name] = f"{step.state} {escape(step.detail)}".rstrip()
        self._status.update(self._text())

    def _text(self) -> str:
        starting = [name for name, what in self._awaited.items() if what == "starting"]
        others = [f"{name}: {what}" for name, what in self._awaited.items() if what != "starting"]
        return ", ".join([*others, f"starting {' '.join(starting)}".rstrip()])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def overview(console: Console, stack: Mapping[str, Any]) -> None:
    """What runs and where, from `Stack.describe()`."""
    table = Table(box=None, pad_edge=False)
    for column in ("part", "process", "address", "health and metrics"):
        table.add_column(column)
    addresses = {"kafka": stack["kafka_bootstrap"], "mongo": stack["mongo_url"], "gateway": stack["public_url"]}
    addresses["sandbox"] = stack["sandbox"].get("control", "")
    for name, pid in stack["processes"].items():
        ports = stack["ports"].get(name)
        process = str(pid) if is_alive(pid) else "[red]has ended[/]"
        address = f"127.0.0.1:{ports['api']}" if ports else addresses.get(name, "")
        table.add_row(name, process, address, f"http://127.0.0.1:{ports['metrics']}" if ports else "")
    console.print(table, highlight=False)
    if stack["public_url"]:
        console.print(f"\nThe platform: [bold]{stack['public_url']}[/]", highlight=False)
        console.print(f"For operators: [bold]{stack['operators_url']}[/]", highlight=False)
        for url in (stack["public_url"], stack["operators_url"]):
            console.print(f"  {url}/docs/", highlight=False)
        if INDEX.exists():
            console.print(f"  {stack['public_url']}/portal/", highlight=False)
            console.print(f"  {stack['operators_url']}/console/", highlight=False)
