"""Steps, deadlines and force: how the local stack runs programs, shown on small programs of the test's own."""

import sys
import time
from pathlib import Path

import pytest

from deploy.local.processes.process import Process, Program
from deploy.local.processes.runner import Runner
from deploy.local.report import StackError, Step
from tests.support.waiting import wait_until

FOR_EVER = "print('ready', flush=True); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOR_EVER}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); import time; time.sleep(600)"


def says_ready(process: Process) -> bool:
    return "ready" in process.output()


def program(folder: Path, name: str, code: str, start_s: float = 20, stop_s: float = 10) -> Program:
    command = [sys.executable, "-c", code]
    return Program(name, command, folder / f"{name}.log", says_ready, start_s=start_s, stop_s=stop_s)


def seen(steps: list[Step], state: str) -> list[str]:
    return [step.name for step in steps if step.state == state]


def test_steps_start_in_order_and_end_in_reverse(tmp_path: Path) -> None:
    steps: list[Step] = []
    with Runner(steps.append) as runner:
        runner.start([program(tmp_path, "first", FOR_EVER)])
        runner.start([program(tmp_path, "second", FOR_EVER)])
        assert list(runner.pids()) == ["first", "second"]
    assert (seen(steps, "ready"), seen(steps, "ended")) == (["first", "second"], ["second", "first"])
    assert runner.pids() == {}


def test_a_failure_is_told_at_once_though_others_are_still_awaited(tmp_path: Path) -> None:
    slow = program(tmp_path, "slow", "import time; time.sleep(600)")
    broken = program(tmp_path, "broken", "print('no such broker'); raise SystemExit(3)")
    began = time.monotonic()
    with Runner(lambda _: None) as runner, pytest.raises(StackError) as failure:
        runner.start([slow, broken])
    line, *log = str(failure.value).splitlines()
    assert line == "broken ended with code 3 while starting"
    assert log[-1].strip() == "no such broker"
    assert time.monotonic() - began < slow.start_s
    assert runner.ended() == {"slow": -15, "broken": 3}


def test_a_program_that_is_late_is_named(tmp_path: Path) -> None:
    with (
        Runner(lambda _: None) as runner,
        pytest.raises(StackError, match=r"^sleepy was not ready after 0 s\n    end of .*sleepy\.log:"),
    ):
        runner.start([program(tmp_path, "sleepy", "import time; time.sleep(600)", start_s=0.1)])


def test_force_ends_what_does_not_listen(tmp_path: Path) -> None:
    steps: list[Step] = []
    with Runner(steps.append) as runner:
        runner.start([program(tmp_path, "stubborn", STUBBORN, stop_s=0.1)])
    assert runner.ended() == {"stubborn": -9}
    assert steps[-1] == Step("stubborn", "ended", "by force")


def test_what_fails_is_started_again_and_said(tmp_path: Path) -> None:
    """The first time it fails once it is ready, and the second time it stays."""
    first = tmp_path / "first"
    code = f"""
import pathlib, time
mark = pathlib.Path({str(first)!r})
is_first = not mark.exists()
mark.touch()
print('ready', flush=True)
time.sleep(0.5 if is_first else 600)
raise SystemExit(1)
"""
    steps: list[Step] = []
    with Runner(steps.append) as runner:
        runner.start([program(tmp_path, "shaky", code)])
        wait_until(lambda: seen(steps, "ready") == ["shaky", "shaky"])
        assert runner.started_again() == {"shaky": 1}
        assert runner.ended() == {}
    assert [step.state for step in steps] == ["starting", "ready", "failed", "starting", "ready", "ended"]


def test_what_was_killed_or_ended_or_fails_otherwise_stays_so(tmp_path: Path) -> None:
    other = program(tmp_path, "other", "print('ready', flush=True); raise SystemExit(2)")
    obedient = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)); " + FOR_EVER
    with Runner(lambda _: None) as runner:
        runner.start([other, program(tmp_path, "killed", FOR_EVER), program(tmp_path, "ended", obedient)])
        runner.kill("killed")
        runner.end("ended")
        wait_until(lambda: len(runner.ended()) == 3)
        runner.look()
        assert runner.ended() == {"other": 2, "killed": -9, "ended": 1}
        assert runner.started_again() == {}


def test_children_of_a_program_end_with_it(tmp_path: Path) -> None:
    with Runner(lambda _: None) as runner:
        runner.start([program(tmp_path, "parent", PARENT)])
        group = runner.pids()["parent"]
        assert len(members(group)) == 2
    assert members(group) == []


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    nothing = Program("ghost", [str(tmp_path / "ghost")], tmp_path / "log", says_ready)
    with Runner(lambda _: None) as runner, pytest.raises(StackError, match=r"^ghost cannot be started: No such file"):
        runner.start([nothing])


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with Runner(lambda _: None) as runner:
        runner.start([program(tmp_path, "known", FOR_EVER)])
        with pytest.raises(StackError, match=r"^other is not part of this stack; there are: known$"):
            runner.kill("other")
