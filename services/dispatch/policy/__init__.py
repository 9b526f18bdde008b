"""The decisions of dispatch: what is sent, what follows from an answer, how fast to go on, whom it is about. Pure.

`screening.py` and `conclusions.py` are about one delivery; the others keep what answers have shown: of a host
(`host_health.py`), of an application's rate (`limiter.py`), of its tokens (`trust.py`, `dead_token_guard.py`).
"""

from services.dispatch.policy.backoff import backoff_s
from services.dispatch.policy.conclusions import (
    AttemptFacts,
    Conclusion,
    Hold,
    cancelled,
    concluded,
    not_sent,
    parked,
    waiting,
)
from services.dispatch.policy.dead_token_guard import DeadTokenGuard
from services.dispatch.policy.host_health import HostChange, HostHealth, host_breaker
from services.dispatch.policy.limiter import Limiter
from services.dispatch.policy.recently_used import RecentlyUsed
from services.dispatch.policy.screening import Obstacle, deadline_of, screened
from services.dispatch.policy.trust import FIRST_PROBE_S, LONGEST_PROBE_S, Judgement, Strikes, Way
from services.dispatch.policy.ways import way_of

__all__ = [
    "FIRST_PROBE_S",
    "LONGEST_PROBE_S",
    "AttemptFacts",
    "Conclusion",
    "DeadTokenGuard",
    "Hold",
    "HostChange",
    "HostHealth",
    "Judgement",
    "Limiter",
    "Obstacle",
    "RecentlyUsed",
    "Strikes",
    "Way",
    "backoff_s",
    "cancelled",
    "concluded",
    "deadline_of",
    "host_breaker",
    "not_sent",
    "parked",
    "screened",
    "waiting",
    "way_of",
]
