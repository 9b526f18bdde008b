"""The sandbox's inboxes and faults, without a server."""

import asyncio

import pytest

from deploy.sandbox import inbox as inbox_module
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.inbox import FollowerTooSlowError, Inbox, Received
from deploy.sandbox.providers import SWITCHES


def _push(token: str) -> Received:
    return Received("fcm", token, "id", {}, {}, at_ms=1)


def test_the_oldest_pushes_are_forgotten_first_everywhere() -> None:
    inbox = Inbox(kept=2)
    for token in ("a", "b", "c"):
        inbox.put(_push(token))
    assert [push.token for push in inbox.all()] == ["b", "c"]
    assert inbox.by_token("fcm", "a") == []
    assert inbox.counters["fcm"] == 3


def test_without_payloads_pushes_are_only_counted() -> None:
    inbox = Inbox(keep_payloads=False)
    inbox.put(_push("a"))
    inbox.count("fcm")
    assert (inbox.all(), inbox.counters["fcm"]) == ([], 2)


async def test_a_waiter_is_woken_by_its_own_token_only() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.wait("fcm", "a", timeout_s=5))
    await asyncio.sleep(0)
    inbox.put(_push("b"))
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put(_push("a"))
    assert [push.token for push in await waiting] == ["a"]


async def test_a_wait_in_vain_ends_in_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        await Inbox().wait("fcm", "a", timeout_s=0.01)


async def test_a_follower_that_is_too_slow_gets_what_was_kept_and_then_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox_module, "FOLLOWER_BACKLOG", 2)
    inbox = Inbox()
    follower = inbox.follow()
    for token in ("a", "b", "c"):
        inbox.put(_push(token))
    assert [push.token for push in await follower.batch()] == ["a", "b"]
    with pytest.raises(FollowerTooSlowError):
        await follower.batch()


def test_a_fault_for_the_token_strikes_before_one_for_the_provider_and_as_often_as_ordered() -> None:
    faults = Faults()
    faults.order("fcm", Fault("hang"))
    faults.order("fcm", Fault("reset", token="a", times=2))
    faults.order("fcm", Fault("slow", token="a", times=1))
    struck = [faults.take("fcm", "a") for _ in range(4)]
    assert [fault.kind for fault in struck if fault] == ["reset", "reset", "slow", "hang"]
    assert faults.take_own("fcm", "a") is None
    assert faults.take("hms", "a") is None
    faults.clear("fcm")
    assert faults.take("fcm", "a") is None


def test_a_fault_that_strikes_never_cannot_be_ordered() -> None:
    with pytest.raises(ValueError, match="times"):
        Faults().order("fcm", Fault("hang", times=0))


@pytest.mark.parametrize(("name", "values"), SWITCHES.items())
def test_a_switch_takes_its_values_and_no_others(name: str, values: tuple[str, ...]) -> None:
    faults = Faults()
    assert faults.switches[name] == values[0]
    for value in values:
        faults.switch(name, "7" if value == "*" else value)
    for bad in ("*", "", "٣", "9" * 30):
        with pytest.raises(ValueError, match=name):
            faults.switch(name, bad)


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no switch 'fcm\.colour'"):
        Faults().switch("fcm.colour", "red")
