"""`python -m deploy.local`: the local stack for a person.

up       start it in the background, return when it is ready        down     end it
run      start it and stay until Ctrl-C                             status   what runs, and where
logs     the last lines of one process's log                        env      variables for tools, as shell lines
prepare  fetch Kafka now, so that the first start does not have to
"""

import json
import os
import shlex
import signal
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.gateway.routes import OPERATORS_PORT, PUBLIC_PORT
from deploy.local.ports import HOST, usual
from deploy.local.processes.background import END_S, Teller, start_in_background
from deploy.local.processes.owner import end_owner, owner
from deploy.local.processes.process import ROOT
from deploy.local.provision import provision
from deploy.local.report import StackError, Step
from deploy.local.servers import kafka, kafka_files
from deploy.local.services import SERVICES, TRACES
from deploy.local.show import Progress, is_alive, overview
from deploy.local.stack import DESCRIPTION, OPERATORS_PORT_SETTING, PUBLIC_PORT_SETTING, Stack

DEFAULT_PORT, DEFAULT_OPERATORS_PORT = PUBLIC_PORT, OPERATORS_PORT
PUBLIC_HOST_SETTING = "RPNS_PUBLIC_HOST"
LOOK_S = 0.5

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console()
DataDir = Annotated[Path, typer.Option(help="where data, logs and secrets lie")]
DEFAULT_DIR = ROOT / ".local"
Secured = Annotated[bool, typer.Option("--secured", help="servers with TLS, logins and access lists, as a bank's")]


def public_port() -> int:
    return _port(PUBLIC_PORT_SETTING, DEFAULT_PORT)


def public_host() -> str:
    """An address at which others in this network reach the platform; without one this machine alone does."""
    text = os.environ.get(PUBLIC_HOST_SETTING) or HOST
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != 4 or address.is_unspecified:
        raise StackError(
            f"{PUBLIC_HOST_SETTING} must be an IPv4 address of this machine, as 192.168.1.10; it is {text!r}"
        )
    return text


def operators_port() -> int:
    """The one that was asked for; else the usual one, or a free one (0) when somebody has it."""
    if os.environ.get(OPERATORS_PORT_SETTING):
        return _port(OPERATORS_PORT_SETTING, DEFAULT_OPERATORS_PORT)
    return usual(DEFAULT_OPERATORS_PORT, "the operators' address", OPERATORS_PORT_SETTING)


def services_here() -> tuple[str, ...]:
    """Every service; the one for traces only where somebody takes them."""
    return (*SERVICES, TRACES) if os.environ.get("RPNS_TRACES_URL") else SERVICES


def _port(setting: str, default: int) -> int:
    text = os.environ.get(setting) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StackError(f"{setting} must be a port, 1 to 65535; it is {text!r}")
    return int(text)


def running(data_dir: Path) -> dict[str, Any] | None:
    """The description of the stack that runs there; None when none does."""
    file = data_dir / DESCRIPTION
    if owner(data_dir) is None or not file.exists():
        return None
    return dict(json.loads(file.read_text()))


def require_running(data_dir: Path) -> dict[str, Any]:
    if (stack := running(data_dir)) is None:
        raise StackError("the stack is not running; `make up` starts it")
    return stack


@app.command()
def up(data_dir: DataDir = DEFAULT_DIR, secured: Secured = False) -> None:
    """Start the stack in the background and return when it is ready."""
    if stack := running(data_dir):
        console.print("The stack is already running.")
        overview(console, stack)
        if ended := [name for name, pid in stack["processes"].items() if not is_alive(pid)]:
            console.print(f"[yellow]But ended: {', '.join(ended)}.[/] `make down`, then `make up` starts it anew.")
            raise typer.Exit(1)
        return
    with Progress(console) as progress:
        stack = start_in_background(data_dir, progress, ["--secured"] if secured else [])
    overview(console, stack)
    console.print("`make down` ends it.")


@app.command()
def down(data_dir: DataDir = DEFAULT_DIR) -> None:
    """End the stack that `up` or `run` started."""
    with console.status("ending"):
        ended = end_owner(data_dir, END_S)
    console.print("The stack has ended." if ended else "The stack was not running.")


@app.command()
def run(
    data_dir: DataDir = DEFAULT_DIR,
    secured: Secured = False,
    progress_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the stack and stay until Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    progress = Progress(console)
    teller = Teller(progress_fd) if progress_fd is not None else None
    try:
        stack = Stack(
            data_dir,
            public_port(),
            public_host=public_host(),
            services=services_here(),
            operators_port=operators_port(),
            secured=secured,
            report=teller.step if teller else progress,
        )
        try:
            if teller:
                stack.start()
                provision(stack.describe())
                teller.ready(stack.describe())
            else:
                with progress:
                    stack.start()
                    provision(stack.describe())
                overview(console, stack.describe())
            _watch(stack)
        finally:
            stack.stop()
    except StackError as error:
        if teller:
            teller.error(str(error))
        raise
    except KeyboardInterrupt:
        console.print("The stack has ended.")


def _interrupt(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch(stack: Stack) -> None:
    """Stay while it runs; say it when a process ends. The others go on, and what has failed is started again."""
    reported: set[str] = set()
    again: dict[str, int] = {}
    while True:
        time.sleep(LOOK_S)
        ended = stack.ended
        reported &= ended.keys()
        for name in ended.keys() - reported:
            reported.add(name)
            console.print(f"{name} ended with code {ended[name]}: {stack.data_dir / 'log' / name}.log")
        if stack.started_again != again:
            again = stack.started_again
            console.print(f"started again: {', '.join(sorted(again))}")
            stack.describe_again()


@app.command()
def status(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Show what runs, and where."""
    overview(console, require_running(data_dir))


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="whose; default: say which there are", show_default=False)] = "",
    lines: int = 40,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Print the last lines of one process's log."""
    known = sorted(file.stem for file in (data_dir / "log").glob("*.log"))
    if name not in known:
        there = f"there are: {', '.join(known)}" if known else "there are none yet: `make up` starts the stack"
        if name:
            raise StackError(f"no log of {name!r}; {there}")
        console.print(there)
        return
    file = data_dir / "log" / f"{name}.log"
    print("\n".join(file.read_text(errors="replace").splitlines()[-lines:]))


@app.command()
def env(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Print the services' environment as shell lines; it holds secrets."""
    for name, value in require_running(data_dir)["env"].items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def prepare() -> None:
    """Fetch Kafka now, so that the first start does not have to."""
    if os.environ.get("KAFKA_BOOTSTRAP"):
        return
    with Progress(console) as progress:
        kafka_files.ready_files(progress, kafka.prepare)
        progress(Step("kafka", "prepared"))


def main() -> None:
    try:
        app()
    except StackError as error:
        Console(stderr=True).print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
