"""`rpns import-devices FILE`: bring existing tokens in, a part of the file at a time. Safe to repeat."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.devices.exports import EXPORTS, Export, own_table
from deploy.cli.devices.lines import MEANINGS, REASON, Lines, is_reason
from deploy.cli.devices.map_file import read_map
from deploy.cli.devices.rejects import Rejects
from deploy.cli.devices.run import run, send_part
from deploy.cli.fault import Fault
from deploy.cli.options import AsJson, Charset, encoding
from deploy.cli.place import operator
from deploy.cli.words import phrase, rule_in


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
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects", help="write the bad lines to this new file, each with its reason: mend and import it"
        ),
    ] = None,
    charset: Charset = "",
    as_json: AsJson = False,
) -> None:
    """Import existing tokens, as NDJSON or CSV, also .gz, or another platform's export.

    Bad lines are listed and left out (exit code 1), and kept in a file where --rejects names one; safe to repeat.
    """
    if not file.exists():
        raise Fault(phrase("{file}: no such file", file=file))
    mapped = read_map(map_file) if map_file is not None else ({}, {})
    export = _export(source, mapped[0] | _pairs("--column", columns), mapped[1] | _pairs("--value", values))
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    kind = format or ENDINGS.get(suffixes[-1] if suffixes else "")
    if kind is None and source is not None and export is not None:
        kind = Format.CSV if export.is_csv else Format.NDJSON
    if kind is None:
        raise Fault(phrase("{file}: is it ndjson or csv? say --format", file=file))
    read = partial(Lines, is_csv=kind == Format.CSV, encoding=encoding(charset), export=export)
    send = partial(send_part, operator(context), application, dry_run)
    with ExitStack() as stack:
        kept = stack.enter_context(Rejects(_named_alike(rejects, kind))) if rejects is not None else None
        counts, left_out = run(file, read, send, kept, from_line=from_line)
    if as_json:
        of_file = {"rejects": {"kept": kept.kept, "tooLong": kept.too_long}} if kept is not None else {}
        show.as_json(counts | ({"leftOut": dict(left_out)} if export is not None else {}) | of_file)
    else:
        _print(counts, left_out, dry_run=dry_run)
        if kept is not None and counts["bad"]:
            too_long = "; " + phrase("too long to be kept: {count}", count=kept.too_long) if kept.too_long else ""
            where = phrase("bad lines in {file}: {count}", file=escape(str(rejects)), count=kept.kept)
            show.console().print(f"  {where}{too_long}", soft_wrap=True)
    if counts["bad"]:
        raise typer.Exit(1)


def _print(counts: Mapping[str, int], left_out: Counter[str], *, dry_run: bool) -> None:
    out = show.console()
    imported = "{count} would be imported" if dry_run else "{count} imported"
    parts = [f"[green]{phrase(imported, count=counts['imported'])}[/]"]
    parts.append(phrase("{count} known before", count=counts["known"]))
    parts.append(f"[red]{phrase('{count} bad', count=counts['bad'])}[/]" if counts["bad"] else phrase("none bad"))
    out.print(phrase("lines {count}", count=counts["lines"]) + ": " + ", ".join(parts), soft_wrap=True)
    for reason, count in left_out.most_common():
        line = phrase("left out {count}: {reason}", count=count, reason=escape(rule_in(reason)))
        out.print(f"  {line}", soft_wrap=True)


def _export(source: Source | None, columns: dict[str, str], values: dict[str, str]) -> Export | None:
    """Raises Fault for columns that are not ours, and for both ways at once."""
    if source is not None:
        if columns or values:
            raise Fault(phrase("--column, --value and --map are for a table of your own, without --from"))
        return EXPORTS[source.value]
    if not columns and not values:
        return None
    if any(is_reason(theirs) for theirs in columns.values()):
        raise Fault("--column: " + phrase("{column} is the column of --rejects, which is not read", column=REASON))
    if not columns.keys() & {"token", "subscription"}:
        raise Fault(phrase("--column token=… must say which column holds the tokens"))
    try:
        return own_table(columns, values, MEANINGS)
    except ValueError as error:
        raise Fault(rule_in(str(error))) from None


def _named_alike(rejects: Path, kind: Format) -> Path:
    """Raises Fault for a name by which the file could not be imported again."""
    if rejects.suffix.lower() == ".gz":
        raise Fault(f"--rejects {rejects}: {phrase('is written unpacked: name it without .gz')}")
    if ENDINGS.get(rejects.suffix.lower(), kind) != kind:
        rule = phrase("must be named as {kind}, which the imported file is", kind=kind.value)
        raise Fault(f"--rejects {rejects}: {rule}")
    return rejects


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    if bad := next((ours for ours, is_pair, theirs in pairs if not (ours and is_pair and theirs)), None):
        raise Fault(f"{option} {bad}: {phrase('must be OURS=THEIRS')}")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
