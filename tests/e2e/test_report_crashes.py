"""Status is killed while its receiver of reports is slow or down: every message's last report is made all the same."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.sandbox.phone.device import Habits
from tests.support.waiting import eventually
from tests.support.world import READ, Json, World, assert_forward

MESSAGES = 80
READS = Habits("read", after_s=0.1)
SETTLED_S = 75.0
"""A report that was in memory is missed after 30 s, and tried again a second or two later."""
RECEIVERS: dict[str, dict[str, Any]] = {
    "slow": {"kind": "slow", "delay_ms": 1_500},
    "down": {"kind": "status", "status": 503},
}


@pytest.fixture
async def gathering(world: World) -> AsyncIterator[None]:
    """Status saves as seldom as it may."""
    await asyncio.to_thread(world.stack.restart, "status", {"RPNS_FOLD_GATHER_S": "1"})
    yield
    await world.restart("status")


@pytest.mark.usefixtures("gathering")
@pytest.mark.parametrize("receiver", RECEIVERS)
async def test_no_report_dies_with_the_process_that_had_it_in_memory(world: World, receiver: str) -> None:
    phone, path = world.new_phone(), f"/reports/crash-{receiver}"
    await world.enrol("android", phone, READS)
    await world.control.order("partner", **RECEIVERS[receiver])
    refs = [world.new_ref() for _ in range(MESSAGES)]
    for ref in refs:
        request = world.bank.request(world.new_text(), phone=phone, ref=ref, ttl=300)
        answer = await world.bank.post(request | {"notifyUrl": world.stack.sandbox["partner"] + path})
        assert answer.http_status == 200, answer
        if ref == refs[MESSAGES // 2]:
            world.stack.kill("status")
    await asyncio.to_thread(world.stack.restart, "status", {"RPNS_FOLD_GATHER_S": "1"})
    await world.control.clear_faults("partner")
    reports: dict[str, list[Json]] = {}

    async def all_read() -> bool:
        reports.clear()
        for entry in await world.control.reports(path=path):
            reports.setdefault(entry["report"]["id"], []).append(entry["report"])
        return all(ref in reports and reports[ref][-1]["status"] == READ for ref in refs)

    await eventually(all_read, lambda: f"{len(reports)} of {MESSAGES} reported", SETTLED_S, 0.3)
    for ref in refs:
        assert_forward(reports[ref])
