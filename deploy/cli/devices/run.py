"""How an import runs: a part of the file is sent, its bad lines are told and kept, then the next."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli import show
from deploy.cli.devices.lines import Bad, Line, Lines, parts, understood_words
from deploy.cli.devices.rejects import Rejects
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway
from deploy.cli.words import phrase, rule_in

PART_LINES = 500
PART_BYTES = 1024 * 1024
PART_TIMEOUT_S = 300.0
"""Well under what one call takes (5000 lines, 4 MiB), so that the bar moves."""
Counts = dict[str, int]
Send = Callable[[list[Line], Counts], list[Bad]]
Read = Callable[[BinaryIO], Lines]


def run(file: Path, read: Read, send: Send, rejects: Rejects | None, *, from_line: int) -> tuple[Counts, Counter[str]]:
    """What was counted, and what was left out by reason.

    Raises Fault when it cannot go on, also for Ctrl-C; what was imported before stays.
    """
    counts = {"lines": 0, "imported": 0, "known": 0, "bad": 0}
    last = ends_at = 0
    try:
        with file.open("rb") as source, _bar() as bar:
            task = bar.add_task(escape(file.name), total=file.stat().st_size or None, lines=0)
            lines, is_told = read(_unpacked(source)), False

            def wanted() -> Iterator[Line | Bad]:
                nonlocal ends_at
                for line in lines:
                    ends_at = line.number
                    if line.number >= from_line:
                        yield line

            for good, bad in parts(wanted(), PART_LINES, PART_BYTES):
                if not is_told:
                    is_told = True
                    about = phrase("read as {format}", format=understood_words(lines.understood))
                    bar.console.print(f"[dim]{escape(about)}[/]", soft_wrap=True)
                bad = [replace(refused, rule=rule_in(refused.rule)) for refused in bad] + send(good, counts)
                if rejects is not None:
                    rejects.add(bad, lines.records)
                counts["bad"] += len({refused.number for refused in bad})
                counts["lines"] += len({line.number for line in bad} | {line.number for line in good})
                for refused in sorted(bad, key=lambda refused: refused.number):
                    where = phrase("line {number}", number=refused.number) + f": {refused.field}: {refused.rule}"
                    bar.console.print(f"[red]✗[/] {escape(where)}", soft_wrap=True)
                last = max([line.number for line in good] + [line.number for line in bad])
                if source.seekable():
                    bar.update(task, completed=source.tell())
                bar.update(task, lines=last)
    except OSError as error:
        raise Fault(phrase("{file} cannot be read: {why}", file=file, why=error.strerror)) from None
    except Fault as fault:
        raise Fault(f"{fault}{_resumed(last, from_line)}") from None
    except KeyboardInterrupt:
        raise Fault(phrase("stopped") + _resumed(last, from_line)) from None
    if not last and from_line > 1:
        text = "{file} ends at line {end}: there is nothing from line {line} on"
        raise Fault(phrase(text, file=file, end=ends_at, line=from_line))
    counts["lines"] += lines.left_out.total()
    return counts, lines.left_out


def _resumed(last: int, from_line: int) -> str:
    """From where to go on, once a part was answered; what was under way then is sent again, which is safe."""
    text = "lines {first} to {last} are done: go on with --from-line {next}"
    return f" ({phrase(text, first=from_line, last=last, next=last + 1)})" if last else ""


def _unpacked(source: BinaryIO) -> BinaryIO:
    """What a .gz holds, read piece by piece; any other file as it is."""
    if not source.seekable():
        return source
    is_packed = source.read(2) == b"\x1f\x8b"
    source.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=source)) if is_packed else source


def send_part(gateway: Gateway, application: str, is_dry: bool, lines: list[Line], counts: Counts) -> list[Bad]:
    """Import one part, or ask what would come of it. The platform counts from 1; `lines` knows the file's numbers."""
    if not lines:
        return []
    body = b"\n".join(line.content for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    query = {"applicationId": application} | ({"dryRun": "true"} if is_dry else {})
    answer = gateway.send("POST", "/v1/installations/import", body, headers, PART_TIMEOUT_S, **query)
    counts["imported"] += answer["imported"]
    counts["known"] += answer["known"]
    asked = [(lines[refused["line"] - 1], refused) for refused in answer["bad"]]
    return [Bad(line.number, refused["field"], refused["rule"], line.source) for line, refused in asked]


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  " + phrase("line") + " {task.fields[lines]}"),
        TimeRemainingColumn(),
        console=show.errors(),
    )
