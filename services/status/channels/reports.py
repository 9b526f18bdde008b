"""Reads a delivery report of the channel platform for what matters: an id and a state. Pure.

    body ─▶ no object, no id, no state ─▶ UnreadableReport: 400
         ─▶ a state that we do not use  ─▶ PlatformReport(status=None): accepted, and changes nothing
         ─▶ 0 sent, 2 delivered, 5 undelivered, 9 read

The other fields are read as far as they can be, and are never a reason to refuse: an errorCode that is no number is 0,
a doneDate that is no date is the moment of the report. Names of fields count without regard to case and underscores.
Source: `docs/partner-api.md` §5.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from schemas.reasons import Reason
from schemas.reports import ReportStatus
from services.runtime.text import foreign_json

LARGEST_CODE: Final = 99_999
MOST_PARTS: Final = 999
_LONGEST: Final = 100
_NAMES: Final = ("id", "status", "errorCode", "doneDate", "partCount")
_HEX = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"([0-9]{1,20})(\.[0-9]*)?")
_STATUSES: Final[Mapping[int, ReportStatus]] = {int(status): status for status in ReportStatus}
_WORDS: Final[dict[str, ReportStatus]] = {
    **dict.fromkeys(("send", "sent", "submitted"), ReportStatus.SENT),
    **dict.fromkeys(("delivered", "delivrd"), ReportStatus.DELIVERED),
    **dict.fromkeys(
        ("undelivered", "undeliv", "undeliverable", "deleted", "rejected", "rejectd", "failed", "expired"),
        ReportStatus.UNDELIVERED,
    ),
    **dict.fromkeys(("read", "seen"), ReportStatus.READ),
}
_EARLIEST_MS: Final = 946_684_800_000  # 2000: no report is older, so a smaller number is no moment
_LATEST_MS: Final = 4_102_444_800_000  # 2100
_FORMATS: Final = ("%Y%m%d%H%M%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")


class UnreadableReport(ValueError):
    """A report that cannot be read; names the field and the rule."""


@dataclass(frozen=True, slots=True)
class PlatformReport:
    """A report as read. `delivery_id` is in our writing if it is a UUID; `status` None: one that we do not use."""

    delivery_id: str
    status: ReportStatus | None
    error_code: int = 0
    done_at: int | None = None  # UTC ms
    parts: int | None = None


def parse_report(body: bytes) -> PlatformReport:
    """The report. Raises UnreadableReport."""
    given = _object(body)
    fields = {name.casefold().replace("_", ""): value for name, value in given.items()}
    fields |= {name.casefold(): given[name] for name in _NAMES if name in given}  # our own spelling comes first
    delivery_id = fields.get("id")
    if not isinstance(delivery_id, str) or not delivery_id.strip():
        raise UnreadableReport("id: must be the id that was posted")
    status, word = _state(fields.get("status"))
    code = foreign_json.whole_number(fields.get("errorcode"))
    if word == "expired" and not code:
        code = Reason.EXPIRED.error_code
    parts = foreign_json.whole_number(fields.get("partcount"))
    return PlatformReport(
        delivery_id=_id(delivery_id),
        status=status,
        error_code=code if code is not None and code <= LARGEST_CODE else 0,
        done_at=moment_of(fields.get("donedate")),
        parts=parts if parts is not None and 0 < parts <= MOST_PARTS else None,
    )


def _object(body: bytes) -> Mapping[str, Any]:
    """JSON in any of its encodings, or what a form would have sent; a broken character is no reason to refuse."""
    text = foreign_json.text_of(body)
    found = foreign_json.value_of(text)
    if found is None and "=" in text:
        found = dict(parse_qsl(text, keep_blank_values=True))
    if not isinstance(found, dict):
        raise UnreadableReport("body: must be a JSON object")
    return found


def _id(text: str) -> str:
    """A UUID in small letters with its dashes; anything else as it came."""
    plain = text.strip().lower().removeprefix("urn:uuid:").strip("{}")
    digits = plain.replace("-", "")
    if not _HEX.fullmatch(digits):
        return text.strip()[:_LONGEST]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _state(given: object) -> tuple[ReportStatus | None, str]:
    """The state, None for one that we do not use; and its word, when it was one."""
    if isinstance(given, bool) or not isinstance(given, int | float | str) or not str(given).strip():
        raise UnreadableReport("status: must be 0, 2, 5 or 9")
    number = foreign_json.whole_number(given)
    if number is not None:
        return _STATUSES.get(number), ""
    word = str(given).strip().casefold()
    return _WORDS.get(word), word


def moment_of(given: object) -> int | None:
    """UTC ms of a date in ISO 8601 or as mail and Russian forms write it, or of a number since the epoch.

    A date without a zone is UTC: taken for a later one, it would only be cut to the moment of the report.
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    text = str(given).strip()[:_LONGEST]
    number = _NUMBER.fullmatch(text)
    at = _of_number(int(number[1])) if number is not None else None
    if at is None:
        at = _of_text(text)
    return at if at is not None and _EARLIEST_MS <= at < _LATEST_MS else None


def _of_number(number: int) -> int | None:
    """Seconds, or a finer unit, by their size; 14 digits are a date."""
    for unit_per_s in (1, 1_000, 1_000_000, 1_000_000_000):
        at = number * 1000 // unit_per_s
        if _EARLIEST_MS <= at < _LATEST_MS:
            return at
    return None


def _as(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)  # noqa: DTZ007 — without a zone it is UTC


def _of_text(text: str) -> int | None:
    moment = None
    for read in (datetime.fromisoformat, *(_as(form) for form in _FORMATS), parsedate_to_datetime):
        try:
            moment = read(text)
            break
        except (ValueError, TypeError, OverflowError):
            continue
    if moment is None:
        return None
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
