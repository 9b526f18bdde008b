"""Builds dashboards of Grafana from rows of panels, by Grafana's own library."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard, DataSourceRef, VariableRefresh

_SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
_WIDTH, _HEIGHT = 12, 8


@dataclass(frozen=True)
class Panel:
    """One figure over time, or with `is_now` as it is now."""

    title: str
    query: str
    legend: str
    unit: str = "short"
    is_now: bool = False


@dataclass(frozen=True)
class Row:
    """Panels under a title."""

    title: str
    panels: Sequence[Panel]


def dashboard(uid: str, title: str, rows: Sequence[Row], choice: tuple[str, str] | None = None) -> Dashboard:
    """`choice`: name and query of a variable that the reader chooses."""
    built = (
        builders.Dashboard(title)
        .uid(uid)
        .tags(["rpns"])
        .time("now-1h", "now")
        .refresh("30s")
        .timezone("browser")
        .with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    if choice is not None:
        built = built.with_variable(_variable(*choice))
    ids = count(1)
    for row in rows:
        built = built.with_row(builders.Row(row.title).id(next(ids)))
        for panel in row.panels:
            built = built.with_panel((_now(panel) if panel.is_now else _over_time(panel)).id(next(ids)))
    return built.build()


def _variable(name: str, query: str) -> builders.QueryVariable:
    built = builders.QueryVariable(name).label(name).query(query).datasource(_SOURCE)
    return built.refresh(VariableRefresh.ON_DASHBOARD_LOAD)


def _query(panel: Panel) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(panel.query).legend_format(panel.legend).ref_id("A")


def _over_time(panel: Panel) -> timeseries.Panel:
    built = timeseries.Panel().title(panel.title).datasource(_SOURCE).unit(panel.unit).min(0)
    return built.span(_WIDTH).height(_HEIGHT).fill_opacity(8).with_target(_query(panel))


def _now(panel: Panel) -> stat.Panel:
    built = stat.Panel().title(panel.title).datasource(_SOURCE).unit(panel.unit)
    return built.span(_WIDTH // 2).height(_HEIGHT // 2).with_target(_query(panel))
