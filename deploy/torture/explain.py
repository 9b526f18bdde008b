"""What happened to one message, fault by fault, on a timeline that a person can read.

00:14.203  fault  begins: kill of router                      what struck while the message lived
00:14.911  bank   sent, answered 200, mtNum 71…               the partner
00:15.007  rpns   planned …                                   the platform's own trace
00:15.320  phone  shown on android 7911…                      the phone
00:16.044  told   PUSH 9, taken                               the receiver
"""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rich.table import Table

from deploy.torture.load import HISTORY
from deploy.torture.load.book import JOURNAL

_BEFORE_MS, _AFTER_MS = 1_000, 1_000
_LANES = {"answered": "bank", "refused": "bank", "told": "told"}
_COLOURS = {"fault": "red", "bank": "cyan", "phone": "green", "told": "magenta", "rpns": "default"}
Json = dict[str, Any]


class Moment(NamedTuple):
    """A line of the timeline."""

    at_ms: int
    lane: str
    text: str


class NothingKnown(Exception):
    """No run, or no such message in it."""


def timeline_of(folder: Path, ref: str) -> list[Moment]:
    """Everything about the message, and the faults while it lived, in the order of time. Raises NothingKnown."""
    if not (folder / JOURNAL).exists():
        raise NothingKnown(f"there was no run in {folder}")
    lines = [orjson.loads(line) for line in (folder / JOURNAL).read_bytes().splitlines()]
    own = [*_own(lines, ref), *_trace(folder, ref)]
    if not own:
        raise NothingKnown(f"the run in {folder} has no message {ref!r}")
    begun_ms = min(moment.at_ms for moment in own) - _BEFORE_MS
    ended_ms = max(moment.at_ms for moment in own) + _AFTER_MS
    return sorted([*own, *_faults(lines, begun_ms, ended_ms)])


def timeline_table(moments: Iterable[Moment], ref: str) -> Table:
    """The timeline; times are minutes and seconds since its beginning."""
    table = Table(title=ref, title_justify="left", show_header=False, box=None)
    moments = list(moments)
    for moment in moments:
        passed_s = (moment.at_ms - moments[0].at_ms) / 1000
        when = f"{int(passed_s // 60):02}:{passed_s % 60:06.3f}"
        table.add_row(f"[dim]{when}[/]", f"[{_COLOURS[moment.lane]}]{moment.lane}[/]", moment.text)
    return table


def _own(lines: Iterable[Json], ref: str) -> Iterator[Moment]:
    for line in lines:
        if line.get("ref") == ref:
            yield Moment(line["at"], _LANES.get(line["what"], "phone"), _words(line))


def _words(line: Json) -> str:
    match line["what"]:
        case "answered":
            return f"accepted: {line['outcome']}" + (f", mtNum {line['mt_num']}" if line.get("mt_num") else "")
        case "refused":
            return f"not accepted: {line['outcome']}"
        case "told":
            taken = "taken" if line["taken"] else f"not taken (answered {line['answered'] or 'nothing'})"
            return f"{line['channel']} {line['status']}, {taken}"
    return f"{line['what']} on {line['phone']}"


def _trace(folder: Path, ref: str) -> Iterator[Moment]:
    """The platform's own."""
    if not (folder / HISTORY).exists():
        return
    with gzip.open(folder / HISTORY) as lines:
        found = next((entry for line in lines if (entry := orjson.loads(line))["ref"] == ref), None)
    if found is None:
        return
    for entry in found["message"]["trace"]:
        reason = entry["reason"] or {}
        about = (entry["provider"], f"link {entry['link']}", reason.get("reason"), entry["detail"])
        text = ", ".join(str(part) for part in about if part)
        yield Moment(entry["at"], "rpns", f"{entry['what']}: {text}" + (" (late)" if entry["late"] else ""))


def _faults(lines: Iterable[Json], begun_ms: int, ended_ms: int) -> Iterator[Moment]:
    """What had begun and not ended, and what happened between."""
    open_before: dict[int, Json] = {}
    for line in lines:
        if "number" not in line and line["what"] != "mended":
            continue
        if line["at"] > ended_ms:
            break
        if line["at"] >= begun_ms:
            yield Moment(line["at"], "fault", _fault_words(line))
        elif line["what"] == "fault begins":
            open_before[line["number"]] = line
        elif line["what"] == "fault ends":
            open_before.pop(line["number"], None)
    for line in open_before.values():
        yield Moment(begun_ms, "fault", f"lasts: {line['fault']} of {line['victim']}")


def _fault_words(line: Json) -> str:
    if line["what"] == "mended":
        return "everything runs again"
    known = ("at", "what", "fault", "victim", "number")
    about = ", ".join(f"{name} {value}" for name, value in line.items() if name not in known)
    return f"{line['what'].removeprefix('fault ')}: {line['fault']} of {line['victim']}" + (
        f" ({about})" if about else ""
    )
