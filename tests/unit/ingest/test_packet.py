"""A packet while it is read: others get their turn, and what fails on the way leaves the rest judged."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

import orjson
import pytest

from services.ingest.duplicates.recent import RecentRequests
from services.ingest.http import Beside
from services.ingest.packet.answer import PacketService
from services.ingest.packet.rules import MOST
from services.ingest.rules.errors import Refusal
from services.runtime import mongo
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append
from services.runtime.pacing import turns
from services.runtime.pacing.turns import LONGEST_S
from tests.support.requests import PARTNER, Senders, option

GOOD = {"from": "DemoBank", "to": "+79001234567", "text": "hello"}


class Kept:
    """A log that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Append] = []

    async def append(self, records: Sequence[Append]) -> None:
        self.records += records


class NoHourKeys:
    async def create(self, hour: int, now_ms: int) -> bytes:
        raise mongo.TRANSIENT_ERRORS[0]("away")


async def answered(kept: Kept, messages: Sequence[Any], beside: Beside | None = None) -> list[dict[str, Any]]:
    directory = Directory()
    sender = Senders().sender("demo", "DemoBank")
    assert sender is not None
    directory.senders["demo", "DemoBank"] = sender
    packets = PacketService(
        directory=directory,
        secrets=None,  # type: ignore[arg-type]
        log=kept,  # type: ignore[arg-type]
        claims=None,  # type: ignore[arg-type]
        keys=NoHourKeys(),  # type: ignore[arg-type]
        limits=PartnerLimits(),
        recent=RecentRequests(),
    )
    answer = await packets.answer(orjson.dumps({"messages": messages}), PARTNER, beside or Beside())
    assert not isinstance(answer, Refusal)
    found: list[dict[str, Any]] = orjson.loads(answer[1])["result"]
    return found


async def test_others_get_their_turn_while_a_full_packet_is_read() -> None:
    kept = Kept()
    given, task = 0, asyncio.create_task(answered(kept, [GOOD] * MOST))
    while not task.done():
        await asyncio.sleep(0)
        given += 1
    assert [entry["code"] for entry in task.result()] == ["OK"] * MOST == ["OK"] * len(kept.records)
    assert given > MOST / 60


async def test_a_few_messages_that_take_long_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(turns, "monotonic", lambda: next(clock) * 2 * LONGEST_S)
    given, task = 0, asyncio.create_task(answered(Kept(), [GOOD] * 20))
    while not task.done():
        await asyncio.sleep(0)
        given += 1
    assert given > 20


async def test_others_get_their_turn_while_a_packet_is_answered_that_cannot_be_stored() -> None:
    secure = {**GOOD, "type": "PUSH", "validity": 60, "text": "%code%", "data": option("SECURE", {"code": "1"})}
    given, task = 0, asyncio.create_task(answered(Kept(), [secure, *[GOOD] * (MOST - 1)]))
    while not task.done():
        await asyncio.sleep(0)
        given += 1
    assert {entry["reasons"][0]["key"] for entry in task.result()} == {"unknown"}
    assert given > MOST / 60


async def test_without_keys_for_its_values_nothing_is_written_and_each_message_is_judged() -> None:
    kept = Kept()
    secure = {**GOOD, "type": "PUSH", "validity": 60, "text": "%code%", "data": option("SECURE", {"code": "1"})}
    entries = await answered(kept, [GOOD, {}, secure, GOOD, {"text": "x"}])
    keys = [entry["reasons"][0]["key"] for entry in entries]
    assert keys == ["unknown", "must.be.not.null", "unknown", "unknown", "must.be.not.null"]
    assert kept.records == []


async def test_messages_of_higher_priority_go_first_and_the_answer_keeps_the_order_of_the_packet() -> None:
    kept = Kept()
    messages = [
        {**GOOD, "id": name, "priority": priority} for name, priority in zip("abcde", (0, 3, None, 1, 3), strict=True)
    ]
    entries = await answered(kept, [*messages, {**GOOD, "id": "f"}, {}])
    assert [entry.get("id") for entry in entries] == [*"abcdef", None]
    names = {entry["messageId"]: entry.get("id") for entry in entries}
    assert [names[record.key] for record in kept.records] == [*"bedacf"]
