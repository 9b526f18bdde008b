"""How fast the machine is now: the same small work, in processor time, before and after each row.

Processor time does not count what other programs take, but it counts what they slow down: caches, memory, the other
half of a core. Two figures can be compared where the machine was as fast.
"""

import time

REFERENCE = 25_000_000
"""Rounds for each second of processor time that make a speed of 1.0: two quiet cores at 2.8 GHz, Python 3.11."""
_ROUNDS = 250_000
_SLICES = 40


def speed() -> float:
    """Of the reference machine's, over some seconds; 0.5 needs twice the processor time for the same work."""
    began = time.process_time()
    for _ in range(_SLICES):
        _work(_ROUNDS)
    return _ROUNDS * _SLICES / (time.process_time() - began) / REFERENCE


def _work(rounds: int) -> int:
    total = 0
    for number in range(rounds):
        total += number
    return total
