"""What the stack reports at its start: steps while all goes well, one clear line when it does not."""

from collections.abc import Callable
from dataclasses import dataclass


class StackError(Exception):
    """The stack cannot start or go on; the message is one line for a person, followed at most by the end of a log."""


@dataclass(frozen=True)
class Step:
    """Progress of one part of the stack."""

    name: str
    state: str  # fetching | preparing | starting | ready | external | failed | ended
    detail: str = ""
    seconds: float = 0.0


Report = Callable[[Step], None]


def quiet(_step: Step) -> None:
    """The report of callers who do not watch."""
