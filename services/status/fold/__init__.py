"""The fold of events into their message, and what follows from it. Pure."""

from services.status.fold.cascade import LinksSaved, NextLink, Withdrawal, channels_behind, request_id_of
from services.status.fold.close import close_message
from services.status.fold.counts import OUTCOMES, OutcomeCounted, count_outcomes
from services.status.fold.fold import fold
from services.status.fold.follow_ups import (
    Decider,
    Followed,
    FollowUp,
    LineRepeated,
    Projected,
    Projection,
    ReportAgain,
    ReportDue,
    StateChanged,
    Taker,
    follow_ups_of_record,
)
from services.status.fold.redaction import redact
from services.status.fold.report_due import body_of, wanted_report
from services.status.fold.requests import difference
from services.status.fold.trace import trace_of

__all__ = [
    "OUTCOMES",
    "Decider",
    "FollowUp",
    "Followed",
    "LineRepeated",
    "LinksSaved",
    "NextLink",
    "OutcomeCounted",
    "Projected",
    "Projection",
    "ReportAgain",
    "ReportDue",
    "StateChanged",
    "Taker",
    "Withdrawal",
    "body_of",
    "channels_behind",
    "close_message",
    "count_outcomes",
    "difference",
    "fold",
    "follow_ups_of_record",
    "redact",
    "request_id_of",
    "trace_of",
    "wanted_report",
]
