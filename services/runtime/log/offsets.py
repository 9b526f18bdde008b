"""Work that ends out of order: which offsets of a partition are finished, and what of that to commit. Pure.

    committed offset ─┐        ┌─ finished above it: these travel in the commit's metadata
    ──────────────────●──▢──■■■▢■■■■▢▢──────▶ offsets taken so far          ▢ under way   ■ finished

Everything below the committed offset is finished. A restart takes the offsets again from there and skips the finished
ones that the metadata names, so one slow push does not make thousands go out again. Source: docs/design.md §5.

Metadata: "1:" and the lengths of the runs from the committed offset on, in hexadecimal with dots between, unfinished
and finished in turn. What would be too long for Kafka is cut off: those offsets are done again.
"""

from collections import deque
from collections.abc import Iterable

MAX_METADATA = 4000
"""Characters. A broker takes 4096 bytes by default (`offset.metadata.max.bytes`)."""
_VERSION = "1:"


class Offsets:
    """The offsets of one partition, taken in ascending order and finished in any."""

    def __init__(self, position: int, finished: Iterable[range] = ()) -> None:
        self.position = position  # to commit: everything below is finished
        self._finished_before = [span for span in finished if len(span)]
        self._taken: deque[int] = deque()
        self._finished: set[int] = set()
        self._next = position

    @property
    def under_way(self) -> int:
        """How many are taken and not finished."""
        return len(self._taken) - len(self._finished)

    @property
    def width(self) -> int:
        """How many are taken, finished or not, from the oldest that is under way on."""
        return len(self._taken)

    def take(self, offset: int) -> bool:
        """Begin with an offset. False: it was finished before the restart and is to be skipped."""
        self._next = offset + 1
        while self._finished_before and self._finished_before[0].stop <= offset:
            self._finished_before.pop(0)
        is_new = not (self._finished_before and offset in self._finished_before[0])
        if not self._taken:
            self.position = offset
        self._taken.append(offset)
        if not is_new:
            self.finish(offset)
        return is_new

    def finish(self, offset: int) -> None:
        """Each taken offset once."""
        taken, finished = self._taken, self._finished
        finished.add(offset)
        while taken and taken[0] in finished:
            finished.discard(taken.popleft())
        self.position = taken[0] if taken else self._next

    def metadata(self) -> str:
        """What is finished above `position`, also of what was finished before and has not been taken again yet."""
        later = [span for span in self._finished_before if span.stop > self._next]
        return encoded(self.position, [*_spans(sorted(self._finished)), *later])


def encoded(position: int, finished: Iterable[range]) -> str:
    """The metadata of a commit at `position`; `finished` in ascending order. Empty when nothing is."""
    parts: list[str] = []
    length, end = len(_VERSION), position
    for span in _joined(position, finished):
        run = f"{span.start - end:x}.{len(span):x}"
        length += len(run) + 1
        if length > MAX_METADATA:
            break
        parts.append(run)
        end = span.stop
    return _VERSION + ".".join(parts) if parts else ""


def decoded(position: int, metadata: str | None) -> list[range]:
    """The finished offsets above `position`; none when another release or another program wrote the metadata."""
    if not metadata or not metadata.startswith(_VERSION):
        return []
    try:
        runs = [int(run, 16) for run in metadata.removeprefix(_VERSION).split(".")]
    except ValueError:
        return []
    spans, end = [], position
    for unfinished, done in zip(runs[::2], runs[1::2], strict=False):
        start = end + unfinished
        end = start + done
        spans.append(range(start, end))
    return spans


def _spans(offsets: Iterable[int]) -> Iterable[range]:
    start = stop = -1
    for offset in offsets:
        if offset != stop:
            if start >= 0:
                yield range(start, stop)
            start = offset
        stop = offset + 1
    if start >= 0:
        yield range(start, stop)


def _joined(position: int, spans: Iterable[range]) -> Iterable[range]:
    """Neighbours as one, nothing below the position, nothing twice."""
    current = range(position, position)
    for span in spans:
        if span.start > current.stop:
            if len(current):
                yield current
            current = range(max(span.start, position), max(span.stop, position))
        else:
            current = range(current.start, max(current.stop, span.stop))
    if len(current):
        yield current
