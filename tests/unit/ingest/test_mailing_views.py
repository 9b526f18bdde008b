"""What a mailing's progress says, by what is kept of it and what was counted of its messages."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mailing_events import MailingState
from services.ingest.mailing import views
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.progress import Counted, Figures, figures, is_settled
from services.ingest.mailing.views import ProgressView, view_of
from services.runtime.mongo.mailing_outcomes import Count, Outcomes

DONE = Mailing(
    mailing_id="m",
    partner_id="demo",
    ref=None,
    name="autumn",
    definition="{}",
    created_at=1,
    rate_per_s=10,
    on_bad_lines="refuse",
    is_segment=False,
    state="done",
    accepted=80,
    planned=80,
)
COUNTED = Outcomes({"SENT": 30, "READ": 50}, {}, 2)
HALF = replace(DONE, state="cancelled", accepted=100, planned=40)


def progress_of(mailing: Mailing, outcomes: Outcomes) -> ProgressView:
    return view_of(mailing, outcomes, None, None).progress


def test_the_figures_of_a_view_are_added_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    added = list[Counted]()

    def added_up(counted: Counted, **known: Any) -> Figures:
        added.append(counted)
        return figures(counted, **known)

    monkeypatch.setattr(views, "figures", added_up)
    assert view_of(DONE, COUNTED, None, None).stoppable
    assert len(added) == 1


def test_a_restored_mailing_has_planned_what_was_counted_of_it() -> None:
    restored = replace(DONE, planned=0)  # as it was when the backup was made; the log says that it is done
    progress = progress_of(restored, COUNTED)
    assert (progress.planned, progress.sent, progress.recipients) == (80, 80, 80)


def test_what_was_planned_and_is_not_counted_yet_is_pending() -> None:
    progress = progress_of(DONE, Outcomes({"SENT": 30, "PLANNED": 7}, {}, 2))
    assert (progress.planned, progress.pending, progress.unplanned) == (80, 50, 0)


def test_of_a_mailing_that_was_cancelled_half_way_only_what_was_never_planned_is_cancelled_at_once() -> None:
    progress = progress_of(HALF, Outcomes({"SENT": 1, "SUPPRESSED": 4}, {"unknown-phone": 4}, 2))
    assert (progress.cancelled, progress.pending, progress.undelivered) == (60, 35, 4)


def test_what_was_cancelled_on_its_way_is_no_failure_to_deliver() -> None:
    failed = {"unknown-phone": 20, "no-active-installation": 4, "provider-refused": 1, "cancelled": 14}
    progress = progress_of(HALF, Outcomes({"READ": 1, "SUPPRESSED": 39}, failed, 2))
    assert (progress.cancelled, progress.undelivered, progress.without_device) == (74, 25, 24)
    assert (progress.pending, progress.failed) == (0, failed)


def test_messages_that_an_operator_stopped_are_cancelled_though_the_mailing_is_done() -> None:
    progress = progress_of(DONE, Outcomes({"READ": 50, "SUPPRESSED": 30}, {"cancelled": 30}, 2))
    assert (progress.cancelled, progress.undelivered) == (30, 0)


def test_the_recipients_of_a_segment_are_known_once_it_is_done() -> None:
    segment = replace(DONE, is_segment=True, definition='{"segment": {}}', planned=0)
    assert progress_of(segment, COUNTED).recipients == 80
    running = progress_of(replace(segment, state="running"), COUNTED)
    assert (running.recipients, running.unplanned) == (None, None)


_COUNTS = st.dictionaries(st.sampled_from(["PLANNED", "SENT", "DELIVERED", "READ"]), st.integers(0, 99))
_FAILED = st.dictionaries(st.sampled_from(["cancelled", "unknown-user", "expired"]), st.integers(0, 99))


@given(_COUNTS, _FAILED, st.integers(0, 999), st.integers(0, 999), st.sampled_from(["running", "cancelled", "done"]))
def test_everybody_is_in_one_of_the_figures(
    states: dict[str, int], failed: dict[str, int], planned: int, accepted: int, state: MailingState
) -> None:
    mailing = replace(DONE, state=state, planned=planned, accepted=max(planned, accepted))
    progress = progress_of(mailing, Outcomes({**states, "SUPPRESSED": sum(failed.values())}, failed, 2))
    assert progress.unplanned is not None
    stopped = failed.get("cancelled", 0)
    assert progress.planned == progress.pending + progress.sent + progress.undelivered + stopped
    assert progress.cancelled == stopped + (progress.unplanned if state == "cancelled" else 0)
    assert min(progress.pending, progress.undelivered, progress.unplanned) >= 0


def test_earlier_counts_have_the_figures_that_the_progress_had_then() -> None:
    counted = Outcomes({"READ": 80}, {}, 9, [Count(5, {"PLANNED": 4, "SENT": 10, "READ": 3, "SUPPRESSED": 3}, 2)])
    (earlier,) = progress_of(DONE, counted).course
    assert (earlier.at, earlier.planned, earlier.sent, earlier.delivered, earlier.read) == (5, 20, 13, 3, 3)
    assert (earlier.undelivered, earlier.cancelled) == (1, 2)


def test_who_was_never_planned_is_cancelled_from_the_moment_of_the_cancel_on() -> None:
    counts = [Count(5, {"PLANNED": 10, "READ": 10}, 0), Count(9, {"READ": 30, "SUPPRESSED": 10}, 10)]
    counted = Outcomes({"READ": 30, "SUPPRESSED": 10}, {"cancelled": 10}, 9, counts)
    progress = progress_of(replace(HALF, finished_at=7), counted)
    assert [(at.at, at.planned, at.cancelled) for at in progress.course] == [(5, 20, 0), (7, 20, 60), (9, 40, 70)]
    last = progress.course[-1]
    assert last.sent + last.undelivered + last.cancelled == progress.recipients == 100
    assert last.cancelled == progress.cancelled


def test_a_cancel_before_the_first_count_has_cancelled_all_who_were_not_planned() -> None:
    progress = progress_of(replace(HALF, finished_at=3), Outcomes({"READ": 40}, {}, 9, [Count(9, {"READ": 40}, 0)]))
    assert [(at.at, at.planned, at.cancelled) for at in progress.course] == [(3, 0, 60), (9, 40, 60)]


@pytest.mark.parametrize(
    ("states", "links", "settled"),
    [
        ({"SENT": 30, "READ": 50}, 1, True),
        ({"SENT": 30, "READ": 50}, 2, False),
        ({"READ": 50, "SUPPRESSED": 30}, 2, True),
        ({"SENT": 30, "PLANNED": 50}, 1, False),
        ({"READ": 50}, 1, False),
    ],
    ids=["all are known", "a message may follow", "nothing follows", "some wait", "some are not counted"],
)
def test_what_is_done_is_settled_once_nothing_waits_and_nothing_follows(
    states: dict[str, int], links: int, settled: bool
) -> None:
    found = figures(Counted(states, {}), planned=80, recipients=80, is_cancelled=False)
    assert is_settled(found, is_done=True, links=links) is settled
    assert not is_settled(found, is_done=False, links=links)
