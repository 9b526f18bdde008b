"""Dispatch on real Kafka and MongoDB against the APNs sandbox: looked up late, sent once, retried as events."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.sandbox.apns.keys import make_apns_key
from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.tls.authority import ensure_certificates
from schemas import topics
from schemas.events import TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Content
from services.dispatch.policy import backoff
from services.dispatch.policy.trust import DOUBTED_AFTER
from services.dispatch.provider import BEGUN_BEFORE, Accepted, Opening, Push, Result, Sender, Uncertain
from services.runtime import telemetry
from services.runtime.mongo.ended_activities import Ended, EndedActivities
from services.runtime.settings import Settings
from tests.support.apns_harness import TOPIC, Sandbox
from tests.support.dispatch_service import Service, device_token, now_ms, serving, target
from tests.support.log_reader import dead_letters_of
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_certificates(tmp_path_factory.mktemp("apns"))


@pytest.fixture
async def sandbox(ca: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(ca, make_apns_key((TOPIC,)), "production") as running:
        yield running


@pytest.fixture
async def service(settings: Settings, sandbox: Sandbox) -> AsyncIterator[Service]:
    async with serving(settings, sandbox) as running:
        yield running


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come within a second or two."""
    monkeypatch.setattr(backoff, "BACKOFF_S", 0.2)
    monkeypatch.setattr(backoff, "LEAST_BACKOFF_S", 0.1)


async def test_a_target_becomes_a_push_and_its_acceptance_an_event(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    sent = target("i-1", link=2)
    await service.send(sent)
    (received,) = await sandbox.inbox.wait("apns", device_token("i-1"))
    (outcome,) = await service.outcomes(1)
    assert received.payload["rpns"]["id"] == sent.message_id
    assert (outcome.outcome, outcome.status, outcome.attempt, outcome.link) == ("accepted", 200, 1, 2)
    assert outcome.provider_id == outcome.delivery_id == sent.delivery_id
    assert outcome.latency_ms >= 0


async def test_both_lanes_go_out_and_stay_apart(service: Service) -> None:
    await service.install("i-1")
    await service.send(target("i-1"), target("i-1", lane="bulk"))
    assert [event.outcome for event in await service.outcomes(1)] == ["accepted"]
    assert [event.outcome for event in await service.outcomes(1, "bulk")] == ["accepted"]


async def test_a_token_that_changed_since_planning_is_followed(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    await service.install("i-1", sealed=service.secrets.seal(b"cd" * 32, b"token"))
    await service.send(target("i-1"))
    assert len(await sandbox.inbox.wait("apns", "cd" * 32)) == 1


async def test_nothing_is_sent_to_whom_it_is_not_for(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    await service.database["installations"].update_one({"_id": "i-1"}, {"$set": {"owner": None}})
    await service.install("i-2", provider="fcm")
    await service.install("i-4", application_id="other")
    targets = [
        target("i-1"),
        target("i-2"),
        target("i-3"),
        target("i-4", application_id="other"),
        target("i-2", expires_at=now_ms() - 1),
        target("i-2", send_by=now_ms() - 1),
    ]
    await service.send(*targets)
    outcomes = {(event.outcome, event.reason) for event in await service.outcomes(6)}
    assert outcomes == {
        ("suppressed", Reason.OWNER_CHANGED),
        ("refused", Reason.NO_ACTIVE_INSTALLATION),
        ("refused", Reason.NO_APPLICATION),
        ("expired", Reason.EXPIRED),
    }
    assert sandbox.inbox.all() == []


async def test_what_goes_before_the_schedule_s_deadline_keeps_its_whole_lifetime(
    service: Service, sandbox: Sandbox
) -> None:
    await service.install("i-1")
    sent = target("i-1", send_by=now_ms() + 30_000, expires_at=now_ms() + 3_600_000)
    await service.send(sent)
    (received,) = await sandbox.inbox.wait("apns", device_token("i-1"))
    assert int(received.headers["apns-expiration"]) == sent.expires_at // 1000


async def test_a_dead_token_is_named_by_its_digest(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    sandbox.server.devices.mark_dead(device_token("i-1"), 1_700_000_000_000)
    await service.send(target("i-1"))
    (outcome,) = await service.outcomes(1)
    assert (outcome.outcome, outcome.reason, outcome.detail) == ("refused", Reason.PROVIDER_REFUSED, "Unregistered")
    assert (outcome.dead_token, outcome.dead_at) == ("digest-i-1", 1_700_000_000_000)


@pytest.mark.usefixtures("hasty")
async def test_what_is_not_taken_comes_again_as_an_event(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    sandbox.faults.order("apns", Fault(kind="status", reason="TooManyRequests", times=2))
    await service.send(target("i-1"))
    outcomes = await service.outcomes(3)
    assert [(event.outcome, event.attempt, event.detail) for event in outcomes] == [
        ("retry", 1, "TooManyRequests"),
        ("retry", 2, "TooManyRequests"),
        ("accepted", 3, ""),
    ]
    assert len(sandbox.inbox.all()) == 1
    timers = service.database["dispatch_timers"]

    async def none_left() -> bool:
        return await timers.count_documents({}) == 0

    await eventually(none_left)  # a timer is deleted when its event is in the log


async def test_a_retry_that_would_be_too_late_is_the_end(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    sandbox.faults.order("apns", Fault(kind="status", reason="TooManyRequests", retry_after="120"))
    await service.send(target("i-1"))
    (outcome,) = await service.outcomes(1)
    assert (outcome.outcome, outcome.reason, outcome.status) == ("expired", Reason.EXPIRED, 429)


@pytest.mark.usefixtures("hasty")
async def test_a_lost_answer_is_sent_again_under_the_same_id(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    sandbox.faults.order("apns", Fault(kind="drop-after-write", times=1))
    await service.send(target("i-1"))
    assert [event.outcome for event in await service.outcomes(2)] == ["retry", "accepted"]
    assert len({push.headers["apns-collapse-id"] for push in sandbox.inbox.all()}) == 1


async def test_refused_keys_stop_one_application_and_no_other(service: Service, sandbox: Sandbox) -> None:
    """What met the first refusals ends; what comes after is parked, and goes out when the keys are mended."""
    service.provision("bad", key_id="UNKNOWNKEY")
    await service.install("i-1", application_id="bad")
    await service.install("i-2")
    for number in range(1, DOUBTED_AFTER + 1):
        await service.send(target("i-1", "bad"))
        met = await service.outcomes(number)
    assert [event.outcome for event in met] == ["refused"] * (DOUBTED_AFTER - 1) + ["retry"]
    assert {(event.reason, event.detail) for event in met[:-1]} == {(Reason.PROVIDER_REFUSED, "InvalidProviderToken")}
    assert telemetry.SENDER_STOPPED.labels("bad", "apns")._value.get() == 1
    await service.send(target("i-1", "bad"), target("i-2"))
    after = (await service.outcomes(DOUBTED_AFTER + 2))[DOUBTED_AFTER:]
    assert {(event.application_id, event.outcome, event.detail) for event in after} == {
        ("app", "accepted", ""),
        ("bad", "retry", "sender is stopped"),
    }
    service.provision("bad")
    last = (await service.outcomes(DOUBTED_AFTER + 4))[-2:]
    assert {(event.application_id, event.outcome, event.attempt) for event in last} == {
        ("bad", "accepted", 2),  # it had met the refusal
        ("bad", "accepted", 1),
    }
    assert telemetry.SENDER_STOPPED.labels("bad", "apns")._value.get() == 0


async def test_credentials_that_cannot_be_used_are_an_alert_not_an_absence(service: Service) -> None:
    service.provision("bad", private_key="no key")
    await service.install("i-1", application_id="bad")
    await service.send(target("i-1", "bad"))
    (outcome,) = await service.outcomes(1)
    assert (outcome.outcome, outcome.reason) == ("refused", Reason.PROVIDER_REFUSED)
    assert outcome.detail.startswith("bad credentials: private_key")


async def test_an_application_that_is_switched_off_gets_nothing_more(service: Service, sandbox: Sandbox) -> None:
    await service.install("i-1")
    await service.send(target("i-1"))
    await service.outcomes(1)
    service.provision(enabled=False)
    await service.send(target("i-1"))
    assert (await service.outcomes(2))[-1].reason is Reason.NO_APPLICATION
    await eventually(lambda: not sandbox.server.connections)


@pytest.mark.usefixtures("hasty")
async def test_while_the_provider_is_away_its_records_wait_in_the_log(service: Service, sandbox: Sandbox) -> None:
    names = [f"i-{number}" for number in range(60)]
    await service.install(*names)
    sandbox.faults.order("apns", Fault(kind="status", reason="InternalServerError"))
    await service.send(*(target(name) for name in names[:20]))
    await eventually(lambda: service.work.breaker.is_open)
    await service.send(*(target(name) for name in names[20:]))
    sandbox.faults.clear()
    await eventually(lambda: len({push.token for push in sandbox.inbox.all()}) == 60)
    assert not service.work.breaker.is_open


async def test_a_poisoned_target_ends_its_message(service: Service) -> None:
    """A token that cannot be opened: sealed by a key that is gone."""
    await service.install("i-1", sealed="bm9uc2Vuc2U=")
    await service.send(target("i-1"))
    ((_, headers),) = await dead_letters_of(service.settings, topics.TARGET_RESOLVED[Provider.APNS]["single"], 1)
    assert "CannotOpen" in headers["reason"]


DOUBT = "this attempt was begun before and its outcome is not known"


class Forgetful:
    """A provider that cannot absorb a resend."""

    def __init__(self) -> None:
        self.sent: list[Push] = []
        self.answers: list[Result] = []

    def absorbs_resend(self, push: Push) -> bool:
        return False

    async def send(self, push: Push) -> Result:
        assert push.note is not None
        if not await push.note.begin():
            return BEGUN_BEFORE
        self.sent.append(push)
        return self.answers.pop(0) if self.answers else Accepted()

    async def close(self) -> None:
        """Nothing to close."""


async def test_where_a_resend_is_not_absorbed_a_noted_attempt_is_not_made_again(
    settings: Settings, sandbox: Sandbox
) -> None:
    sender = Forgetful()

    async def open_sender(_: Opening) -> Sender:
        return sender

    async with serving(settings, sandbox, open_sender) as service:
        await service.install("i-1", "i-2")
        first, second = target("i-1"), target("i-2")
        sender.answers = [Uncertain("connection lost")]
        await service.send(first)
        await service.outcomes(1)
        await service.send(first, second)  # the first is replayed
        outcomes = await service.outcomes(3)
    assert [(event.installation_id, event.outcome) for event in outcomes[:1]] == [("i-1", "uncertain")]
    assert {(event.installation_id, event.outcome) for event in outcomes[1:]} == {
        ("i-1", "uncertain"),
        ("i-2", "accepted"),
    }
    assert [push.installation_id for push in sender.sent] == ["i-1", "i-2"]
    assert len({event.event_id for event in outcomes}) == 2


async def test_attempts_that_were_noted_before_a_crash_do_not_count_as_an_outage(
    settings: Settings, sandbox: Sandbox
) -> None:
    sender, many = Forgetful(), 40

    async def open_sender(_: Opening) -> Sender:
        return sender

    async with serving(settings, sandbox, open_sender) as service:
        await service.install("i-1")
        targets = [target("i-1") for _ in range(many)]
        for delivery in targets:
            await service.send(delivery)
        await service.outcomes(many)
        sender.sent.clear()
        await service.send(*targets)  # as a killed process leaves them: noted, and done again
        outcomes = (await service.outcomes(2 * many))[many:]
        assert (service.work.breaker.failures, service.work.breaker.is_open) == (0, False)
    assert {(event.outcome, event.detail.partition(":")[0]) for event in outcomes} == {("uncertain", DOUBT)}
    assert sender.sent == []


async def test_an_application_over_its_rate_is_held_back_and_its_neighbour_is_not(
    service: Service, sandbox: Sandbox
) -> None:
    service.provision("slow", max_pushes_per_s=4)
    await service.install("i-1", application_id="slow")
    await service.install("i-2")
    await service.send(*(target("i-1", "slow") for _ in range(12)), *(target("i-2") for _ in range(12)))
    await eventually(lambda: len(sandbox.inbox.by_token("apns", device_token("i-2"))) == 12)
    assert len(sandbox.inbox.by_token("apns", device_token("i-1"))) < 12
    await eventually(lambda: len(sandbox.inbox.by_token("apns", device_token("i-1"))) == 12)
    outcomes = await service.outcomes(25)
    assert {(event.outcome, event.attempt) for event in outcomes if event.application_id == "slow"} == {
        ("accepted", 1),
        ("retry", 1),
    }


@pytest.mark.parametrize(("scope", "name"), [("provider", "apns"), ("application", "app"), ("partner", "bank")])
async def test_what_is_paused_is_parked_and_goes_out_when_it_is_resumed(
    service: Service, sandbox: Sandbox, scope: str, name: str
) -> None:
    await service.install("i-1")
    service.stop(scope, name, "paused")
    await service.send(target("i-1"))
    (parked,) = await service.outcomes(1)
    assert (parked.outcome, parked.detail) == ("retry", f"{scope} is paused")
    service.stop(scope, name, "running")
    sent = (await service.outcomes(2))[-1]
    assert (sent.outcome, sent.attempt) == ("accepted", 1)


def live_target(event: str, **changes: Any) -> TargetResolved:
    """To the activity "a" of installation "i-1"."""
    activity = {"event": event, "timestamp": "2026-11-24T12:00:00+0300", "content-state": {"n": 1}, "activity-id": "a"}
    content = Content(text="-", live_activity=orjson.dumps(activity).decode())
    return target("i-1", content=content, slot="activity/a", **changes)


async def test_an_update_behind_an_end_is_not_sent_and_an_end_that_failed_ends_nothing(service: Service) -> None:
    await service.install("i-1")
    sealed = service.secrets.seal(device_token("live").encode(), b"token")
    slot = {"slot": "activity/a", "token": {"sealed": sealed, "digest": "d", "registered_at": 1}}
    await service.database["installations"].update_one({"_id": "i-1"}, {"$set": {"live": [slot]}})
    marks = EndedActivities(service.database)
    late = live_target("end", expires_at=now_ms() - 1)
    end, updates = live_target("end"), [live_target("update") for _ in range(3)]

    async def planned(delivery: TargetResolved) -> None:
        mark = Ended("i-1", "activity/a", delivery.delivery_id, now_ms(), delivery.expires_at + 60_000)
        await marks.mark([mark])

    await planned(late)
    await service.send(updates[0])
    await service.outcomes(1)
    await service.send(late)
    await service.outcomes(2)
    await service.send(updates[1])
    await service.outcomes(3)
    await planned(end)
    await service.send(end, updates[2])
    seen = {event.delivery_id: (event.outcome, event.detail) for event in await service.outcomes(5)}
    has_ended = ("refused", "the live activity has been ended")
    sent = ("accepted", "")
    assert [seen[delivery.delivery_id] for delivery in updates] == [has_ended, sent, has_ended]
    assert [seen[delivery.delivery_id] for delivery in (late, end)] == [("expired", ""), sent]
    (mark,) = (await marks.among(["i-1/activity/a"])).values()
    assert mark.until > end.expires_at + 60_000  # for as long as a token of the activity may count
