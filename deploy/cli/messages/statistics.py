"""`rpns statistics`: deliveries by outcome over time, drawn in the terminal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator
from deploy.cli.words import phrase

Json = dict[str, Any]
STEPS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
FIELDS = ("partner", "application", "channel", "provider", "errorCode")
OUTCOMES = ("planned", "sent", "delivered", "read", "refused", "expired", "suppressed")
FAILED = ("refused", "expired", "suppressed")
WIDTH = 40
MOST_STEPS = 200


def statistics(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)")] = "24h",
    step: Annotated[str, typer.Option(help="minute, hour, day; default: what fits")] = "",
    by: Annotated[str | None, typer.Option(help=f"instead of time: {', '.join(FIELDS)}")] = None,
    partner: Annotated[str | None, typer.Option(help="only this partner's")] = None,
    application: Annotated[str | None, typer.Option(help="only this application's")] = None,
    provider: Annotated[str | None, typer.Option(help="only this provider's")] = None,
    channel: Annotated[str | None, typer.Option(help="only this channel's")] = None,
    as_json: AsJson = False,
) -> None:
    """Show deliveries by outcome, over time or by a field. A bar is what was sent: delivered, failed, unknown."""
    begin = since_ms(since, datetime.now(UTC))
    span_ms = int(datetime.now(UTC).timestamp() * 1000) - begin
    steps = step or next((name for name, length in STEPS.items() if span_ms <= 60 * length), "day")
    by = "errorCode" if by == "error_code" else by  # its former name
    if steps not in STEPS or (by is not None and by not in FIELDS):
        raise Fault(f"--step: {', '.join(STEPS)}; --by: {', '.join(FIELDS)}")
    if by is None and span_ms > MOST_STEPS * STEPS[steps]:
        raise Fault(phrase("more than {most} steps: take a longer --step, or a shorter time", most=MOST_STEPS))
    wanted: Json = {"partner": partner, "application": application, "provider": provider, "channel": channel}
    query: Json = {"from": begin, "groupBy": f"{by or steps},outcome", **wanted}
    found = operator(context).call("GET", "/v1/statistics", **query)
    if as_json:
        show.as_json(found)
        return
    rows = grouped(found["rows"], by or "at")
    if not rows:
        show.console().print(f"[dim]{phrase('nothing was counted')}[/]")
        return
    show.console().print(_table(rows, by, steps))


def grouped(rows: Sequence[Json], field: str) -> dict[Any, dict[str, int]]:
    """Counts by outcome, by the field's values in their order."""
    found: dict[Any, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: str(row["group"][field])):
        counts = found.setdefault(row["group"][field], {})
        counts[row["group"]["outcome"]] = counts.get(row["group"]["outcome"], 0) + row["count"]
    return found


def _table(rows: Mapping[Any, Mapping[str, int]], by: str | None, step: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(_fields()[by] if by else show.zone(), no_wrap=True)
    for title in _titles():
        table.add_column(title, justify="right")
    table.add_column("")
    most = max(size_of(counts) for counts in rows.values())
    for value, counts in rows.items():
        shown = _moment(value, step) if by is None else str(value if value not in (None, "") else "–")
        table.add_row(shown, *(str(counts[name]) if name in counts else "" for name in OUTCOMES), bar(counts, most))
    return table


def _fields() -> dict[str, str]:
    """Titles of FIELDS."""
    fields = [phrase("partner"), phrase("application"), phrase("channel"), phrase("provider"), phrase("errorCode")]
    return dict(zip(FIELDS, fields, strict=True))


def _titles() -> list[str]:
    """Of the columns, as OUTCOMES has them."""
    delivered = [phrase("planned"), phrase("sent"), phrase("delivered"), phrase("read")]
    return [*delivered, phrase("refused"), phrase("expired"), phrase("suppressed")]


def size_of(counts: Mapping[str, int]) -> int:
    """What was sent or has failed before."""
    failed = sum(counts.get(name, 0) for name in FAILED)
    return max(counts.get("sent", 0), counts.get("delivered", 0), failed)


def bar(counts: Mapping[str, int], most: int, width: int = WIDTH) -> Text:
    """Green what was delivered, red what failed, faint what is not known; the longest bar is `width` long."""
    size, delivered = size_of(counts), counts.get("delivered", 0)
    failed = min(sum(counts.get(name, 0) for name in FAILED), size - min(delivered, size))
    cells = [round(width * count / most) if most else 0 for count in (delivered, failed, size)]
    green, red = min(cells[0], cells[2]), cells[1]
    text = Text("█" * green, style="green")
    text.append("█" * red, style="red")
    return text.append("░" * max(0, cells[2] - green - red), style="dim")


def _moment(at: int, step: str) -> str:
    return show.moment(at)[: 10 if step == "day" else 16]
