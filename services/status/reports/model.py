"""Values that reports go through: what is owed, what is under way, what came of it. Pure."""

from dataclasses import dataclass

from schemas.reports import ReportStatus
from schemas.values import Lane


@dataclass(frozen=True, slots=True)
class ReportIntent:
    """A report that a state calls for. `body` None only takes back an unsent one: the partner wants none for it."""

    message_id: str
    link: int
    partner_id: str
    lane: Lane
    host: str  # of the receiver
    notify_url: str | None
    status: ReportStatus
    error_code: int
    body: bytes | None
    attempts: int = 0  # made for the link so far, as far as the fold has read
    resend: str = ""  # the resend that asked for it

    @property
    def report_id(self) -> str:
        return f"{self.message_id}/{self.link}"


@dataclass(frozen=True, slots=True)
class LeasedReport:
    """A report to send now. `attempt` counts this one."""

    report_id: str
    lease: str
    message_id: str
    link: int
    partner_id: str
    lane: Lane
    notify_url: str | None
    status: ReportStatus
    error_code: int
    body: bytes
    attempt: int
    tries: int  # of this state, this one included
    first_tried_at: int  # UTC ms
    host: str = ""  # of one from memory, which is stored if it is not taken
    resend: str = ""  # the resend that asked for it

    @property
    def webhook_id(self) -> str:
        """The same for each attempt of this report, and no other's: a resend is asked for, so it is another."""
        named = f"{self.report_id}/{self.status.value}/{self.error_code}"
        return f"{named}/{self.resend}" if self.resend else named


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt. `due_at` None: done or given up."""

    report: LeasedReport
    taken: bool
    due_at: int | None
