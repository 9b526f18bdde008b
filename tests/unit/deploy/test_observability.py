"""Alert rules and dashboards: what they ask for exists, and whoever is woken finds what to do."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from deploy.observability.__main__ import FOLDER, main
from services.runtime import telemetry

ALERTS = FOLDER.parent / "alerts.yaml"
PAGE = FOLDER.parents[2] / "docs" / "operations.md"
GROUPS: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
OF_SCRAPES = {"le", "job", "instance"}
"""Labels that Prometheus adds."""


def known() -> dict[str, set[str]]:
    """Every series that a process tells, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(telemetry).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            (family,) = metric.describe()
            ends = ("_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",)
            name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
            found |= {name + end: set(metric._labelnames) for end in ends}
    return found


SERIES = known()


def queries() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for file in sorted(FOLDER.glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file.stem}: {panel['title']}", target["expr"]


def parsed(query: str) -> promql_parser.Expr:
    return promql_parser.parse(query.replace("$__rate_interval", "5m").replace("$provider", "fcm"))


def names_in(query: str) -> set[str]:
    """The series of a query."""
    return set(re.findall(r"\brpns_[a-z_]+", query))


def labels_in(query: str) -> set[str]:
    """The labels that a query selects by or groups by."""
    grouped = re.findall(r"\bby \(([^)]*)\)", query)
    selected = re.findall(r'([a-z_]+)(?:=~|!=|!~|=)"', query)
    return {label.strip() for part in grouped for label in part.split(",")} | set(selected)


def anchors() -> set[str]:
    titles = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_a_query_is_promql_and_asks_for_series_and_labels_that_exist(where: str, query: str) -> None:
    parsed(query)
    assert names_in(query) <= SERIES.keys(), where
    assert labels_in(query) <= OF_SCRAPES.union(*(SERIES[name] for name in names_in(query))), where


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_and_where_help_is(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page == "docs/operations.md"
    assert anchor in anchors()
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(re.findall(r"\$labels\.([a-z_]+)", rule["annotations"]["summary"])) <= labels_in(rule["expr"])
    assert "for" not in rule or re.fullmatch(r"\d+[mh]", rule["for"])


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"Rpns[A-Za-z]+", name) for name in names)


def test_a_metric_that_the_page_explains_exists() -> None:
    section = PAGE.read_text().partition("## What alerts mean")[2].partition("\n## ")[0]
    assert names_in(section) <= SERIES.keys()


def test_the_dashboards_are_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_every_provider_and_every_lane_can_be_looked_at() -> None:
    variables = json.loads((FOLDER / "rpns-provider.json").read_text())["templating"]["list"]
    assert [variable["name"] for variable in variables] == ["datasource", "provider"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed: the rules were parsed only")
def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    checked = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
