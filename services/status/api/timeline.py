"""The lines of a trace in the order of what happened: by time, but a cause stands before what it has brought. Pure.

    planned ─▶ attempt ─▶ receipt, a provider's word, a change in the history

A phone answers in less time than it takes to note the attempt, and processes differ by the clocks of their machines.
So the attempt that reached a device stands no later than the first answer from there, and no answer before it; the
times that are shown stay as they were noted.
"""

from collections.abc import Iterable
from typing import get_args

from services.status.message import Entry, What

_KINDS = {what: place for place, what in enumerate(get_args(What))}  # as one link goes through them
_ANSWERS = frozenset({"receipt", "told", "inbox"})
_REACHED = ("accepted", "uncertain")
_Delivery = tuple[int, str, str]


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The lines as they are shown; `entries` are in the order of the log."""
    entries = sorted(entries, key=lambda entry: entry.at)
    planned = {entry.link: entry.at for entry in reversed(entries) if entry.what == "planned"}
    answered = {_delivery(entry): entry.at for entry in reversed(entries) if entry.what in _ANSWERS}
    reaching = _reaching(entries)
    noted = {entry.event_id for entry in reaching.values()}
    moments = {
        delivery: max(min(attempt.at, answered.get(delivery, attempt.at)), planned.get(attempt.link, 0))
        for delivery, attempt in reaching.items()
    }

    def moment(entry: Entry) -> tuple[int, int, int]:
        at = entry.at
        if entry.event_id in noted:
            at = moments[_delivery(entry)]
        elif entry.what in _ANSWERS:
            at = max(at, moments.get(_delivery(entry), 0))
        return at, entry.link, _KINDS.get(entry.what, len(_KINDS))

    return sorted(entries, key=moment)


def _reaching(entries: list[Entry]) -> dict[_Delivery, Entry]:
    """The attempt of each delivery that answers are to: the first that may have reached the device, else the first."""
    attempts = [entry for entry in entries if entry.what == "attempt"]
    reached = [entry for entry in attempts if entry.detail.partition(":")[0] in _REACHED]
    return {_delivery(entry): entry for entry in [*reversed(attempts), *reversed(reached)]}


def _delivery(entry: Entry) -> _Delivery:
    return entry.link, entry.installation_id, entry.slot
