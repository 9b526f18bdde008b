"""Whether to believe that tokens are dead. A wrong environment, project or key looks to a provider like dead tokens, so
when their share jumps, retiring pauses: the pushes are refused as before, the tokens stay. Pure.

The share is taken over the last ten minutes, in minutes. It has jumped when there are at least 30 answers and half of
them report dead tokens; retiring goes on when the share has fallen under a quarter. Source: `docs/providers.md`,
"General guard". Times are seconds of a monotonic clock.
"""

from collections import deque
from dataclasses import dataclass, field

_MINUTE_S = 60.0
_MINUTES = 10
_LEAST_ANSWERS = 30
_JUMPED = 0.5
_FALLEN = 0.25


@dataclass(slots=True)
class _Minute:
    began: float
    answers: int = 0
    gone: int = 0


@dataclass(slots=True)
class DeadTokenGuard:
    """The guard of one (provider, application)."""

    is_paused: bool = False
    _minutes: deque[_Minute] = field(default_factory=deque)
    _answers: int = 0
    _gone: int = 0

    @property
    def share(self) -> float:
        """The share of answers that report a dead token."""
        return self._gone / self._answers if self._answers else 0.0

    def note(self, now: float, gone: bool) -> bool:
        """Count an answer that says whether its token lives. True when it changed `is_paused`."""
        minutes = self._minutes
        if not minutes or now - minutes[-1].began >= _MINUTE_S:
            self._begin_minute(now)
        minutes[-1].answers += 1
        self._answers += 1
        if gone:
            minutes[-1].gone += 1
            self._gone += 1
        elif not self.is_paused:
            return False
        return self._judge()

    def _begin_minute(self, now: float) -> None:
        self._minutes.append(_Minute(now))
        while self._minutes[0].began < now - _MINUTES * _MINUTE_S:
            old = self._minutes.popleft()
            self._answers -= old.answers
            self._gone -= old.gone

    def _judge(self) -> bool:
        was_paused = self.is_paused
        if self._answers >= _LEAST_ANSWERS and self.share >= _JUMPED:
            self.is_paused = True
        elif self.share < _FALLEN:
            self.is_paused = False
        return self.is_paused is not was_paused
