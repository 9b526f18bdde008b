"""Runs programs in steps: those of one step start together, the next step waits until they are ready.

The end is the reverse. What is still there when the runner is left, or when its process dies, the guard ends. What was
ready and then ended with code 1, as our services do after a failure, is started again, at first at once and then less
and less often. What was killed, or asked to end, stays as it is.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from deploy.local.processes.guard import Guard
from deploy.local.processes.process import Process, Program, wait_ready
from deploy.local.report import Report, StackError, Step

_FAILED = 1
_LOOK_S = 0.2
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_WELL_S = 60.0
"""A process that has run so long is started again at once when it fails."""


class Runner:
    """Its methods may be called from any thread, one at a time."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._guard = Guard()
        self._steps: list[list[str]] = []  # names, in the order of their start
        self._processes: dict[str, Process] = {}
        self._lock = threading.RLock()
        self._is_left = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="runner", daemon=True)
        self._may_fail: set[str] = set()  # were ready once, and were not asked to end
        self._due: dict[str, float] = {}  # failed: when to start it again
        self._rising: set[str] = set()  # started again, not ready yet
        self._again: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._guard.__enter__()
        self._watcher.start()
        return self

    def start(self, programs: Iterable[Program]) -> None:
        """One step. Raises StackError when one of them ends or is late."""
        with self._lock:
            names: list[str] = []
            self._steps.append(names)
            for program in programs:
                self._report(Step(program.name, "starting"))
                self._processes[program.name] = Process(program, self._guard)
                names.append(program.name)
            wait_ready([self._processes[name] for name in names], self._report_ready)

    def _report_ready(self, process: Process) -> None:
        self._may_fail.add(process.program.name)
        self._report(Step(process.program.name, "ready", seconds=process.age_s()))

    def stop(self) -> None:
        with self._lock:
            while self._steps:
                ending = [self._processes[name] for name in self._steps[-1]]
                for process in ending:
                    self._let_go(process.program.name)
                    process.ask_to_end()
                for process in ending:
                    forced = process.wait_ended()
                    self._report(Step(process.program.name, "ended", "by force" if forced else ""))
                self._steps.pop()

    def kill(self, name: str) -> None:
        with self._lock:
            process = self._process(name)
            self._let_go(name)
            process.kill()

    def end(self, name: str) -> None:
        with self._lock:
            process = self._process(name)
            self._let_go(name)
            process.ask_to_end()
            process.wait_ended()

    def restart(self, name: str, env: Mapping[str, str]) -> None:
        with self._lock:
            self.end(name)
            program = self._process(name).program
            again = Process(replace(program, env={**program.env, **env}), self._guard)
            self._processes[name] = again
            wait_ready([again], self._report_ready)

    def revive(self, name: str, env: Mapping[str, str]) -> None:
        """Start what has ended again; what is not ready in time, or fails, is looked after as ever."""
        with self._lock:
            ended = self._process(name)
            ended.kill()  # what is left of its group
            self._due.pop(name, None)
            program = replace(ended.program, env={**ended.program.env, **env})
            self._processes[name] = Process(program, self._guard)
            self._may_fail.add(name)
            self._rising.add(name)

    def output(self, name: str) -> str:
        return self._process(name).output()

    def last_lines(self, name: str) -> str:
        return self._process(name).last_lines()

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._processes.items() if process.code is None}

    def ended(self) -> dict[str, int]:
        codes = {name: process.code for name, process in self._processes.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def started_again(self) -> dict[str, int]:
        return dict(self._again)

    def _process(self, name: str) -> Process:
        if process := self._processes.get(name):
            return process
        raise StackError(f"{name} is not part of this stack; there are: {', '.join(self._processes) or 'none'}")

    # -- what fails is started again

    def _watch(self) -> None:
        while not self._is_left.wait(_LOOK_S):
            self.look()

    def look(self) -> None:
        """Put off what has failed, and start what was put off long enough."""
        with self._lock:
            for name in self._rising.copy():
                self._look_whether_ready(name)
            for name in self._may_fail - self._due.keys():
                if self._processes[name].code == _FAILED:
                    self._put_off(name)
            for name in [name for name, due in self._due.items() if due <= time.monotonic()]:
                self._start_again(name)

    def _put_off(self, name: str) -> None:
        process = self._processes[name]
        if process.age_s() > _WELL_S:
            self._again[name] = 0
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** self._again[name])
        self._due[name] = time.monotonic() + wait_s
        self._rising.discard(name)
        self._report(Step(name, "failed", f"with code {process.code}; starts again in {wait_s:.1f} s"))

    def _start_again(self, name: str) -> None:
        del self._due[name]
        self._processes[name].kill()  # what is left of its group
        self._again[name] += 1
        try:
            self._processes[name] = Process(self._processes[name].program, self._guard)
        except StackError as error:
            self._let_go(name)
            self._report(Step(name, "failed", str(error)))
            return
        self._rising.add(name)
        self._report(Step(name, "starting", "again"))

    def _look_whether_ready(self, name: str) -> None:
        process = self._processes[name]
        try:
            is_ready = process.is_ready()
        except StackError:  # it has ended, which is looked at next, or is late, and goes on
            is_ready = process.code is None
        if is_ready:
            self._rising.discard(name)
            self._report(Step(name, "ready", seconds=process.age_s()))

    def _let_go(self, name: str) -> None:
        self._may_fail.discard(name)
        self._rising.discard(name)
        self._due.pop(name, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_left.set()
        try:
            self.stop()
        finally:
            self._guard.__exit__(kind, error, trace)
            self._watcher.join(5)
