"""Of several erasures one that fails holds up none of the others, and is not given up."""

import asyncio
from typing import Any

import pytest

from services.registry.erasure.service import ErasureService
from services.runtime import erasure as cleaning
from services.runtime import mongo, telemetry
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.directory import Directory
from services.runtime.mongo.erasures import KEYS, Counts, Erasure
from services.runtime.pacing import erasures_in_turn
from services.runtime.pacing.erasures_in_turn import ErasuresInTurn
from tests.support.waiting import eventually

NAMES = [f"e{number}" for number in range(10)]
BROKEN = "e3"


class Kept:
    """Ten erasures; one of them cannot be opened, or its work raises."""

    def __init__(self) -> None:
        self.left, self.done, self.tried = list(NAMES), list[str](), list[str]()
        self.noted = list[tuple[str, str, str]]()
        self.fault: Exception | None = ValueError("79001234567")

    async def unfinished(self) -> list[str]:
        return list(self.left)

    async def find(self, erasure_id: str) -> Erasure:
        return Erasure(erasure_id, 1, "operator", (), ("0/ab",), state="forgotten")

    async def failed(self, erasure_id: str, step: str, error: str, _: int) -> None:
        self.noted.append((erasure_id, step, error.split()[0]))

    async def work(self, erasure: Erasure) -> None:
        self.tried.append(erasure.erasure_id)
        if erasure.erasure_id == BROKEN and self.fault is not None:
            raise self.fault
        self.left.remove(erasure.erasure_id)
        self.done.append(erasure.erasure_id)

    async def cleaned(self, erasure_id: str, *_: Any) -> None:
        self.left.remove(erasure_id)
        self.done.append(erasure_id)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(erasures_in_turn, "monotonic", lambda: now[0])
    return now


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    lines = list[tuple[str, str]]()

    class Log:
        def error(self, words: str, **about: Any) -> None:
            lines.append(("error", str(about)))

        def warning(self, words: str, **about: Any) -> None:
            lines.append(("warning", str(about)))

    monkeypatch.setattr(erasures_in_turn, "log", Log())
    return lines


def set_aside(step: str) -> float:
    value: float = telemetry.ERASURES_SET_ASIDE.labels(step)._value.get()
    return value


async def test_one_of_ten_that_always_raises_is_tried_later_and_later_and_the_others_are_done(
    clock: list[float], logged: list[tuple[str, str]]
) -> None:
    kept = Kept()
    in_turn = ErasuresInTurn("status", kept)  # type: ignore[arg-type]
    await in_turn.each(kept.work)
    assert kept.done == [name for name in NAMES if name != BROKEN]
    assert (set_aside("status"), kept.noted) == (1, [(BROKEN, "status", "ValueError")])
    tried_at = []
    for now in range(0, 2_400, 10):
        clock[0], tries = now, len(kept.tried)
        await in_turn.each(kept.work)
        tried_at += [now] if len(kept.tried) > tries else []
    assert tried_at == [30, 90, 210, 450, 930, 1_530, 2_130]
    assert [level for level, _ in logged] == ["error"] + ["warning"] * 7
    assert not any("79001234567" in about for _, about in logged)
    kept.fault, clock[0] = None, 10_000
    await in_turn.each(kept.work)
    assert (kept.left, set_aside("status")) == ([], 0)


async def test_what_another_process_has_done_meanwhile_is_set_aside_no_more(clock: list[float]) -> None:
    kept = Kept()
    in_turn = ErasuresInTurn("ingest", kept)  # type: ignore[arg-type]
    await in_turn.each(kept.work)
    kept.left = []
    await in_turn.each(kept.work)
    assert set_aside("ingest") == 0


async def test_one_that_no_key_opens_holds_up_none(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    class Sealed(Kept):
        async def find(self, erasure_id: str) -> Erasure:
            if erasure_id == BROKEN:
                raise CannotOpen
            return await super().find(erasure_id)

    kept = Sealed()
    await ErasuresInTurn("registry", kept).each(kept.work)  # type: ignore[arg-type]
    assert kept.left == [BROKEN]


async def test_while_infrastructure_is_away_all_wait_and_none_is_set_aside(clock: list[float]) -> None:
    kept = Kept()
    kept.fault = mongo.Unavailable("away")
    in_turn = ErasuresInTurn("away", kept)  # type: ignore[arg-type]
    with pytest.raises(mongo.Unavailable):
        await in_turn.each(kept.work)
    assert (kept.done, kept.noted) == (NAMES[:3], [])


async def test_the_cleaning_of_a_service_goes_on_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "_SETTLED_S", 0.0)
    kept = Kept()

    async def clean(erasure: Erasure) -> Counts:
        if erasure.erasure_id == BROKEN:
            raise ValueError
        return {"messages": 1}

    task = asyncio.create_task(cleaning._cleaning("status", kept, Directory(), clean))  # type: ignore[arg-type]
    await eventually(lambda: len(kept.done) == 9, "the others are cleaned")
    assert kept.noted == [(BROKEN, "status", "ValueError")]
    task.cancel()


async def test_the_keys_behind_it_are_destroyed() -> None:
    kept, stop = Kept(), asyncio.Event()

    class Service(ErasureService):
        async def carry_out(self, erasure: Erasure) -> None:
            await kept.work(erasure)

    class Store:
        async def reseal(self) -> int:
            return 0

    nothing: Any = None
    service = Service(
        erasures=kept,  # type: ignore[arg-type]
        store=Store(),  # type: ignore[arg-type]
        keys=nothing,
        linked=nothing,
        directory=Directory(),
        sink=nothing,
    )
    task = asyncio.create_task(service.run(stop))
    await eventually(lambda: len(kept.done) == 9, "the others' keys are destroyed")
    stop.set()
    await task
    assert kept.noted == [(BROKEN, KEYS, "ValueError")]
