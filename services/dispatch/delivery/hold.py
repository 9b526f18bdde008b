"""What holds back a push or a broadcast: the state of its application, or of the host it goes to.

its sender is stopped    until a probe passes, or its credentials change
the host is away         until a probe of its own passes
throttled                for as long as the limiter says
"""

import random

from schemas.application_events import StopChanged
from schemas.values import Lane
from services.dispatch.delivery.sender_health import STOPPED, SenderHealth
from services.dispatch.policy import Hold, HostHealth
from services.runtime.scheduling.tags import StopTag

_AWAY_S = 5.0


def hold_of(health: SenderHealth, host: HostHealth, now: float, lane: Lane = "single") -> Hold | None:
    """What holds it back at `now` (seconds of a monotonic clock); None when it may go."""
    stopped_s = health.stopped_for_s(now)
    if stopped_s is not None:
        return Hold(STOPPED, stopped_s, health.tag)
    if not host.breaker.admits(now):
        rest_s = min(_AWAY_S, max(1.0, host.breaker.wait_s(now)))
        return Hold("provider is away", rest_s * (1 + random.random()))
    wait_s = health.limiter.admitted(now, bulk=lane == "bulk")
    return Hold("throttled", wait_s) if wait_s else None


def paused(stop: StopChanged, left_s: float) -> Hold:
    """The hold of a stop: for the rest of its life, `left_s`, or until the stop is lifted."""
    return Hold(f"{stop.scope} is paused", left_s, StopTag("held", stop.scope, stop.id))
