"""`rpns mailing`: one message to very many, from the draft to the last receipt."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from deploy.cli.mailing.figures import ENDS, forecast_lines, is_known, progress_lines, understood_words
from deploy.cli.mailing.list_tail import Tail
from deploy.cli.options import AsJson, Charset, encoding, given, read_text
from deploy.cli.place import operator
from deploy.cli.words import phrase, rule_in, state_in
from schemas import lossless
from services.runtime.lists.lines import ListFault

NAME = "mailing"
KINDS = {".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson", ".csv": "text/csv", ".tsv": "text/csv"}
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
    """A draft from a JSON file: name, message, schedule, ratePerS, segment (docs/features/mailings.md)."""
    try:
        body = lossless.loads(read_text(file))
    except lossless.NotJson:
        raise Fault(phrase("{file} is not JSON", file=file)) from None
    made = operator(context).call("POST", "/v1/mailings", body, partner=partner)
    show.done(_words_on(made["mailingId"], made["state"]), made, as_json)


@app.command("list")
def list_mailings(context: typer.Context, as_json: AsJson = False) -> None:
    """The newest mailings."""
    found = operator(context).call("GET", "/v1/mailings")["mailings"]
    rows = [mailing | {name: mailing["progress"][name] for name in ("planned", "read")} for mailing in found]
    show.listing(rows, COLUMNS, phrase("There are no mailings."), as_json)


@app.command()
def upload(
    context: typer.Context, mailing: Mailing, file: File, charset: Charset = "", as_json: AsJson = False
) -> None:
    """The recipients, as NDJSON or CSV. Goes on where an upload was cut off. Exit code 1 when lines are broken."""
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise Fault(phrase("{file}: is it .ndjson, .csv or .tsv?", file=file))
    gateway = operator(context)
    answer = _upload(gateway, mailing, Source(file, kind == "text/csv", encoding(charset)))
    problems = gateway.call("GET", f"/v1/mailings{path(mailing)}/problems", limit=SHOWN_PROBLEMS)
    if as_json:
        show.as_json(answer)
    else:
        _print_list(answer, problems["problems"])
    if answer["list"]["refused"]:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Source:
    """A list on disk, and how it is written."""

    file: Path
    is_csv: bool
    encoding: str

    def content_type(self, first_line: int) -> str:
        kind = "text/csv" if self.is_csv else "application/x-ndjson"
        charset = self.encoding if first_line == 1 else "utf-8"
        return f"{kind}; charset={charset}" if charset else kind

    def pieces(self, first_line: int, moved: Callable[[int], None]) -> Iterator[bytes]:
        """The file as it is; from a later line on as UTF-8, after its header if it has one."""
        with self.file.open("rb") as source:
            size, tail = 0, Tail(self.is_csv, self.encoding, first_line)
            while piece := source.read(PIECE_BYTES):
                size += len(piece)
                moved(size)
                yield piece if first_line == 1 else tail.feed(piece)
            if first_line > 1:
                yield tail.end()


def _upload(gateway: Gateway, mailing: str, source: Source) -> Json:
    """Stream the file; what a broken connection has left out is sent again. Raises Fault."""
    where = f"/v1/mailings{path(mailing)}"
    try:
        size = source.file.stat().st_size
        with _bar("") as bar:
            task = bar.add_task(escape(source.file.name), total=size or None)
            for attempt in range(1, TRIES + 1):
                first = gateway.call("GET", where)["list"]
                first_line = int(first["nextLine"]) if first is not None else 1
                pieces = source.pieces(first_line, lambda done: bar.update(task, completed=done))
                headers = {"Content-Type": source.content_type(first_line)}
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
    except ListFault as fault:
        raise Fault(f"{source.file}: {rule_in(str(fault))}") from None
    except OSError as error:
        raise Fault(phrase("{file} cannot be read: {why}", file=source.file, why=error.strerror)) from None
    raise AssertionError("the last try answers or raises")


def _print_list(answer: Json, problems: list[Json]) -> None:
    """How it was read first, then what is wrong with it."""
    out, about = show.console(), answer["list"]
    if how := answer.get("understood"):
        out.print(f"[dim]{escape(understood_words(how))}[/]", soft_wrap=True)
    for problem in problems:
        where = phrase("line {number}", number=problem["line"]) + f": {problem['field']}: {problem['rule']}"
        out.print(f"[red]✗[/] {escape(where)}", soft_wrap=True)
    rejected = about["refused"] + about.get("repeated", 0)
    if rejected > len(problems):
        more = phrase("… and {count} more: /v1/mailings/…/problems", count=rejected - len(problems))
        out.print(f"[dim]{more}[/]")
    bad = f"[red]{phrase('{count} broken', count=about['refused'])}[/]" if about["refused"] else phrase("none broken")
    good = phrase("{count} {count:recipient|recipients}", count=about["accepted"])
    repeated = phrase("{count} repeated", count=about.get("repeated", 0))
    out.print(f"[green]{good}[/], {bad}, {repeated}", soft_wrap=True)


@app.command("dry-run")
def dry_run(context: typer.Context, mailing: Mailing, as_json: AsJson = False) -> None:
    """What starting it would mean: how many, when it finishes, how many would expire. Nothing is sent."""
    found = operator(context).call("GET", f"/v1/mailings{path(mailing)}/forecast")
    if as_json:
        show.as_json(found)
        return
    rows = list(forecast_lines(found))
    width = max(len(title) for title, _ in rows)
    for title, line in rows:
        show.console().print(f"{title:<{width}} {line}", soft_wrap=True)


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
    made = gateway.send("POST", f"/v1/mailings{path(mailing)}/start", b"", {}, **given(at=at))
    if follow:
        _follow(gateway, mailing)
    else:
        show.done(_words_on(mailing, made["state"]), made, as_json)


@app.command()
def change(
    context: typer.Context,
    mailing: Mailing,
    rate: Annotated[int | None, typer.Option(help="messages per second")] = None,
    skip_bad_lines: Annotated[bool | None, typer.Option("--skip-bad-lines/--refuse-bad-lines")] = None,
    skip_repeated: Annotated[
        bool | None, typer.Option("--skip-repeated/--send-repeated", help="lines that repeat a recipient; of a draft")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The rate, also of one that runs, and what broken and repeated lines mean."""
    lines = None if skip_bad_lines is None else ("skip" if skip_bad_lines else "refuse")
    repeated = None if skip_repeated is None else ("skip" if skip_repeated else "send")
    body = given(ratePerS=rate, onBadLines=lines, onRepeated=repeated)
    made = operator(context).call("PATCH", f"/v1/mailings{path(mailing)}", body)
    show.done(phrase("mailing {mailing} is changed", mailing=mailing), made, as_json)


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
        for line in progress_lines(found):
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
    show.done(_words_on(mailing, made["state"]), made, as_json)


def _words_on(mailing: str, state: str) -> str:
    return phrase("mailing {mailing} is {state}", mailing=mailing, state=state_in(state))


def _follow(gateway: Gateway, mailing: str) -> None:
    """A bar until it is over and what became of everybody is known, or nothing moves any more."""
    bar = _bar("{task.fields[rate]}")
    titles = {"planned": phrase("planned"), "sent": phrase("sent"), "delivered": phrase("delivered")}
    tasks = {name: bar.add_task(title, total=None, rate="") for name, title in titles.items()}
    last, moved_s = Json(), time.monotonic()
    with Live(console=show.errors(), refresh_per_second=4) as live:
        while True:
            found = gateway.call("GET", f"/v1/mailings{path(mailing)}")
            progress = found["progress"]
            for name, task in tasks.items():
                rate = f"{progress['ratePerS']:,.0f}/s" if name == "planned" and progress["ratePerS"] else ""
                bar.update(task, total=progress["recipients"], completed=progress[name], rate=rate)
            live.update(Group(bar, Text.from_markup("\n".join(progress_lines(found)))))
            if progress != last:
                last, moved_s = progress, time.monotonic()
            if found["state"] in ENDS and is_known(progress, time.monotonic() - moved_s):
                return
            time.sleep(LOOK_S)


def _bar(last: str) -> Progress:
    columns = (TextColumn("{task.description:>13}"), BarColumn(), TaskProgressColumn(), TextColumn(last))
    return Progress(*columns, TimeRemainingColumn(), console=show.errors())
