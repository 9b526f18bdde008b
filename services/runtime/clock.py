"""The one place that looks at the clock. Decisions get the time as an argument."""

import time


def now_ms() -> int:
    """Now, UTC milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
