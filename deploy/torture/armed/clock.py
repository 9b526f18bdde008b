"""A wrong clock: everything of Python that asks for the time of day gets it from here. Monotonic time stays right."""

import time

CLOCK_SETTING = "RPNS_TORTURE_CLOCK_S"


def set_off(by_s: int) -> None:
    """From now on the clock of this process is so much ahead; behind, when it is negative."""
    right_s, right_ns = time.time, time.time_ns

    def wrong_s() -> float:
        return right_s() + by_s

    def wrong_ns() -> int:
        return right_ns() + by_s * 1_000_000_000

    time.time, time.time_ns = wrong_s, wrong_ns
