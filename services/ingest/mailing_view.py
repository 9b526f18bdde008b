"""What the API tells of a mailing. Times in UTC ms; nothing of the recipients but their number."""

from typing import Any

from schemas import lossless
from services.ingest.accept_forecast import Forecast
from services.ingest.accept_model import Wire
from services.ingest.mailing import CANNOT_OPEN, Mailing
from services.outcomes_store import Outcomes


class ListView(Wire):
    """The list as far as it has been uploaded."""

    accepted: int
    refused: int  # broken lines; `/problems` says which and why
    next_line: int  # an upload that was cut off goes on from here
    complete: bool  # the last upload came to its end


class ProgressView(Wire):
    """How far it has come. `states` counts messages by where they are now, `failed` those that failed by reason."""

    recipients: int | None  # of a list; those of a segment are known once it is planned
    planned: int
    rate_per_s: float  # measured
    finishes_at: int | None
    states: dict[str, int]
    failed: dict[str, int]
    sent: int  # handed to a provider, whatever became of it then
    delivered: int  # confirmed by a device, read ones included
    read: int
    counted_at: int | None


class MailingView(Wire):
    """One mailing."""

    mailing_id: str
    id: str | None
    name: str
    state: str
    reason: str | None
    created_at: int
    start_at: int | None
    started_at: int | None
    finished_at: int | None
    rate_per_s: int
    on_bad_lines: str
    list: ListView | None
    segment: Any
    progress: ProgressView


class ProblemView(Wire):
    """A broken line."""

    line: int
    field: str
    rule: str


class ProblemsPage(Wire):
    """The first lines first; `after` asks for those behind."""

    problems: list[ProblemView]
    refused: int
    after: int | None


class UploadView(Wire):
    """What one upload has added, and where the list stands."""

    accepted: int
    refused: int
    list: ListView


def list_view(mailing: Mailing) -> ListView:
    return ListView(
        accepted=mailing.accepted,
        refused=mailing.refused,
        next_line=mailing.next_line,
        complete=mailing.is_complete,
    )


def view_of(mailing: Mailing, outcomes: Outcomes, forecast: Forecast | None) -> MailingView:
    states = outcomes.states
    read = states.get("READ", 0)
    delivered = states.get("DELIVERED", 0) + read
    is_open = mailing.state in ("running", "paused")
    progress = ProgressView(
        recipients=None if mailing.is_segment and mailing.state != "done" else _recipients(mailing),
        planned=mailing.planned,
        rate_per_s=round(mailing.rate_now if mailing.state == "running" else 0.0, 1),
        finishes_at=forecast.finishes_at if forecast is not None and is_open else None,
        states=states,
        failed=outcomes.failed,
        sent=states.get("SENT", 0) + delivered,
        delivered=delivered,
        read=read,
        counted_at=outcomes.at or None,
    )
    return MailingView(
        mailing_id=mailing.mailing_id,
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
        list=None if mailing.is_segment else list_view(mailing),
        segment=lossless.loads(mailing.definition).get("segment") if mailing.is_segment else None,
        progress=progress,
    )


def _recipients(mailing: Mailing) -> int:
    return mailing.planned if mailing.is_segment else mailing.accepted


class MailingsPage(Wire):
    """The newest first; `before` asks for older ones."""

    mailings: list[MailingView]
    before: str | None


class ForecastView(Wire):
    """A dry run. Where not all recipients were looked at, the figures are projected from `looked_at` of them."""

    recipients: int
    looked_at: int
    addressed: int  # have an installation that can be reached
    unknown: int  # no card for the user or the phone
    unreachable: int  # known, without an installation that can be reached
    starts_at: int
    finishes_at: int | None  # None: beyond the planning horizon
    expired: int  # would be left behind by the deadline
