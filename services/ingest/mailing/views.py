"""The answers about mailings. Times are in UTC ms; of the recipients they show only the number."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict

from schemas import lossless
from schemas.mailing_events import MailingState
from schemas.reasons import Reason
from schemas.values import Channel
from services.ingest.mailing.model import CANNOT_OPEN, Mailing
from services.ingest.mailing.rules.draft import OnBadLines, OnRepeated
from services.ingest.mailing.rules.forecast import Forecast
from services.ingest.mailing.rules.progress import Counted, Figures, figures, is_settled
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.upload import Upload
from services.ingest.rules import Wire
from services.runtime.mongo.mailing_outcomes import Count, Outcomes

STOPPABLE: tuple[MailingState, ...] = ("draft", "running", "paused", "done")
"""States that a cancel ends."""


class View(Wire):
    """Base of answers."""

    model_config = ConfigDict(populate_by_name=True)


class ListView(View):
    """The list, as far as it has been uploaded."""

    accepted: int  # lines that are sent to
    refused: int  # broken lines; `/problems` says which and why
    repeated: int  # lines whose recipient is in the list before; left out where onRepeated is skip
    next_line: int  # an upload that was cut off resumes here
    complete: bool  # the last upload was complete


class CourseView(View):
    """The figures of the progress at an earlier time."""

    at: int
    planned: int  # had a message then
    sent: int
    delivered: int
    read: int
    undelivered: int
    cancelled: int  # on their way; from the cancel on also who was never planned


class ProgressView(View):
    """The progress. `states` counts messages by state, `failed` those that failed by reason, cancelled too."""

    recipients: int | None  # of a list; those of a segment are known once it is planned
    planned: int
    unplanned: int | None
    pending: int  # planned, without a known outcome; `rules/progress.py` says how the figures add up
    rate_per_s: float  # measured
    finishes_at: int | None
    states: dict[str, int]
    failed: dict[str, int]
    sent: int  # handed to a provider, whatever happened then
    delivered: int  # confirmed by a device, read ones included
    read: int
    undelivered: int  # failed, but for what was cancelled
    without_device: int  # of those
    cancelled: int  # got nothing since it was cancelled
    counted_at: int | None
    course: tuple[CourseView, ...]  # the oldest first; empty in lists


class MailingView(View):
    """One mailing."""

    mailing_id: str
    partner_id: str
    id: str | None
    name: str
    state: MailingState | Literal["unknown"]  # unknown: only a newer release can tell
    reason: str | None
    created_at: int
    start_at: int | None
    started_at: int | None
    finished_at: int | None
    rate_per_s: int
    on_bad_lines: OnBadLines
    on_repeated: OnRepeated
    list: ListView | None
    segment: Any
    placeholders: tuple[str, ...] | None  # columns that the list must have; None when the mailing cannot go on
    senders: (
        tuple[str | None, ...] | None
    )  # service numbers of the chain, the partner's default resolved; None as above
    stoppable: bool  # a pause or a cancel would still hold or end something
    progress: ProgressView


class ProblemView(View):
    """A broken line."""

    line: int
    field: str
    rule: str


class ProblemsPage(View):
    """The first lines first; `after` pages on."""

    problems: list[ProblemView]
    refused: int
    repeated: int
    after: int | None


class UnderstoodView(View):
    """How the list was read: the first place to look when lines are broken."""

    format: str
    encoding: str
    delimiter: str | None
    columns: tuple[str, ...]  # by what they mean
    ignored: int  # columns that mean nothing
    rows: int


class UploadView(View):
    """How the list was read, what this upload has added, and the list as it is now."""

    understood: UnderstoodView
    accepted: int
    refused: int
    repeated: int
    list: ListView


def list_view(mailing: Mailing) -> ListView:
    return ListView(
        accepted=mailing.recipients,
        refused=mailing.refused,
        repeated=mailing.repeated,
        next_line=mailing.next_line,
        complete=mailing.is_complete,
    )


def upload_view(uploading: Upload, after: Mailing) -> UploadView:
    left_out = uploading.repeated if after.on_repeated == "skip" else 0
    return UploadView(
        understood=UnderstoodView.model_validate(uploading.understood, from_attributes=True),
        accepted=uploading.accepted - left_out,
        refused=uploading.refused,
        repeated=uploading.repeated,
        list=list_view(after),
    )


def view_of(mailing: Mailing, outcomes: Outcomes, forecast: Forecast | None, template: Template | None) -> MailingView:
    """`template` is None when the mailing cannot go on."""
    found = figures_of(mailing, outcomes)
    return MailingView(
        mailing_id=mailing.mailing_id,
        partner_id=mailing.partner_id,
        id=mailing.ref,
        name=mailing.name,
        state=mailing.state,
        reason=mailing.reason or (None if mailing.is_readable else CANNOT_OPEN),
        created_at=mailing.created_at,
        start_at=mailing.start_at,
        started_at=mailing.started_at,
        finished_at=mailing.finished_at,
        rate_per_s=mailing.rate_per_s,
        on_bad_lines=mailing.on_bad_lines,
        on_repeated=mailing.on_repeated,
        list=None if mailing.is_segment else list_view(mailing),
        segment=lossless.loads(mailing.definition).get("segment") if mailing.is_segment else None,
        placeholders=None if template is None else template.names,
        senders=None if template is None else template.senders,
        stoppable=mailing.state in STOPPABLE and not is_settled_of(mailing, found, template),
        progress=_progress(mailing, outcomes, found, forecast),
    )


def is_settled_of(mailing: Mailing, found: Figures, template: Template | None) -> bool:
    """Whether neither a pause nor a cancel would change anything; `template` None: nobody knows what follows."""
    links = 2 if template is None else len(template.senders)
    return is_settled(found, is_done=mailing.state == "done", links=links)


def figures_of(mailing: Mailing, outcomes: Outcomes) -> Figures:
    """The mailing's recipients by what has become of them."""
    planned = max(mailing.planned, sum(outcomes.states.values()))  # a restored one forgot some of it
    return figures(
        Counted(outcomes.states, outcomes.failed),
        planned=planned,
        recipients=_recipients(mailing, planned),
        is_cancelled=mailing.state == "cancelled",
    )


def _progress(mailing: Mailing, outcomes: Outcomes, found: Figures, forecast: Forecast | None) -> ProgressView:
    is_open = mailing.state in ("running", "paused")
    return ProgressView(
        recipients=_recipients(mailing, found.planned),
        planned=found.planned,
        unplanned=found.unplanned,
        pending=found.pending,
        rate_per_s=round(mailing.rate_now if mailing.state == "running" else 0.0, 1),
        finishes_at=forecast.finishes_at if forecast is not None and is_open else None,
        states=outcomes.states,
        failed=outcomes.failed,
        sent=found.sent,
        delivered=found.delivered,
        read=found.read,
        undelivered=found.undelivered,
        without_device=found.without_device,
        cancelled=found.cancelled,
        counted_at=outcomes.at or None,
        course=_course(mailing, outcomes.course, found.unplanned or 0),
    )


def _course(mailing: Mailing, counts: Sequence[Count], unplanned: int) -> tuple[CourseView, ...]:
    """As it was counted. Of a cancelled mailing who was never planned is cancelled from the moment of the cancel on,
    which is a point of its own: nobody may have counted since."""
    at = mailing.finished_at
    if mailing.state != "cancelled" or at is None or not (counts and unplanned):
        return tuple(map(_then, counts))
    before = [count for count in counts if count.at < at]
    at_cancel = before[-1]._replace(at=at) if before else Count(at, {}, 0)
    return (*map(_then, before), *(_then(count, unplanned) for count in (at_cancel, *counts[len(before) :])))


def _then(count: Count, never_planned: int = 0) -> CourseView:
    counted = Counted(count.states, {Reason.CANCELLED: count.cancelled})
    planned = sum(count.states.values())
    found = figures(counted, planned=planned, recipients=planned + never_planned, is_cancelled=never_planned > 0)
    return CourseView(
        at=count.at,
        planned=planned,
        sent=found.sent,
        delivered=found.delivered,
        read=found.read,
        undelivered=found.undelivered,
        cancelled=found.cancelled,
    )


def _recipients(mailing: Mailing, planned: int) -> int | None:
    """Of a segment they are known once it is planned."""
    if mailing.is_segment:
        return planned if mailing.state == "done" else None
    return mailing.recipients


class MailingsPage(View):
    """The newest first; `before` asks for older ones."""

    mailings: list[MailingView]
    before: str | None


class ZoneView(View):
    """Recipients of one time zone, where the window is read in theirs."""

    time_zone: str
    recipients: int
    opens_at: int | None  # None: not before the deadline


class PaidView(View):
    """What is sent at most over a channel that is paid for: every link of the cascade to everybody with a phone."""

    channel: Channel
    messages: int
    parts: int | None  # of SMS, by length and alphabet; None: of another channel


class ForecastView(View):
    """A dry run. Where not all recipients were looked at, the figures are projected from `lookedAt` of them."""

    recipients: int
    repeated: int  # of a list: lines left out, since their recipients are in it before
    looked_at: int
    single_braces: tuple[str, ...]  # names in single braces: everybody is sent these as they are written
    addressed: int  # have an installation that can be reached
    unknown: int  # no card for the user or the phone
    unreachable: int  # known, without an installation that can be reached
    starts_at: int
    finishes_at: int | None  # None: beyond the planning horizon
    expired: int  # would not be sent before the deadline
    zones: list[ZoneView]  # by when they open; empty where the window is not read in the recipients' zones
    paid: list[PaidView]  # in the order of the cascade; pushes are free
