"""`GET /v1/statistics`: deliveries by outcome, and how long they took. See docs/features/statistics.md."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict  # the API shows it: pydantic wants this one before Python 3.12

from schemas.statistic_events import BOUNDS_MS, MINUTE_MS, Histogram
from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.clock import now_ms
from services.runtime.text.spreadsheet import Cell, Reader, head_of, lines_of
from services.status.http import Answer, invalid, moment
from services.status.statistics.store import Group, Statistics

_DAY_MS = 86_400_000
_STEPS = {"minute": MINUTE_MS, "hour": 60 * MINUTE_MS, "day": _DAY_MS}
_FIELDS = {
    "partner": "partner_id",
    "application": "application_id",
    "channel": "channel",
    "provider": "provider",
    "outcome": "outcome",
    "errorCode": "error_code",
}
_FORMER = {"error_code": "errorCode"}
_MAX_ROWS = 10_000
_When = Annotated[str | None, Query(max_length=40, description="UTC ms or ISO 8601")]
_Word = Annotated[str | None, Query(max_length=100)]


class LatencyView(Answer):
    """Milliseconds. A percentile is the upper bound of its bucket, null beyond the last one; mean null for none."""

    count: int
    mean_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    buckets: list[int]


class StatisticGroup(TypedDict, total=False):
    """The fields that were asked for, with their values; `at` where a time was among them."""

    at: Annotated[int, Field(description="When the step begins, UTC ms")]
    partner: Annotated[str, Field(description="The partner's id")]
    application: Annotated[str, Field(description="Empty: there was none")]
    channel: str
    provider: Annotated[str | None, Field(description="Null: there was nobody to send it to")]
    outcome: Annotated[str, Field(description="planned, sent, delivered, read, refused, expired or suppressed")]
    errorCode: Annotated[int, Field(description="Of refused, expired and suppressed; 0 of others")]


class StatisticRow(Answer):
    """One group: `group` has the fields that were asked for, `at` (UTC ms) where a time was among them."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)  # it would ask for all of `group`

    group: StatisticGroup
    count: int
    sent_after: LatencyView
    delivered_after: LatencyView


class StatisticsView(Answer):
    """`boundsMs` are the upper bounds of all buckets; the last bucket has none."""

    since: int
    until: int
    bounds_ms: list[int]
    rows: list[StatisticRow]


def statistics_routes(statistics: Statistics, partner_caller: CallerOf) -> APIRouter:
    """The route."""
    router = APIRouter()
    csv_answer = {"content": {"text/csv": {"schema": {"type": "string"}}}, "model": StatisticsView}

    @router.get(
        "/v1/statistics",
        summary="Deliveries by outcome, and how long they took",
        responses={200: csv_answer},
        response_model=StatisticsView,
    )
    async def get_statistics(
        request: Request,
        since: Annotated[_When, Query(alias="from")] = None,
        until: Annotated[_When, Query(alias="to")] = None,
        group_by: Annotated[
            str | None,
            Query(
                alias="groupBy",
                min_length=0,
                max_length=100,
                description="names with commas between (outcome); empty: one row of all",
            ),
        ] = None,
        former: Annotated[
            str, Query(alias="group_by", min_length=0, max_length=100, include_in_schema=False)
        ] = "outcome",
        partner: _Word = None,
        application: _Word = None,
        channel: _Word = None,
        provider: _Word = None,
        outcome: _Word = None,
        reader: Annotated[Reader, Query(alias="for", description="who reads the CSV")] = "spreadsheet",
        asking: Caller = Depends(partner_caller, scope="function"),  # noqa: B008 — FastAPI's way
    ) -> Any:
        end = _or(moment("to", until), now_ms() // MINUTE_MS * MINUTE_MS + MINUTE_MS)
        begin = _or(moment("from", since), max(0, end - _DAY_MS))
        by, step_ms = _grouping(former if group_by is None else group_by)
        wanted = {
            "partner_id": asking.partner_id or partner,
            "application_id": application,
            "channel": channel,
            "provider": provider,
            "outcome": outcome,
        }
        query = {"minute": {"$gte": begin, "$lt": end}} | {
            name: value for name, value in wanted.items() if value is not None
        }
        groups = await statistics.grouped(query, list(by.values()), step_ms, _MAX_ROWS + 1)
        if len(groups) > _MAX_ROWS:
            raise invalid("groupBy", f"makes more than {_MAX_ROWS} rows: ask for a shorter time or fewer fields")
        rows = [_row(group, by) for group in groups]
        telemetry.REQUESTS.labels("statistics", "200").inc()
        if "text/csv" in request.headers.get("accept", ""):
            return Response(_csv(list(by), rows, reader), media_type="text/csv; charset=utf-8")
        return StatisticsView(since=begin, until=end, bounds_ms=list(BOUNDS_MS), rows=rows)

    return router


def _grouping(text: str) -> tuple[dict[str, str], int]:
    """The store's field by name, and the length of a step (ms); a time is called `at` in both."""
    by: dict[str, str] = {}
    steps = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in _STEPS:
            steps.append(_STEPS[name])
            by["at"] = "at"
        elif (shown := _FORMER.get(name, name)) in _FIELDS:
            by[shown] = _FIELDS[shown]
        else:
            raise invalid("groupBy", f"must be among {', '.join((*_STEPS, *_FIELDS))}, separated by commas")
    return by, min(steps, default=MINUTE_MS)


def _row(group: Group, by: Mapping[str, str]) -> StatisticRow:
    return StatisticRow.model_validate(
        {
            "group": {name: group.values.get(field) for name, field in by.items()},
            "count": group.count,
            "sent_after": _latency(group.sent_after),
            "delivered_after": _latency(group.delivered_after),
        }
    )


def _latency(histogram: Histogram) -> LatencyView:
    count = sum(histogram.buckets)
    return LatencyView(
        count=count,
        mean_ms=histogram.sum_ms // count if count else None,
        p50_ms=percentile(histogram.buckets, 0.5),
        p95_ms=percentile(histogram.buckets, 0.95),
        p99_ms=percentile(histogram.buckets, 0.99),
        buckets=list(histogram.buckets),
    )


def percentile(buckets: Sequence[int], share: float) -> int | None:
    """The upper bound of the bucket in which that share of all is reached; None for nothing, or beyond the last."""
    left = sum(buckets) * share
    for bound, count in zip(BOUNDS_MS, buckets, strict=False):
        left -= count
        if count and left <= 0:
            return bound
    return None


def _csv(names: Sequence[str], rows: Sequence[StatisticRow], reader: Reader) -> bytes:
    """One line for each group; latencies as mean and percentiles."""
    figures = ("count", "mean_ms", "p50_ms", "p95_ms", "p99_ms")
    kinds = ("sent_after", "delivered_after")
    titles = (to_camel(f"{kind}_{figure}") for kind in kinds for figure in figures)
    lines: list[list[Cell]] = [[*names, "count", *titles]]
    for row in rows:
        shown = [getattr(getattr(row, kind), figure) for kind in kinds for figure in figures]
        group = cast(Mapping[str, Cell], row.group)
        lines.append([*(group[name] for name in names), row.count, *shown])
    return head_of(reader) + lines_of(lines, reader)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
