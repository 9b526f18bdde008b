"""`rpns mailing`: one message to very many, from the draft to the last receipt."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, Refused, path
from deploy.cli.options import AsJson, read_text, said
from deploy.cli.place import operator
from schemas import lossless

NAME = "mailing"
KINDS = {".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson", ".csv": "text/csv"}
PIECE_BYTES = 64 * 1024
TIMEOUT_S = 600.0
TRIES = 3
LOOK_S = 0.5
SHOWN_PROBLEMS = 10
COLUMNS = {"mailingId": "mailing", "id": "id", "name": "name", "state": "state", "planned": "planned", "read": "read"}
app = typer.Typer(no_args_is_help=True, help="Mailings: one message to very many.")
Json = dict[str, Any]
Mailing = Annotated[str, typer.Argument(help="id of the mailing", show_default=False)]
File = Annotated[Path, typer.Argument(help="- is standard input", show_default=False)]


@app.command()
def create(
    context: typer.Context,
    file: File,
    partner: Annotated[str, typer.Option(help="whose mailing it is", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """A draft from a JSON file: name, message, schedule, rate, segment (docs/features/mailings.md)."""
    try:
        body = lossless.loads(read_text(file))
    except lossless.NotJson:
        raise Fault(f"{file} is not JSON") from None
    made = operator(context).call("POST", "/v1/mailings", body, partner=partner)
    show.done(f"mailing {made['mailingId']} is a {made['state']}", made, as_json)


@app.command("list")
def list_mailings(context: typer.Context, as_json: AsJson = False) -> None:
    """The newest mailings."""
    found = operator(context).call("GET", "/v1/mailings")["mailings"]
    rows = [one | {name: one["progress"][name] for name in ("planned", "read")} for one in found]
    show.listing(rows, COLUMNS, "There are no mailings.", as_json)


@app.command()
def upload(context: typer.Context, mailing: Mailing, file: File, as_json: AsJson = False) -> None:
    """The recipients, as NDJSON or CSV. Goes on where an upload was cut off. Exit code 1 when lines are broken."""
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise Fault(f"{file}: is it .ndjson or .csv?")
    gateway = operator(context)
    answer = _upload(gateway, mailing, file, kind)
    problems = gateway.call("GET", f"/v1/mailings{path(mailing)}/problems", limit=SHOWN_PROBLEMS)
    if as_json:
        show.as_json(answer)
    else:
        _tell_list(answer["list"], problems["problems"])
    if answer["list"]["refused"]:
        raise typer.Exit(1)


def _upload(gateway: Gateway, mailing: str, file: Path, kind: str) -> Json:
    """Stream the file; what a broken connection has left out is sent again. Raises Fault."""
    where = f"/v1/mailings{path(mailing)}"
    try:
        size = file.stat().st_size
        with _bar("line {task.fields[lines]}") as bar:
            task = bar.add_task(escape(file.name), total=size or None, lines=0)
            for attempt in range(1, TRIES + 1):
                first = gateway.call("GET", where)["list"]
                first_line = int(first["nextLine"]) if first is not None else 1
                pieces = _pieces(file, first_line, kind == "text/csv", bar, task)
                headers = {"Content-Type": kind}
                try:
                    answer: Json = gateway.send(
                        "PUT", f"{where}/recipients", pieces, headers, TIMEOUT_S, firstLine=first_line
                    )
                    return answer
                except Refused:
                    raise
                except Fault:
                    if attempt == TRIES:
                        raise
    except OSError as error:
        raise Fault(f"{file} cannot be read: {error.strerror}") from None
    raise AssertionError("the last try answers or raises")


def _pieces(file: Path, first_line: int, has_header: bool, bar: Progress, task: Any) -> Iterator[bytes]:
    """The file from that line on, behind its header, if it has one."""
    with file.open("rb") as source:
        held, size = bytearray(), 0
        for number, line in enumerate(source, 1):
            size += len(line)
            if number >= first_line or (number == 1 and has_header):
                held += line
            if len(held) >= PIECE_BYTES:
                bar.update(task, completed=size, lines=number)
                yield bytes(held)
                held.clear()
        bar.update(task, completed=size)
        yield bytes(held)


def _tell_list(about: Json, problems: list[Json]) -> None:
    out = show.console()
    for one in problems:
        where = f"line {one['line']}: {one['field']}: {one['rule']}"
        out.print(f"[red]✗[/] {escape(where)}", soft_wrap=True)
    if about["refused"] > len(problems):
        out.print(f"[dim]… and {about['refused'] - len(problems)} more: /v1/mailings/…/problems[/]")
    bad = f"[red]{about['refused']} broken[/]" if about["refused"] else "none broken"
    out.print(f"[green]{about['accepted']} recipients[/], {bad}", soft_wrap=True)


@app.command("dry-run")
def dry_run(context: typer.Context, mailing: Mailing, as_json: AsJson = False) -> None:
    """What starting it would mean: how many, when it finishes, how many would expire. Nothing is sent."""
    found = operator(context).call("GET", f"/v1/mailings{path(mailing)}/forecast")
    if as_json:
        show.as_json(found)
        return
    out = show.console()
    out.print(f"recipients   {found['recipients']:,}  [dim](looked at {found['lookedAt']:,})[/]")
    out.print(f"reachable    {found['addressed']:,}; unknown {found['unknown']:,}; no device {found['unreachable']:,}")
    out.print(f"starts       {show.moment(found['startsAt'])[:19]} UTC")
    finishes = found["finishesAt"]
    out.print(f"finishes     {show.moment(finishes)[:19] + ' UTC' if finishes else '[red]beyond the horizon[/]'}")
    out.print(
        f"would expire {found['expired']:,}" if not found["expired"] else f"[red]would expire {found['expired']:,}[/]"
    )


@app.command()
def start(
    context: typer.Context,
    mailing: Mailing,
    at: Annotated[str | None, typer.Option(help="not before this moment, ISO 8601")] = None,
    follow: Annotated[bool, typer.Option(help="show how it comes along until it is over")] = False,
    as_json: AsJson = False,
) -> None:
    """Let it run."""
    gateway = operator(context)
    made = gateway.send("POST", f"/v1/mailings{path(mailing)}/start", b"", {}, **said(at=at))
    if follow:
        _follow(gateway, mailing)
    else:
        show.done(f"mailing {mailing} is {made['state']}", made, as_json)


@app.command()
def change(
    context: typer.Context,
    mailing: Mailing,
    rate: Annotated[int | None, typer.Option(help="messages per second")] = None,
    skip_bad_lines: Annotated[bool | None, typer.Option("--skip-bad-lines/--refuse-bad-lines")] = None,
    as_json: AsJson = False,
) -> None:
    """The rate, also of one that runs, and what broken lines mean."""
    lines = None if skip_bad_lines is None else ("skip" if skip_bad_lines else "refuse")
    body = said(ratePerS=rate, onBadLines=lines)
    show.done(
        f"mailing {mailing} is changed", operator(context).call("PATCH", f"/v1/mailings{path(mailing)}", body), as_json
    )


@app.command()
def status(
    context: typer.Context,
    mailing: Mailing,
    follow: Annotated[bool, typer.Option(help="until it is over and nothing is under way")] = False,
    as_json: AsJson = False,
) -> None:
    """How far it has come."""
    gateway = operator(context)
    if follow:
        _follow(gateway, mailing)
        return
    found = gateway.call("GET", f"/v1/mailings{path(mailing)}")
    if as_json:
        show.as_json(found)
    else:
        for line in told(found):
            show.console().print(line, soft_wrap=True)


@app.command()
def pause(context: typer.Context, mailing: Mailing, as_json: AsJson = False) -> None:
    """Let it rest; what is asked for already is held as well."""
    _move(context, mailing, "pause", as_json)


@app.command()
def resume(context: typer.Context, mailing: Mailing, as_json: AsJson = False) -> None:
    """Let it go on."""
    _move(context, mailing, "resume", as_json)


@app.command()
def cancel(context: typer.Context, mailing: Mailing, as_json: AsJson = False) -> None:
    """End it for good; what was sent is sent."""
    _move(context, mailing, "cancel", as_json)


def _move(context: typer.Context, mailing: str, what: str, as_json: bool) -> None:
    made = operator(context).call("POST", f"/v1/mailings{path(mailing)}/{what}")
    show.done(f"mailing {mailing} is {made['state']}", made, as_json)


def told(mailing: Json) -> list[str]:
    """The progress in a few lines."""
    progress = mailing["progress"]
    why = f" ({escape(mailing['reason'])})" if mailing["reason"] else ""
    lines = [f"{escape(mailing['name'])}: [bold]{mailing['state']}[/]{why}"]
    of = "" if progress["recipients"] is None else f" of {progress['recipients']:,}"
    rate = f" at {progress['ratePerS']:,.0f}/s" if progress["ratePerS"] else ""
    lines.append(f"  planned {progress['planned']:,}{of}{rate}")
    lines.append(f"  sent {progress['sent']:,}, delivered {progress['delivered']:,}, read {progress['read']:,}")
    if progress["failed"]:
        lines.append("  failed: " + ", ".join(f"{why} {count:,}" for why, count in sorted(progress["failed"].items())))
    return lines


def _follow(gateway: Gateway, mailing: str) -> None:
    """A bar until everybody is planned and has an outcome or at least was sent to."""
    bar = _bar("{task.fields[rate]}")
    tasks = {name: bar.add_task(name, total=None, rate="") for name in ("planned", "sent", "delivered")}
    with Live(console=show.errors(), refresh_per_second=4) as live:
        while True:
            found = gateway.call("GET", f"/v1/mailings{path(mailing)}")
            progress = found["progress"]
            for name, task in tasks.items():
                rate = f"{progress['ratePerS']:,.0f}/s" if name == "planned" and progress["ratePerS"] else ""
                bar.update(task, total=progress["recipients"], completed=progress[name], rate=rate)
            live.update(Group(bar, Text.from_markup("\n".join(told(found)))))
            waiting = progress["states"].get("PLANNED", 0)
            counted = sum(progress["states"].values())
            is_counted = not waiting and (counted or not progress["planned"])
            if found["state"] == "cancelled" or (found["state"] == "done" and is_counted):
                return
            time.sleep(LOOK_S)


def _bar(last: str) -> Progress:
    columns = (TextColumn("{task.description:>9}"), BarColumn(), TaskProgressColumn(), TextColumn(last))
    return Progress(*columns, TimeRemainingColumn(), console=show.errors())
