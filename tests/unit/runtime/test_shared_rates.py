"""Rates over several instances, on a virtual clock: what all of them let in together."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.access.login_pace import LoginPace
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.pacing.peers import SILENT_S, Report
from services.runtime.pacing.rates import Rates
from services.runtime.pacing.shares import EVERY_S, granted
from tests.support.requests import PARTNER

LIMIT = 100
STEP_S = 0.01
Asked = Callable[[float], dict[str, float]]
"""What is asked of each instance a second, at a time."""


@dataclass
class Instance:
    """A process of the service. Its clock began at another time than those of the others."""

    name: str
    started_s: float
    turns_at_s: float
    clock_apart_s: float
    rates: Rates = field(init=False)
    limits: PartnerLimits = field(init=False)
    owed: float = 0.0

    def __post_init__(self) -> None:
        self.rates = Rates("ingest", f"{self.name}/{self.started_s}")
        self.limits = PartnerLimits(self.rates.shares.part)


@dataclass
class World:
    """Instances, the database between them, and how many requests were let in and refused in each second."""

    instances: dict[str, Instance] = field(default_factory=dict)
    database: dict[str, Report] = field(default_factory=dict)
    is_database_away: bool = False
    now_s: float = 0.0
    let_in: dict[int, int] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)

    def start(self, count: int) -> None:
        for number in range(count):
            self.join(f"i{number}")

    def join(self, name: str) -> None:
        number = len(self.database)
        joined = Instance(name, self.now_s, self.now_s + 0.17 * number, 1e6 * (number + 1) * (-1) ** number)
        self.instances[name] = joined
        self._turn(joined)

    def kill(self, name: str) -> None:
        """Its last report stays in the database."""
        del self.instances[name]

    def run(self, seconds: float, asked: Asked) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s - 1e-9:
            for instance in self.instances.values():
                if self.now_s >= instance.turns_at_s:
                    instance.turns_at_s += EVERY_S
                    self._turn(instance)
                instance.owed += asked(self.now_s).get(instance.name, 0.0) * STEP_S
                while instance.owed >= 1:
                    instance.owed -= 1
                    self._request(instance)
            self.now_s += STEP_S

    def _turn(self, instance: Instance) -> None:
        local_s = self.now_s + instance.clock_apart_s
        if self.is_database_away:
            instance.rates.missed(local_s)
            return
        self.database[instance.name] = instance.rates.report()
        instance.rates.learn(dict(self.database), local_s)

    def _request(self, instance: Instance) -> None:
        reached = instance.limits.enter(PARTNER.replace(max_rate_per_s=LIMIT), self.now_s + instance.clock_apart_s)
        counts, second = (self.let_in if reached is None else self.refused), int(self.now_s + 1e-9)
        counts[second] = counts.get(second, 0) + 1
        if reached is None:
            instance.limits.leave(PARTNER)

    def in_seconds(self, first: int, last: int) -> list[int]:
        return [self.let_in.get(second, 0) for second in range(first, last)]


def to(**rates: float) -> Asked:
    return lambda now_s: rates


def everywhere(count: int, rate: float) -> Asked:
    return to(**{f"i{number}": rate for number in range(count)})


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_all_together_let_in_what_one_would(count: int) -> None:
    world = World()
    world.start(count)
    world.run(40, everywhere(count, 2.0 * LIMIT))
    steady = world.in_seconds(count + 3, 40)
    assert max(steady) <= LIMIT * 1.05
    assert min(steady) >= LIMIT * 0.95
    assert sum(world.let_in.values()) <= LIMIT * (40 + count + 2 * (count - 1))


@pytest.mark.parametrize("count", [2, 5])
def test_a_partner_that_comes_to_one_instance_alone_has_its_whole_rate_there(count: int) -> None:
    world = World()
    world.start(count)
    world.run(5, to())  # the others are there, and idle
    world.run(20, to(i0=LIMIT * 0.99))
    assert world.refused == {}
    world.run(20, to(i0=LIMIT * 3))
    assert world.in_seconds(28, 45) == pytest.approx([LIMIT] * 17, abs=2)


def test_an_uneven_load_below_the_limit_is_never_refused() -> None:
    world = World()
    world.start(3)
    world.run(30, to(i0=LIMIT * 0.7, i1=LIMIT * 0.2, i2=LIMIT * 0.05))
    assert world.refused == {}


def test_a_load_that_moves_to_another_instance_loses_half_a_second_of_it_at_the_most() -> None:
    world = World()
    world.start(3)
    for name in ("i0", "i1", "i2", "i0"):
        moved_at = int(world.now_s + 0.5)
        world.run(15, to(**{name: LIMIT * 0.9}))
        assert sum(world.refused.values()) <= LIMIT / 2
        assert world.refused.keys() <= {moved_at, moved_at + 1, moved_at + 2}
        world.refused.clear()


def test_one_that_is_busy_leaves_room_for_one_that_is_asked_little() -> None:
    world = World()
    world.start(2)
    world.run(20, to(i0=LIMIT * 5))
    world.refused.clear()
    world.run(20, to(i1=LIMIT * 0.3))
    assert world.refused == {}


def test_an_instance_that_joins_and_one_that_is_killed_move_the_sum_for_seconds_only() -> None:
    world = World()
    world.start(2)
    busy = everywhere(3, LIMIT * 2.0)
    world.run(20, busy)
    world.join("i2")
    world.run(20, busy)
    world.kill("i0")
    world.run(30, busy)
    settled = int(40 + SILENT_S + 3)
    assert world.in_seconds(24, 40) == pytest.approx([LIMIT] * 16, abs=LIMIT * 0.05)
    assert min(world.in_seconds(40, settled)) >= LIMIT * 2 / 3 - 3  # what the killed one had is free after that time
    assert world.in_seconds(settled, 70) == pytest.approx([LIMIT] * (70 - settled), abs=LIMIT * 0.05)
    assert sum(world.let_in.values()) <= LIMIT * (70 + 3 + 2 * 2)


def test_what_is_left_of_instances_that_are_gone_takes_no_part_as_long_as_it_lies_in_the_database() -> None:
    world = World()
    world.start(8)
    for gone in range(1, 8):
        world.kill(f"i{gone}")
    parts = set()
    for _ in range(20):
        world.run(1, to(i0=1.0))
        if world.now_s > SILENT_S + 2:
            parts.add(round(world.instances["i0"].rates.shares.part("bank", LIMIT), 3))
    assert parts == {1.0}


def test_one_that_joins_while_another_is_asked_the_very_limit_may_begin() -> None:
    world = World()
    world.start(2)
    for _ in range(10):
        for _ in range(LIMIT):
            world.instances["i0"].rates.shares.part("app", LIMIT)
        world.run(1, to())
    joined = world.instances["i1"].rates.shares.part("app", LIMIT)
    assert joined >= 0.05


def test_a_restart_under_the_same_name_goes_on() -> None:
    world = World()
    world.start(2)
    busy = everywhere(2, LIMIT * 2.0)
    world.run(20, busy)
    world.kill("i1")
    world.run(2, busy)
    world.join("i1")
    world.run(18, busy)
    assert world.in_seconds(27, 40) == pytest.approx([LIMIT] * 13, abs=LIMIT * 0.05)


def test_while_the_database_is_away_each_keeps_its_part_and_has_an_even_one_at_least() -> None:
    world = World()
    world.start(2)
    world.run(20, to(i0=LIMIT * 0.9))
    world.is_database_away = True
    world.run(30, to(i0=LIMIT * 3))
    assert world.in_seconds(25, 50) == pytest.approx([LIMIT] * 25, abs=LIMIT * 0.06)
    world.run(30, everywhere(2, LIMIT * 3.0))
    assert max(world.in_seconds(55, 80)) <= LIMIT * 1.55  # the part that was kept, and an even one
    assert min(world.in_seconds(55, 80)) >= LIMIT * 0.95
    world.is_database_away = False
    world.run(20, everywhere(2, LIMIT * 3.0))
    assert world.in_seconds(88, 100) == pytest.approx([LIMIT] * 12, abs=LIMIT * 0.05)


@given(limit=st.floats(1, 1e5), asked=st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_what_is_granted_is_the_limit_and_nobody_is_cut_while_there_is_enough(limit: float, asked: list[float]) -> None:
    parts = [granted(limit, own, asked[:at] + asked[at + 1 :]) for at, own in enumerate(asked)]
    assert sum(parts) <= limit * 1.1 + 1e-6  # a tenth of even parts, for those who are asked nothing yet
    assert all(part >= limit / len(asked) * 0.1 - 1e-6 for part in parts)  # a part of nothing would let nobody begin
    if sum(asked) <= limit:
        assert sum(parts) >= limit * (1 - 1e-6)
        assert all(part >= own - 1e-6 for part, own in zip(parts, asked, strict=True))
    else:
        assert sum(parts) >= limit * (1 - 1e-6)
        cut = [part for part, own in zip(parts, asked, strict=True) if own > part * (1 + 1e-6)]
        most = max(cut, default=max(parts))  # what is over the limit by a rounding cuts nobody
        assert cut == pytest.approx([most] * len(cut))
        assert all(part <= most * (1 + 1e-6) for part in parts)


def guessed(count: int, seconds: int) -> int:
    """How many passwords of one login are looked at for one network, tried at all instances twice a second."""
    instances = [Rates("ingest", str(number)) for number in range(count)]
    paces = [LoginPace(rates.spends) for rates in instances]
    found = 0
    for second in range(seconds):
        for number, pace in enumerate(paces):
            apart_s = 1e5 * number
            found += sum(pace.begin("bank", "192.0.2.1", second + apart_s + at) is not None for at in (0.0, 0.5))
        reports = {str(number): rates.report() for number, rates in enumerate(instances)}
        for number, rates in enumerate(instances):
            rates.learn(reports, second + 0.9 + 1e5 * number)
    return found


def test_guesses_at_several_instances_are_slowed_down_as_at_one() -> None:
    alone = guessed(1, 600)
    assert alone == pytest.approx(10 + 600 / 6, abs=1)
    for count in (2, 3, 5):
        assert guessed(count, 600) <= alone + 3 * count  # what each lets in before it hears of the others


def test_a_right_password_at_one_instance_is_no_guess_at_another() -> None:
    here, elsewhere = Rates("ingest", "a"), Rates("status", "b")
    pace, pace_elsewhere = LoginPace(here.spends), LoginPace(elsewhere.spends)
    elsewhere.learn({"1": here.report()}, 0.0)
    for _ in range(3):
        pace.begin("bank", "192.0.2.1", 0.0)
    pace.was_right("bank", "192.0.2.1", 0.0)
    elsewhere.learn({"1": here.report()}, 1.0)
    assert [pace_elsewhere.begin("bank", "192.0.2.1", 1.0) for _ in range(11)] == [0.0] * 10 + [None]
