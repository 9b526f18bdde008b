"""Up to when the audit trail is whole, by what the log, the trail and the group's commits say."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from services.registry.audit_trail import reading
from services.registry.audit_trail.reading import TrailReading
from services.registry.audit_trail.store import Position

NOW, LAST = 2_000, 1_000


class Log:
    """Where the topic begins and ends, and what the group has committed, the last figure for good."""

    def __init__(self, span: range, *committed: int) -> None:
        self.span, self.commits, self.asked = span, list(committed), 0

    async def spans(self) -> Mapping[int, range]:
        return {0: self.span}

    async def committed(self) -> Mapping[int, int]:
        self.asked += 1
        return {0: self.commits.pop(0) if len(self.commits) > 1 else self.commits[0]}


class Away(Log):
    async def spans(self) -> Mapping[int, range]:
        raise KafkaConnectionError


class Trail:
    """How far it was read, look by look, the last figure for good; None: nothing was."""

    def __init__(self, *offsets: int | None) -> None:
        self.offsets = list(offsets)

    async def positions(self) -> Mapping[int, Position]:
        offset = self.offsets.pop(0) if len(self.offsets) > 1 else self.offsets[0]
        return {} if offset is None else {0: Position(offset, LAST)}


async def until(trail: Trail, log: Log) -> int:
    return await TrailReading(cast(Any, trail), cast(Any, log)).until(NOW)


async def test_a_trail_at_the_logs_end_is_whole_and_nobody_asks_for_commits() -> None:
    log = Log(range(10), 0)
    assert await until(Trail(10), log) == NOW
    assert log.asked == 0


@pytest.mark.parametrize("span", [range(0), range(10, 10)], ids=["never written", "all past its time"])
async def test_a_log_that_holds_nothing_leaves_nothing_to_be_read(span: range) -> None:
    assert await until(Trail(None), Log(span, 0)) == NOW


async def test_what_was_written_just_before_is_waited_for() -> None:
    assert await until(Trail(8, 9, 10), Log(range(10), 8)) == NOW


async def test_a_record_that_was_put_aside_is_only_in_the_commit() -> None:
    assert await until(Trail(9), Log(range(10), 9, 9, 10)) == NOW


async def test_a_trail_that_is_far_behind_is_not_waited_for_and_tells_of_its_last_record() -> None:
    log = Log(range(5_000), 0)
    assert await until(Trail(7), log) == LAST
    assert log.asked == 1
    assert await until(Trail(None), Log(range(5_000), 0)) == 0


async def test_records_that_do_not_come_are_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WAIT_S", 0.05)
    assert await until(Trail(9), Log(range(10), 9)) == LAST


async def test_a_position_beyond_the_logs_end_is_of_another_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WAIT_S", 0.05)
    assert await until(Trail(500), Log(range(10), 4)) == LAST


async def test_a_log_that_does_not_answer_makes_the_last_record_the_end() -> None:
    assert await until(Trail(10), Away(range(10), 10)) == LAST
