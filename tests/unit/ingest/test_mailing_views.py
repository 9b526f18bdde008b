"""What a mailing's progress says, by what is kept of it and what was counted of its messages."""

from dataclasses import replace

from services.ingest.mailing.model import Mailing
from services.ingest.mailing.views import view_of
from services.runtime.mongo.mailing_outcomes import Outcomes

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


def test_a_restored_mailing_has_planned_what_was_counted_of_it() -> None:
    restored = replace(DONE, planned=0)  # as it was when the backup was made; the log says that it is done
    progress = view_of(restored, COUNTED, None, ()).progress
    assert (progress.planned, progress.sent, progress.recipients) == (80, 80, 80)


def test_what_was_planned_and_is_not_counted_yet_is_planned_all_the_same() -> None:
    assert view_of(DONE, Outcomes({"SENT": 30}, {}, 2), None, ()).progress.planned == 80


def test_the_recipients_of_a_segment_are_known_once_it_is_done() -> None:
    segment = replace(DONE, is_segment=True, definition='{"segment": {}}', planned=0)
    assert view_of(segment, COUNTED, None, None).progress.recipients == 80
    assert view_of(replace(segment, state="running"), COUNTED, None, None).progress.recipients is None
