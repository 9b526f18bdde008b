"""Crashes at a step of the consumer function: SIGKILL to this very process, so that nothing is put in order first.

    step ─▶ append to the log ─▶ write the projection ─▶ commit
           before   after        before     after       before  after

The same steps are those of a request: what was appended and never answered is `after append`.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from services.runtime.log import concurrent_consumer, progress
from services.runtime.log.kafka import Log
from services.runtime.mongo.collection import Collection

CRASH_SETTING = "RPNS_TORTURE_CRASH"
_STEPS = ("append", "write", "commit")
POINTS = tuple(f"{when} {step}" for step in _STEPS for when in ("before", "after"))
_Call = Callable[..., Awaitable[Any]]


def arm(point: str, nth: int) -> None:
    """Crash at this point when it comes for the n-th time. Raises ValueError for one that does not exist."""
    if point not in POINTS:
        raise ValueError(f"no point {point!r}; there are {', '.join(POINTS)}")
    when, step = point.split()
    left = nth

    def pass_by() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(call: _Call) -> _Call:
        async def crashing(*args: Any, **about: Any) -> Any:
            is_idle = step == "append" and not args[1]  # nothing to append
            if when == "before" and not is_idle:
                pass_by()
            result = await call(*args, **about)
            if when == "after" and not is_idle:
                pass_by()
            return result

        return crashing

    match step:
        case "append":
            setattr(Log, "append", around(Log.append))  # noqa: B010  mypy lets no method be assigned
        case "write":
            setattr(Collection, "write", around(Collection.write))  # noqa: B010
        case _:
            committed = around(progress.committed)
            setattr(progress, "committed", committed)  # noqa: B010
            setattr(concurrent_consumer, "committed", committed)  # noqa: B010
