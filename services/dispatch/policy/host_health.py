"""The health of a provider's host, by what the results of pushes say of it, and not of the push alone. Pure.

    no connection                                  an incident
    written and not answered, or answered 5xx      an incident, of a token that has worked: a device chose the others
    any other answer of the host itself            it is there
    what was refused before anybody was asked      nothing

Times are seconds of a monotonic clock; `draw` is a random number from [0, 1).
"""

from enum import Enum, auto

from services.dispatch.provider import Result, Retry, Uncertain, is_answer
from services.runtime.pacing.breaker import Breaker


class HostChange(Enum):
    """What the operator is to learn, once each."""

    AWAY = auto()
    BACK = auto()


def host_breaker(trip_after: int = 3, first_s: float = 1.0, longest_s: float = 30.0) -> Breaker:
    """The breaker of a host that answers many. It is asked again after about a quarter of the time that it has been
    away, at most after `longest_s` and its jitter."""
    return Breaker(trip_after, first_s, longest_s, growth=1.25)


class HostHealth:
    """The health of one host."""

    def __init__(self) -> None:
        self.breaker = host_breaker()

    def ended(
        self, result: Result, began: float, now: float, draw: float, *, has_worked: bool = True
    ) -> HostChange | None:
        """A push that went out at `began` has ended. `has_worked`: its token, before; True where none has a part."""
        if isinstance(result, Uncertain | Retry) and result.scope == "provider":
            is_unreachable = isinstance(result, Retry) and not result.status
            if not (has_worked or is_unreachable):
                self.breaker.unclear(now)
                return None
            after_s = result.after_s or 0.0 if isinstance(result, Retry) else 0.0
            return HostChange.AWAY if self.breaker.failed(now, draw, after_s, began) else None
        if not is_answer(result):
            self.breaker.inconclusive()
            return None
        return HostChange.BACK if self.breaker.succeeded() else None
