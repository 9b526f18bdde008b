"""The history of the benchmarks' figures, and its drawing."""

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deploy.bench import history, yardstick
from deploy.bench.measure import Row

FOLD = Row("status: fold", 7_315.5, "events/CPU-s", "15,000", limit="9,429 without servers")
SLOW = Row("router", 8_000, "deliveries/CPU-s", speed=98.76)
LIFE = Row('whole life <"all">, 2 cores', 9.4, "ms", "3.5")
SVG = "{http://www.w3.org/2000/svg}"


def test_runs_are_appended_with_their_commit_and_read_back(tmp_path: Path) -> None:
    history.keep([FOLD, LIFE], tmp_path)
    history.keep([LIFE], tmp_path)

    found = history.entries(tmp_path / history.TABLE)

    assert [(entry.line, entry.figure, entry.limit) for entry in found] == [
        (FOLD.what, 7_315.5, "9,429 without servers"),
        (LIFE.what, 9.4, ""),
        (LIFE.what, 9.4, ""),
    ]
    assert {entry.commit for entry in found} == {history.current_commit()}


def test_the_speed_of_the_machine_is_kept_with_the_figure(tmp_path: Path) -> None:
    history.keep([SLOW, LIFE], tmp_path)

    assert [entry.machine for entry in history.entries(tmp_path / history.TABLE)] == ["98.8", ""]


def test_the_speed_is_of_processor_time_and_not_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((5.0, 5.25))
    monkeypatch.setattr(time, "process_time", lambda: next(seconds))

    assert yardstick.Yardstick().speed() == pytest.approx(3 * yardstick.DOCUMENTS / 0.25 / 1000)


def test_every_line_is_a_panel_with_a_point_for_each_run(tmp_path: Path) -> None:
    for _ in range(3):
        history.keep([FOLD, LIFE], tmp_path)

    root = ElementTree.parse(tmp_path / history.DRAWING).getroot()

    panels = root.findall(f"{SVG}g")
    assert [len(panel.findall(f"{SVG}circle")) for panel in panels] == [3, 3]
    assert [panel.findtext(f"{SVG}text") for panel in panels] == [FOLD.what, LIFE.what]


def test_a_line_of_zeros_is_drawn(tmp_path: Path) -> None:
    history.keep([Row("lost", 0, "messages")], tmp_path)

    assert ElementTree.parse(tmp_path / history.DRAWING).getroot().find(f"{SVG}g") is not None


def test_a_foreign_table_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    table = tmp_path / history.TABLE
    table.write_text("when,what\n1,2\n")

    with pytest.raises(ValueError, match="its columns must be date, commit"):
        history.keep([FOLD], tmp_path)

    assert table.read_text() == "when,what\n1,2\n"
