"""Times on the command line: so long ago, or a date."""

import re
from datetime import UTC, datetime, timedelta

from deploy.cli.fault import Fault
from deploy.cli.words import phrase

_AGO = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since_ms(text: str, now: datetime) -> int:
    """UTC ms. Raises Fault."""
    if found := _AGO.fullmatch(text):
        moment = now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            rule = "{given} is no time: say 30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)"
            raise Fault(phrase(rule, given=repr(text))) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    return max(0, round(moment.timestamp() * 1000))
