"""Who is slowed down, by what, and that what is told of the wait is true."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.runtime.access import device_pace
from services.runtime.access.callers import networks
from services.runtime.access.device_pace import DevicePace, Limit
from services.runtime.http.server import Problem

PROXY = "10.0.0.1"


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def paced(clock: Clock | None = None, trusted: str = f"{PROXY}/32", **about: Any) -> DevicePace:
    return DevicePace("registry", networks(trusted), monotonic_s=clock or Clock(), **about)


def call_from(address: str) -> dict[str, Any]:
    return {"client": (PROXY, 4711), "headers": [(b"x-forwarded-for", address.encode())]}


def admitted(call: Callable[[], None], most: int) -> int:
    """How many calls one after the other are admitted, up to `most`."""
    for count in range(most):
        try:
            call()
        except Problem:
            return count
    return most


def wait_of(call: Callable[[], None]) -> int:
    """Retry-After of a call that is refused; 0 for one that is admitted."""
    try:
        call()
    except Problem as problem:
        return problem.retry_after_s if problem.body.status == 429 else -1
    return 0


@pytest.mark.parametrize(
    ("limit", "call"),
    [
        (device_pace.ADDRESS, lambda pace: pace.called(call_from("192.0.2.7"))),
        (device_pace.SITE, lambda pace: pace.called(call_from("2001:db8::7"))),
        (device_pace.ADDRESS_INSTALLS, lambda pace: pace.installs(call_from("192.0.2.7"), "app")),
        (device_pace.SITE_INSTALLS, lambda pace: pace.installs(call_from("2001:db8::7"), "app")),
        (device_pace.APPLICATION, lambda pace: pace.proved("app")),
        (device_pace.INSTALLATION, lambda pace: pace.proved("app", "i-1")),
    ],
)
def test_each_limit_admits_its_burst_and_tells_when_the_next_may_come(limit: Limit, call: Any) -> None:
    clock = Clock()
    pace = paced(clock)
    assert admitted(lambda: call(pace), limit.burst + 10) == limit.burst
    wait_s = wait_of(lambda: call(pace))
    assert wait_s >= 1
    clock.now_s += wait_s
    assert wait_of(lambda: call(pace)) == 0


def test_installs_of_an_application_are_bounded_from_whatever_addresses_they_come() -> None:
    pace = paced()
    calls = iter(range(10_000))
    many = admitted(lambda: pace.installs(call_from(f"198.51.{next(calls) % 250}.7"), "app"), 10_000)
    assert many == device_pace.APPLICATION_INSTALLS.burst
    assert wait_of(lambda: pace.installs(call_from("203.0.113.1"), "another")) == 0


@given(st.lists(st.tuples(st.integers(1, 600), st.floats(0, 30)), max_size=30))
def test_after_the_seconds_that_were_told_the_same_call_is_admitted(calls: list[tuple[int, float]]) -> None:
    clock = Clock()
    pace = paced(clock)
    for count, gap_s in calls:
        clock.now_s += gap_s
        wait_s = wait_of(lambda count=count: pace.entries("i-1", count))  # type: ignore[misc]
        if wait_s:
            clock.now_s += wait_s - 1
            too_early = wait_of(lambda count=count: pace.entries("i-1", count))  # type: ignore[misc]
            clock.now_s += too_early
            assert too_early <= 1
            assert not too_early or wait_of(lambda count=count: pace.entries("i-1", count)) == 0  # type: ignore[misc]


def test_all_addresses_of_one_ipv6_network_are_one_caller_and_others_are_not() -> None:
    pace = paced()
    site = iter(range(10**6))
    one_site = admitted(lambda: pace.called(call_from(f"2001:db8:0:1::{next(site):x}")), 10**4)
    assert one_site == device_pace.SITE.burst
    assert wait_of(lambda: pace.called(call_from("2001:db8:0:2::1"))) == 0
    assert wait_of(lambda: pace.called(call_from("192.0.2.1"))) == 0


def test_nobody_is_slowed_down_for_a_proxy_that_is_not_declared() -> None:
    pace = paced(trusted="")
    assert admitted(lambda: pace.called(call_from("192.0.2.7")), 10_000) == 10_000


def test_one_installation_slows_no_other_down() -> None:
    pace = paced()
    assert admitted(lambda: pace.proved("app", "i-1"), 10_000) == device_pace.INSTALLATION.burst
    assert wait_of(lambda: pace.proved("app", "i-2")) == 0


def test_a_factor_multiplies_every_limit() -> None:
    pace = paced(factor=3)
    assert admitted(lambda: pace.proved("app", "i-1"), 10_000) == 3 * device_pace.INSTALLATION.burst


def test_the_log_tells_of_it_once_a_minute() -> None:
    clock = Clock()
    pace = paced(clock)
    with capture_logs() as lines:
        for _ in range(device_pace.INSTALLATION.burst + 500):
            wait_of(lambda: pace.proved("app", "i-1"))
        clock.now_s += 60
        for _ in range(device_pace.INSTALLATION.burst * 4):
            wait_of(lambda: pace.proved("app", "i-1"))
    assert [(line["log_level"], line["by"], line["refused"]) for line in lines] == [
        ("warning", "installation", 1),
        ("warning", "installation", 500),
    ]


def test_memory_follows_those_who_call_now() -> None:
    clock = Clock()
    pace = paced(clock)
    for number in range(5_000):
        clock.now_s += 10
        pace.proved(f"app-{number}", f"i-{number}")
    assert all(len(buckets) <= 1 for buckets in pace._paces.values())
