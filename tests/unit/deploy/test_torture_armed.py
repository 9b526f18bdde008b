"""What the launcher puts around a service: a crash at the n-th step, a wrong clock, a planted fault."""

import os
import time

import pytest

from deploy.torture.armed import PLANTS, POINTS
from deploy.torture.armed.clock import set_off
from deploy.torture.armed.crashes import arm
from services.runtime.log.kafka import Log
from services.runtime.mongo.collection import Collection


class Crashed(BaseException):
    """In place of SIGKILL."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that were really done; whatever is armed is taken off again."""
    done: list[str] = []

    async def append(_self: object, records: object) -> None:
        done.append(f"append {records}")

    async def write(_self: object, _operations: object) -> None:
        done.append("write")

    def crash(*_: int) -> None:
        raise Crashed

    monkeypatch.setattr(Log, "append", append)
    monkeypatch.setattr(Collection, "write", write)
    monkeypatch.setattr(os, "kill", crash)
    return done


async def consume(times: int) -> None:
    for _ in range(times):
        await Log.append(None, ["one"])  # type: ignore[arg-type, list-item]
        await Log.append(None, [])  # type: ignore[arg-type]
        await Collection.write(None, [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("point", "done"),
    [
        ("before append", ["append ['one']", "append []", "write"]),
        ("after append", ["append ['one']", "append []", "write", "append ['one']"]),
        ("before write", ["append ['one']", "append []", "write", "append ['one']", "append []"]),
    ],
)
async def test_the_process_dies_at_the_very_step(steps: list[str], point: str, done: list[str]) -> None:
    arm(point, 2)
    with pytest.raises(Crashed):
        await consume(3)
    assert steps == done


def test_a_point_or_a_plant_that_does_not_exist_is_refused() -> None:
    assert len(POINTS) == 6
    with pytest.raises(ValueError, match="no point 'after lunch'"):
        arm("after lunch", 1)
    assert "commit-before-append" in PLANTS


def test_a_wrong_clock_leaves_monotonic_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    right_s, right_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", right_s)
    monkeypatch.setattr(time, "time_ns", right_ns)
    monotonic = time.monotonic
    set_off(300)
    assert time.time() - right_s() > 299
    assert time.time_ns() - right_ns() > 299_000_000_000
    assert time.monotonic is monotonic
