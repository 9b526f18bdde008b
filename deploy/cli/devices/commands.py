"""`rpns import-devices FILE`: bring existing tokens in, a part of the file at a time. Safe to repeat."""

import gzip
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli import show
from deploy.cli.devices.exports import EXPORTS, Export, own_table
from deploy.cli.devices.lines import MEANINGS, Bad, Line, Lines, parts
from deploy.cli.devices.map_file import read_map
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway
from deploy.cli.options import AsJson, Charset, encoding
from deploy.cli.place import operator

PART_LINES = 500
PART_BYTES = 1024 * 1024
PART_TIMEOUT_S = 300.0
"""Well under what one call takes (5000 lines, 4 MiB), so that the bar moves."""
Counts = dict[str, int]
Send = Callable[[list[Line], Counts], list[Bad]]


class Source(StrEnum):
    """Whose export the file is."""

    ONESIGNAL = "onesignal"
    PINPOINT = "pinpoint"


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
    source: Annotated[Source | None, typer.Option("--from", help="the file is this platform's export")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--column", help="OURS=THEIRS: a column of a table of your own; repeat for more")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--value", help="OURS=CELL: what all rows of it have, the provider say")
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="TOML or JSON with tables columns and values; options win")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="ask the platform what would be imported and what not; nothing is stored")
    ] = False,
    from_line: Annotated[int, typer.Option(help="go on from this line of the file; the header counts", min=1)] = 1,
    charset: Charset = "",
    as_json: AsJson = False,
) -> None:
    """Import existing tokens, as NDJSON or CSV, also .gz, or another platform's export.

    Bad lines are listed and left out (exit code 1); safe to repeat.
    """
    if not file.exists():
        raise Fault(f"{file}: no such file")
    mapped = read_map(map_file) if map_file is not None else ({}, {})
    export = _export(source, mapped[0] | _pairs("--column", columns), mapped[1] | _pairs("--value", values))
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    kind = format or ENDINGS.get(suffixes[-1] if suffixes else "")
    if kind is None and source is not None and export is not None:
        kind = Format.CSV if export.is_csv else Format.NDJSON
    if kind is None:
        raise Fault(f"{file}: is it ndjson or csv? say --format")
    gateway = operator(context)
    send: Send = partial(_send, gateway, application, dry_run)
    counts, left_out = _import(send, file, kind, encoding(charset), export, from_line=from_line)
    if as_json:
        show.as_json(counts | ({"leftOut": dict(left_out)} if export is not None else {}))
    else:
        imported = "would be imported" if dry_run else "imported"
        show.console().print(
            f"lines {counts['lines']}: [green]{counts['imported']} {imported}[/], {counts['known']} known before, "
            + (f"[red]{counts['bad']} bad[/]" if counts["bad"] else "none bad"),
            soft_wrap=True,
        )
        for reason, count in left_out.most_common():
            show.console().print(f"  left out {count}: {escape(reason)}", soft_wrap=True)
    if counts["bad"]:
        raise typer.Exit(1)


def _export(source: Source | None, columns: dict[str, str], values: dict[str, str]) -> Export | None:
    """Raises Fault for columns that are not ours, and for both ways at once."""
    if source is not None:
        if columns or values:
            raise Fault("--column, --value and --map are for a table of your own, without --from")
        return EXPORTS[source.value]
    if not columns and not values:
        return None
    if not columns.keys() & {"token", "subscription"}:
        raise Fault("--column token=… must say which column holds the tokens")
    try:
        return own_table(columns, values, MEANINGS)
    except ValueError as error:
        raise Fault(str(error)) from None


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    if bad := next((ours for ours, is_pair, theirs in pairs if not (ours and is_pair and theirs)), None):
        raise Fault(f"{option} {bad}: must be OURS=THEIRS")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _import(
    send: Send, file: Path, kind: Format, named: str, export: Export | None, *, from_line: int
) -> tuple[Counts, Counter[str]]:
    """Raises Fault when it cannot go on, also for Ctrl-C; what was imported before stays."""
    counts = {"lines": 0, "imported": 0, "known": 0, "bad": 0}
    last = 0
    try:
        with file.open("rb") as source, _bar() as bar:
            task = bar.add_task(escape(file.name), total=file.stat().st_size or None, lines=0)
            lines, is_told = Lines(_unpacked(source), kind == Format.CSV, named, export), False
            wanted = (line for line in lines if line.number >= from_line)
            for good, bad in parts(wanted, PART_LINES, PART_BYTES):
                if not is_told:
                    is_told = True
                    bar.console.print(f"[dim]read as {escape(str(lines.understood))}[/]", soft_wrap=True)
                bad = bad + send(good, counts)
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
        raise Fault(f"{fault}{_resumed(last, from_line)}") from None
    except KeyboardInterrupt:
        raise Fault(f"stopped{_resumed(last, from_line)}") from None
    counts["lines"] += lines.left_out.total()
    return counts, lines.left_out


def _resumed(last: int, from_line: int) -> str:
    """From where to go on, once a part was answered; what was under way then is sent again, which is safe."""
    return f" (lines {from_line} to {last} are done: go on with --from-line {last + 1})" if last else ""


def _unpacked(source: BinaryIO) -> BinaryIO:
    """What a .gz holds, read piece by piece; any other file as it is."""
    if not source.seekable():
        return source
    is_packed = source.read(2) == b"\x1f\x8b"
    source.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=source)) if is_packed else source


def _send(gateway: Gateway, application: str, is_dry: bool, lines: list[Line], counts: Counts) -> list[Bad]:
    """Import one part, or ask what would come of it. The platform counts from 1; `lines` knows the file's numbers."""
    if not lines:
        return []
    body = b"\n".join(line.content for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    query = {"applicationId": application} | ({"dryRun": "true"} if is_dry else {})
    answer = gateway.send("POST", "/v1/installations/import", body, headers, PART_TIMEOUT_S, **query)
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
