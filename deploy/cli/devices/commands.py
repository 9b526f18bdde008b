"""`rpns import-devices FILE`: bring existing tokens in, a part of the file at a time. Safe to repeat."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli import show
from deploy.cli.devices.lines import Bad, Line, Lines, parts
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway
from deploy.cli.options import AsJson, Charset, encoding
from deploy.cli.place import operator

PART_LINES = 500
PART_BYTES = 1024 * 1024
PART_TIMEOUT_S = 300.0
"""Well under what one call takes (5000 lines, 4 MiB), so that the bar moves."""
Counts = dict[str, int]


class Format(StrEnum):
    """The format of the file."""

    NDJSON = "ndjson"
    CSV = "csv"


ENDINGS = {
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".json": Format.NDJSON,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
}


def import_devices(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="one device a line: provider, token, phone …", show_default=False)],
    application: Annotated[str, typer.Option(help="id of the application the tokens belong to", show_default=False)],
    format: Annotated[Format | None, typer.Option(help="default: by the file's ending")] = None,  # noqa: A002
    charset: Charset = "",
    as_json: AsJson = False,
) -> None:
    """Import existing tokens, as NDJSON or CSV. Bad lines are listed and left out (exit code 1); safe to repeat."""
    if not file.exists():
        raise Fault(f"{file}: no such file")
    kind = format or ENDINGS.get(file.suffix.lower())
    if kind is None:
        raise Fault(f"{file}: is it ndjson or csv? say --format")
    counts = _import(operator(context), file, application, kind, encoding(charset))
    if as_json:
        show.as_json(counts)
    else:
        show.console().print(
            f"lines {counts['lines']}: [green]{counts['imported']} imported[/], {counts['known']} known before, "
            + (f"[red]{counts['bad']} bad[/]" if counts["bad"] else "none bad"),
            soft_wrap=True,
        )
    if counts["bad"]:
        raise typer.Exit(1)


def _import(gateway: Gateway, file: Path, application: str, kind: Format, named: str) -> Counts:
    """Raises Fault when it cannot go on; what was imported before stays."""
    counts = {"lines": 0, "imported": 0, "known": 0, "bad": 0}
    last = 0
    try:
        with file.open("rb") as source, _bar() as bar:
            task = bar.add_task(escape(file.name), total=file.stat().st_size or None, lines=0)
            lines, is_told = Lines(source, kind == Format.CSV, named), False
            for good, bad in parts(lines, PART_LINES, PART_BYTES):
                if not is_told:
                    is_told = True
                    bar.console.print(f"[dim]read as {escape(str(lines.understood))}[/]", soft_wrap=True)
                bad = bad + _send(gateway, application, good, counts)
                counts["bad"] += len({refused.number for refused in bad})
                counts["lines"] += len({line.number for line in bad} | {line.number for line in good})
                for refused in sorted(bad, key=lambda refused: refused.number):
                    where = f"line {refused.number}: {refused.field}: {refused.rule}"
                    bar.console.print(f"[red]✗[/] {escape(where)}", soft_wrap=True)
                last = max([line.number for line in good] + [line.number for line in bad])
                if source.seekable():
                    bar.update(task, completed=source.tell())
                bar.update(task, lines=last)
    except OSError as error:
        raise Fault(f"{file} cannot be read: {error.strerror}") from None
    except Fault as fault:
        raise Fault(f"{fault} (lines 1 to {last} are done; repeating is safe)" if last else str(fault)) from None
    return counts


def _send(gateway: Gateway, application: str, lines: list[Line], counts: Counts) -> list[Bad]:
    """Import one part. The platform counts from 1; `lines` knows the numbers in the file."""
    if not lines:
        return []
    body = b"\n".join(line.content for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    answer = gateway.send("POST", "/v1/installations/import", body, headers, PART_TIMEOUT_S, applicationId=application)
    counts["imported"] += answer["imported"]
    counts["known"] += answer["known"]
    return [Bad(lines[refused["line"] - 1].number, refused["field"], refused["rule"]) for refused in answer["bad"]]


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  line {task.fields[lines]}"),
        TimeRemainingColumn(),
        console=show.errors(),
    )
