"""What holds a broadcast back, and what its answers say of pushes and of the host that broadcasts go to."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from schemas.application_events import StopChanged
from schemas.broadcast_events import BroadcastRequested
from schemas.providers import Provider
from services.dispatch.broadcast.gate import BroadcastGate
from services.dispatch.delivery.sender_health import SenderHealth
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders
from services.dispatch.provider import Rejected, Retry, Uncertain
from services.dispatch.providers.apns.channels import ChannelAnswer, Done
from services.runtime.clock import now_ms

REFUSED_KEYS = Rejected("InvalidProviderToken", 403, alert=True)


@dataclass
class Shared:
    """The senders and the pushes of one application."""

    stop: StopChanged | None = None
    own: SenderHealth = field(default_factory=lambda: SenderHealth(Provider.APNS, "gate-app", 2))
    gone_on: int = 0

    def stop_of(self, application_id: str, partner_id: str) -> StopChanged | None:
        return self.stop

    def health_of(self, application_id: str) -> SenderHealth:
        return self.own

    def release(self, health: SenderHealth) -> None:
        self.gone_on += 1


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def gate(shared: Shared) -> BroadcastGate:
    return BroadcastGate(cast(Senders, shared), cast(SenderWatch, shared), clock=lambda: 1_000.0)


def broadcast(ttl_ms: int = 60_000) -> BroadcastRequested:
    about = {"broadcast_id": "b", "channel_id": "c", "application_id": "gate-app", "name": "match", "apple_id": "a"}
    about |= {"environment": "production", "live_activity": "{}", "event_id": "e"}
    now = now_ms()
    return BroadcastRequested.stored(
        {**about, "keep_latest": False, "at": now, "accepted_at": now, "expires_at": now + ttl_ms}
    )


def answered(gate: BroadcastGate, answer: ChannelAnswer, times: int = 1) -> None:
    for _ in range(times):
        assert gate.hold(broadcast()) is None
        gate.end(broadcast(), answer, gate.begin(broadcast()))


def why(gate: BroadcastGate) -> str | None:
    hold = gate.hold(broadcast())
    return None if hold is None else hold.why


def test_a_stop_holds_it_until_it_expires_or_the_stop_is_lifted(gate: BroadcastGate, shared: Shared) -> None:
    shared.stop = StopChanged(event_id="s", at=0, scope="application", id="gate-app", state="paused")
    hold = gate.hold(broadcast(60_000))
    assert hold is not None
    assert (hold.why, str(hold.tag)) == ("application is paused", "held/application/gate-app")
    assert 59 <= hold.wait_s <= 60


def test_an_application_over_its_rate_waits(gate: BroadcastGate) -> None:
    answered(gate, Done(200, {}, None), times=2)
    assert why(gate) == "throttled"


def test_refused_keys_stop_pushes_too_and_what_waits_goes_on_with_them(gate: BroadcastGate, shared: Shared) -> None:
    answered(gate, REFUSED_KEYS)
    hold = gate.hold(broadcast())
    assert hold is not None
    assert (hold.why, hold.tag) == ("sender is stopped", shared.own.tag)
    assert shared.own.stopped_for_s(1_000.0) is not None
    gate.release(broadcast(), hold)
    assert shared.gone_on == 0
    shared.own.renewed(100)
    gate.release(broadcast(), hold)
    assert (shared.gone_on, why(gate)) == (1, None)


@pytest.mark.parametrize(
    "reason", ["FeatureNotEnabled", "TopicDisallowed", "TopicMismatch", "BadPath", "MethodNotAllowed"]
)
def test_what_only_broadcasts_need_stops_no_pushes(gate: BroadcastGate, shared: Shared, reason: str) -> None:
    answered(gate, Rejected(reason, 400, alert=True))
    assert shared.own.stopped_for_s(1_000.0) is None


@pytest.mark.parametrize("answer", [Uncertain("no answer"), Retry("x", 503), Retry("no connection", scope="provider")])
def test_a_host_that_is_away_holds_up_broadcasts_and_no_pushes(
    gate: BroadcastGate, shared: Shared, answer: ChannelAnswer
) -> None:
    shared.own.renewed(100)
    width = shared.own.limiter.width
    answered(gate, answer, times=3)
    assert why(gate) == "provider is away"
    assert (shared.own.limiter.rate, shared.own.limiter.width, shared.own.breaker.is_open) == (100, width, False)


def test_too_many_requests_slow_the_application_down(gate: BroadcastGate, shared: Shared) -> None:
    shared.own.renewed(100)
    answered(gate, Retry("TooManyRequests", 429, 30.0, "application"))
    assert shared.own.limiter.rate == 50
    assert why(gate) == "throttled"
