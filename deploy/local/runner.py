"""Runs programs in steps: those of one step start together, the next step waits until they are ready.

The end is the reverse. What is still there when the runner is left, or when its process dies, the guard ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from deploy.local.guard import Guard
from deploy.local.process import Process, Program, wait_ready
from deploy.local.report import Report, StackError, Step


class Runner:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._guard = Guard()
        self._steps: list[list[str]] = []  # names, in the order of their start
        self._processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        self._guard.__enter__()
        return self

    def start(self, programs: Iterable[Program]) -> None:
        """One step. Raises StackError when one of them ends or is late."""
        names: list[str] = []
        self._steps.append(names)
        for program in programs:
            self._report(Step(program.name, "starting"))
            self._processes[program.name] = Process(program, self._guard)
            names.append(program.name)
        wait_ready([self._processes[name] for name in names], self._tell_ready)

    def _tell_ready(self, process: Process) -> None:
        self._report(Step(process.program.name, "ready", seconds=process.age_s()))

    def stop(self) -> None:
        while self._steps:
            ending = [self._processes[name] for name in self._steps[-1]]
            for process in ending:
                process.ask_to_end()
            for process in ending:
                forced = process.wait_ended()
                self._report(Step(process.program.name, "ended", "by force" if forced else ""))
            self._steps.pop()

    def kill(self, name: str) -> None:
        self._process(name).kill()

    def end(self, name: str) -> None:
        process = self._process(name)
        process.ask_to_end()
        process.wait_ended()

    def restart(self, name: str, env: Mapping[str, str]) -> None:
        self.end(name)
        program = self._process(name).program
        again = Process(replace(program, env={**program.env, **env}), self._guard)
        self._processes[name] = again
        wait_ready([again], self._tell_ready)

    def output(self, name: str) -> str:
        return self._process(name).output()

    def last_lines(self, name: str) -> str:
        return self._process(name).last_lines()

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._processes.items() if process.code is None}

    def ended(self) -> dict[str, int]:
        codes = {name: process.code for name, process in self._processes.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def _process(self, name: str) -> Process:
        if process := self._processes.get(name):
            return process
        raise StackError(f"{name} is not part of this stack; there are: {', '.join(self._processes) or 'none'}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._guard.__exit__(kind, error, trace)
