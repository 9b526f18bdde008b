"""The command of the simulation.

python -m tests.simulation --count 10000               as many schedules, from seed 0 on, and the table of findings
python -m tests.simulation --seed 4711                 one of them again: what was found
python -m tests.simulation --seed 4711 --explain m0    what happened to this message, step by step, fault by fault
python -m tests.simulation --seed 4711 --shrink        the fewest faults and messages that show the same
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.explain import lines_of, shrunk
from tests.simulation.plan import drawn
from tests.simulation.run import Outcome, run

_KINDS = (
    *("never accepted", "lost", "shown twice", "stuck", "backwards", "missing", "told twice"),
    *("cascade doubled", "cascade missing", "disagrees", "died"),
)
_AT_ONCE = 25
_SHOWN = 20


def main() -> int:
    """Run what is asked for; 1 when anything was found."""
    arguments = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a schedule
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | {"PYTHONHASHSEED": "0"})
    if arguments.seed is None:
        return _many(arguments.first, arguments.count, arguments.jobs)
    return _one(str(arguments.seed), explain=arguments.explain, shrink=arguments.shrink)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000, help="how many schedules")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", help="only this one")
    parser.add_argument("--explain", nargs="?", const="", metavar="REF", help="of a seed: what happened (to a message)")
    parser.add_argument("--shrink", action="store_true", help="of a seed: leave out what is not needed")
    return parser.parse_args()


def _one(seed: str, *, explain: str | None, shrink: bool) -> int:
    outcome = run(drawn(seed))
    if shrink and outcome.findings:
        outcome = shrunk(outcome)
    say = sys.stdout.write
    for request in outcome.schedule.requests:
        say(f"{request}\n")
    for fault in outcome.schedule.faults:
        say(f"{fault.at_s:8.3f}  {fault}\n")
    if explain is not None:
        for line in lines_of(outcome, explain):
            say(line + "\n")
    for finding in outcome.findings:
        say(f"{finding}\n")
    say(f"seed {seed}: {len(outcome.findings)} findings\n")
    return int(bool(outcome.findings))


def _many(first: int, count: int, jobs: int) -> int:
    began_s, processor_s, found, shown = time.monotonic(), 0.0, Counter[str](), 0
    calls = repeated = reports = 0
    parts = [range(start, min(start + _AT_ONCE, first + count)) for start in range(first, first + count, _AT_ONCE)]
    gc.collect()
    gc.freeze()
    with ProcessPoolExecutor(jobs) as pool:
        for took_s, part in pool.map(_part, parts):
            processor_s += took_s
            for seed, findings, numbers in part:
                calls, repeated, reports = calls + numbers[0], repeated + numbers[1], reports + numbers[2]
                found.update(kind for kind, _ in findings)
                for _, what in findings:
                    shown += 1
                    if shown <= _SHOWN:
                        sys.stdout.write(f"seed {seed}: {what}\n")
    seconds = time.monotonic() - began_s
    sys.stdout.write(f"{count} schedules from seed {first} on in {seconds:.0f} s, {processor_s:.0f} s of processors\n")
    for kind in _KINDS:
        sys.stdout.write(f"  {kind:22} {found[kind]}\n")
    sys.stdout.write(f"  {'provider calls':22} {calls}, {repeated} of them repeated\n")
    sys.stdout.write(f"  {'reports repeated':22} {reports}\n")
    return int(bool(found))


def _part(seeds: Iterable[int]) -> tuple[float, list[tuple[int, list[tuple[str, str]], tuple[int, int, int]]]]:
    """What came of these, and the processor time that they took, seconds."""
    gc.disable()  # a schedule leaves little behind
    began_s = time.process_time()
    outcomes = [(seed, *_numbers(run(drawn(str(seed))))) for seed in seeds]
    gc.collect()
    return time.process_time() - began_s, outcomes


def _numbers(outcome: Outcome) -> tuple[list[tuple[str, str]], tuple[int, int, int]]:
    findings = [(finding.kind, str(finding)) for finding in outcome.findings]
    return findings, (outcome.calls, outcome.repeated_calls, outcome.repeated_reports)


if __name__ == "__main__":
    sys.exit(main())
