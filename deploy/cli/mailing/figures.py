"""What is told of a mailing in lines: how its list was read, what would come of it, and how far it is."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from deploy.cli import show
from deploy.cli.words import phrase, reason_in, rule_in, state_in

Json = dict[str, Any]
CANCELLED = "cancelled"
ENDS = ("done", "cancelled")
STILL_S = 120.0
"""So long may a count stand still while there is more to come: it waits a multiple of what the last one took."""


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
    if found["lookedAt"] < found["recipients"]:
        looked_at = phrase("projected from {count} all over the list", count=f"{found['lookedAt']:,}")
    yield phrase("recipients"), f"{found['recipients']:,}  [dim]({looked_at})[/]"
    if found.get("repeated"):
        text = "{count} lines that repeat a recipient (--send-repeated sends to them)"
        yield phrase("left out"), phrase(text, count=f"{found['repeated']:,}")
    counts = {name: f"{found[name]:,}" for name in ("addressed", "unknown", "unreachable")}
    reachable = phrase("{addressed}; unknown {unknown}; no device {unreachable}", **counts)
    is_low = found["addressed"] * 2 < found["recipients"]
    yield phrase("reachable"), f"[red]{reachable}: {phrase('fewer than half')}[/]" if is_low else reachable
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
    if braced := found.get("singleBraces"):
        in_braces = ", ".join(f"{{{name}}}" for name in braced)
        text = "{names}: sent to everybody as written; a value would be {{{{name}}}}"
        yield phrase("careful"), f"[red]{escape(phrase(text, names=in_braces))}[/]"


def progress_lines(mailing: Json) -> list[str]:
    """The progress in a few lines."""
    progress = mailing["progress"]
    why = f" ({escape(rule_in(mailing['reason']))})" if mailing["reason"] else ""
    lines = [f"{escape(mailing['name'])}: [bold]{state_in(mailing['state'])}[/]{why}", f"  {_planned(progress)}"]
    counts = {name: f"{progress[name]:,}" for name in ("sent", "delivered", "read")}
    lines.append("  " + phrase("sent {sent}, delivered {delivered}, read {read}", **counts))
    if repeated := (mailing.get("list") or {}).get("repeated"):
        left_out = "{count} lines repeat a recipient: left out"
        text = left_out if mailing.get("onRepeated") == "skip" else "{count} lines repeat a recipient: sent to as well"
        lines.append("  " + phrase(text, count=f"{repeated:,}"))
    failed = {why: count for why, count in sorted(progress["failed"].items()) if why != CANCELLED}
    if failed:
        reasons = ", ".join(f"{reason_in(why)} {count:,}" for why, count in failed.items())
        lines.append("  " + phrase("failed: {reasons}", reasons=reasons))
    if mailing["state"] != "draft" and "pending" in progress:  # an older release tells of none
        lines += [f"  {line}" for line in _known(mailing["state"], progress)]
    return lines


def is_known(progress: Json, still_s: float) -> bool:
    """Whether nothing is to come, or nothing has moved for long: an older release never ends some lines."""
    waiting = progress["states"].get("PLANNED", 0)
    counted = sum(progress["states"].values())
    pending = progress.get("pending", 0 if counted or not progress["planned"] else 1)  # an older release tells of none
    return not waiting and (not pending or still_s >= STILL_S)


def _known(state: str, progress: Json) -> Iterator[str]:
    """What has become of everybody; while messages are pending no more than how many."""
    counts = {name: f"{progress[name]:,}" for name in ("planned", "pending", "cancelled")}
    if progress["pending"]:
        if progress["cancelled"]:
            yield phrase("got nothing because it was cancelled, so far: {cancelled}", **counts)
        yield phrase("no outcome yet: {pending}", **counts)
        known = f"{progress['planned'] - progress['pending']:,}"
        yield phrase("still counting: known of {known} of {planned} planned", known=known, **counts)
    elif state in ENDS:
        yield phrase("all is known: {outcomes}", outcomes="; ".join(_outcomes(progress)))


def _outcomes(progress: Json) -> Iterator[str]:
    """Those that there are; somebody has always got it, or has not."""
    unconfirmed = progress["sent"] - progress["delivered"]
    other = progress["undelivered"] - progress["withoutDevice"]
    yield phrase("got it: {count}", count=f"{progress['delivered']:,}")
    if unconfirmed:
        yield phrase("sent, not confirmed: {count}", count=f"{unconfirmed:,}")
    if progress["cancelled"]:
        yield phrase("got nothing because it was cancelled: {count}", count=f"{progress['cancelled']:,}")
    if progress["withoutDevice"]:
        yield phrase("have no device: {count}", count=f"{progress['withoutDevice']:,}")
    if other:
        yield phrase("not delivered for another reason: {count}", count=f"{other:,}")


def _planned(progress: Json) -> str:
    planned = phrase("planned {count}", count=f"{progress['planned']:,}")
    if progress["recipients"] is not None:
        planned += " " + phrase("of {count}", count=f"{progress['recipients']:,}")
    if progress["ratePerS"]:
        planned += " " + phrase("at {rate}/s", rate=f"{progress['ratePerS']:,.0f}")
    return planned


def _moment(at_ms: int) -> str:
    return f"{show.moment(at_ms)[:19]} {show.zone()}"
