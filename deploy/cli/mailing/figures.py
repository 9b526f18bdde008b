"""What is told of a mailing in lines: how its list was read, what would come of it, and how far it is."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from deploy.cli import show
from deploy.cli.words import phrase, state_in

Json = dict[str, Any]


def understood_words(how: Json) -> str:
    """How a list was read, as the platform tells it."""
    parts = [phrase("read as {format} in {encoding}", format=how["format"], encoding=how["encoding"])]
    if how["delimiter"] is not None:
        parts.append(phrase("{delimiter} between", delimiter=repr(how["delimiter"])))
    if how["columns"]:
        parts.append(phrase("columns {columns}", columns=", ".join(how["columns"])))
    more = f" ({phrase('and {count} more', count=how['ignored'])})" if how["ignored"] else ""
    rows = phrase("{count} {count:row|rows}", count=how["rows"])
    return f"{', '.join(parts)}{more}: {rows}"


def forecast_lines(found: Json) -> Iterator[tuple[str, str]]:
    """A title, and what is foretold under it."""
    looked_at = phrase("looked at {count}", count=f"{found['lookedAt']:,}")
    yield phrase("recipients"), f"{found['recipients']:,}  [dim]({looked_at})[/]"
    if found.get("repeated"):
        text = "{count} lines that repeat a recipient (--send-repeated sends to them)"
        yield phrase("left out"), phrase(text, count=f"{found['repeated']:,}")
    counts = {name: f"{found[name]:,}" for name in ("addressed", "unknown", "unreachable")}
    yield phrase("reachable"), phrase("{addressed}; unknown {unknown}; no device {unreachable}", **counts)
    yield phrase("starts"), _moment(found["startsAt"])
    finishes = found["finishesAt"]
    yield phrase("finishes"), _moment(finishes) if finishes else f"[red]{phrase('beyond the horizon')}[/]"
    expired = f"{found['expired']:,}"
    yield phrase("would expire"), f"[red]{expired}[/]" if found["expired"] else expired
    for paid in found.get("paid", ()):  # an older release tells of none
        names = {"count": f"{paid['messages']:,}", "channel": paid["channel"]}
        line = phrase("at most {count} by {channel}", **names)
        if paid["parts"] is not None:
            parts = f"{paid['parts']:,}"
            line += f" ({phrase('{parts} SMS, by length', parts=parts)})"
        yield phrase("paid for"), line


def progress_lines(mailing: Json) -> list[str]:
    """The progress in a few lines."""
    progress = mailing["progress"]
    why = f" ({escape(mailing['reason'])})" if mailing["reason"] else ""
    lines = [f"{escape(mailing['name'])}: [bold]{state_in(mailing['state'])}[/]{why}", f"  {_planned(progress)}"]
    counts = {name: f"{progress[name]:,}" for name in ("sent", "delivered", "read")}
    lines.append("  " + phrase("sent {sent}, delivered {delivered}, read {read}", **counts))
    if repeated := (mailing.get("list") or {}).get("repeated"):
        left_out = "{count} lines repeat a recipient: left out"
        text = left_out if mailing.get("onRepeated") == "skip" else "{count} lines repeat a recipient: sent to as well"
        lines.append("  " + phrase(text, count=f"{repeated:,}"))
    if progress["failed"]:
        reasons = ", ".join(f"{why} {count:,}" for why, count in sorted(progress["failed"].items()))
        lines.append("  " + phrase("failed: {reasons}", reasons=reasons))
    return lines


def _planned(progress: Json) -> str:
    planned = phrase("planned {count}", count=f"{progress['planned']:,}")
    if progress["recipients"] is not None:
        planned += " " + phrase("of {count}", count=f"{progress['recipients']:,}")
    if progress["ratePerS"]:
        planned += " " + phrase("at {rate}/s", rate=f"{progress['ratePerS']:,.0f}")
    return planned


def _moment(at_ms: int) -> str:
    return f"{show.moment(at_ms)[:19]} {show.zone()}"
