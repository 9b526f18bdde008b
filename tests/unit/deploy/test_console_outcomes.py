"""What the console says of a mailing's recipients is what the API's figures say, and never more than is known."""

from typing import Any

import pytest

from services.ingest.mailing.rules.progress import Counted, figures
from tests.support.console_modules import SOURCE, answered

MAILINGS = SOURCE / "pages" / "mailings"
NAMES = "outcomesOf, knownOf, isSettled, finalOf"
SCRIPT = """
const counts = Object.fromEntries(outcomesOf(given).map(({ name, count }) => [name, count]));
const answer = { counts, ...knownOf(given), settled: isSettled(given), final: finalOf(given.progress) };
"""
WIRE = {"without_device": "withoutDevice"}


def console_figures(
    state: str, states: dict[str, int], failed: dict[str, int], *, planned: int, recipients: int | None
) -> Any:
    """What the console makes of the figures that the API computes."""
    found = figures(Counted(states, failed), planned=planned, recipients=recipients, is_cancelled=state == "cancelled")
    progress = {WIRE.get(name, name): value for name, value in found._asdict().items()} | {"failed": failed}
    return answered({NAMES: MAILINGS / "outcomes.ts"}, SCRIPT, {"state": state, "progress": progress})


def test_half_way_what_is_planned_is_being_decided_and_counts_as_unknown() -> None:
    states = {"READ": 1, "PLANNED": 30, "SUPPRESSED": 4_130}
    found = console_figures("running", states, {"unknown-phone": 4_130}, planned=28_750, recipients=100_000)
    assert (found["counts"]["pending"], found["counts"]["unplanned"]) == (24_619, 71_250)
    assert (found["known"], found["whole"], found["settled"]) == (4_131, 100_000, False)


def test_after_a_cancel_the_known_ones_grow_until_one_final_word() -> None:
    first = console_figures("cancelled", {"READ": 1}, {}, planned=43_250, recipients=100_000)
    assert (first["counts"]["cancelled"], first["counts"]["pending"], first["settled"]) == (56_750, 43_249, False)
    failed = {"cancelled": 9_050, "unknown-phone": 34_199}
    last = console_figures("cancelled", {"READ": 1, "SUPPRESSED": 43_249}, failed, planned=43_250, recipients=100_000)
    assert (last["counts"]["cancelled"], last["counts"]["failed"], last["settled"]) == (65_800, 34_199, True)
    assert (last["known"], last["whole"]) == (100_000, 100_000)
    assert last["final"] == [
        ["mailings.final.delivered", 1],
        ["mailings.final.cancelled", 65_800],
        ["mailings.final.unknown", 34_199],
    ]


def test_who_got_nothing_is_in_the_groups_that_the_forecast_names() -> None:
    failed = {"unknown-phone": 5, "unknown-user": 2, "no-active-installation": 3, "no-primary": 1, "expired": 4}
    found = console_figures("done", {"SUPPRESSED": 11, "EXPIRED": 4}, failed, planned=15, recipients=15)
    assert found["final"] == [
        ["mailings.final.delivered", 0],
        ["mailings.final.unknown", 7],
        ["mailings.final.unreachable", 4],
        ["mailings.final.failed", 4],
    ]


def test_no_share_is_rounded_to_none_or_to_all_that_is_neither() -> None:
    script = """const answer = given.map((counts) => {
        const { share, sign } = shareOf(...counts);
        return sign + share;
    });"""
    given = [[1, 20_000], [19_999, 20_000], [0, 20_000], [20_000, 20_000], [0, 0], [1, 4], [20, 20_000]]
    shares = answered({"shareOf": SOURCE / "parts" / "share.ts"}, script, given)
    assert shares == ["<0.001", ">0.999", "0", "1", "0", "0.25", "0.001"]


def test_what_is_typed_means_a_moment_by_the_clock_that_is_chosen() -> None:
    script = """
    process.env.TZ = "Europe/Moscow";
    const kept = new Map();
    globalThis.localStorage = { getItem: (name) => kept.get(name), setItem: (name, value) => kept.set(name, value) };
    const answer = [false, true].map((isOn) => {
      setUtc(isOn);
      const moment = momentOf(given);
      return [moment, typedOf(new Date(moment)), hourOf(0, 22).getUTCHours(), momentOf("soon")];
    });
    """
    clock = {"hourOf, momentOf, setUtc, typedOf": SOURCE / "parts" / "clock.ts"}
    assert answered(clock, script, "2026-03-01T22:00") == [
        ["2026-03-01T19:00:00.000Z", "2026-03-01T22:00", 19, ""],
        ["2026-03-01T22:00:00.000Z", "2026-03-01T22:00", 22, ""],
    ]


def test_of_a_segment_that_was_cancelled_nobody_counts_who_was_left_out() -> None:
    found = console_figures("cancelled", {"SENT": 2}, {}, planned=2, recipients=None)
    assert (found["whole"], found["counts"]["cancelled"], found["settled"]) == (2, 0, True)


@pytest.mark.parametrize(
    ("table", "names", "missing"),
    [
        ("phone;name\n79160000001;A\n", ["name"], []),
        ("Phone;N_ame\n79160000001;A\n", ["name"], []),
        ("phone;name\n79160000001;A\n", ["nam"], ["nam"]),
        ("tel;name\n79160000001;A\n", ["name"], ["to / phone / externalUserId"]),
        ('{"to": "79160000001"}\n', ["name"], []),
        ("", ["name"], []),
    ],
    ids=[
        "it fits",
        "however it is spelt",
        "a column too few",
        "for nobody",
        "JSON lines may differ",
        "nothing to read",
    ],
)
def test_a_table_of_which_no_line_could_be_taken_is_known_before_it_is_sent(
    table: str, names: list[str], missing: list[str]
) -> None:
    script = "const answer = missingIn(await headOf(new Blob([given.table]), ''), given.names);"
    imports = {"headOf, missingIn": MAILINGS / "list" / "columns.ts"}
    assert answered(imports, script, {"table": table, "names": names}) == missing
