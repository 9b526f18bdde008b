"""Dead letters are sent again, or let go.

    redrive   claim ─▶ take back the failure that is held back ─▶ append to its topic, under its key ─▶ redriven
    discard   claim ─▶ discarded; the failure comes, and ends the message

What was done of a record before it was put aside is not done twice, so a redrive that is repeated after a crash between
append and mark is one like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import codec, topics
from schemas.topics import Topic
from services.registry.dead_letters.store import Mark, Marks
from services.runtime import faults
from services.runtime.crypto import record_encryption
from services.runtime.http.server import Problem
from services.runtime.log.kafka import Append, Log, RecordTooLarge
from services.runtime.log.upkeep import Letter, read_letter, read_letters
from services.runtime.scheduling.timers import Timers
from services.runtime.settings import Settings

SIZE, FAILURE = "size", "failure"
"""Headers: how long a record was that is cut; the event that ends its message."""


def names() -> list[str]:
    """The topics that have dead letters."""
    return [topic.name for topic in topics.all_topics() if topic.dead_letters]


@dataclass(frozen=True)
class DeadLetterOffice:
    """Raises TRANSIENT_ERRORS."""

    settings: Settings
    sink: Log
    marks: Marks
    timers: Timers

    async def listed(self, asked: Sequence[str], most: int) -> list[tuple[Letter, Mark]]:
        """The newest of these topics, the newest first, each with what was done about it."""
        found = await read_letters(self.settings, asked, most)
        marks = await self.marks.of([letter.letter_id for letter in found])
        return [(letter, marks.get(letter.letter_id, Mark())) for letter in found]

    async def found(self, name: str, partition: int, offset: int) -> tuple[Letter, Mark]:
        """Raises Problem 404."""
        letter = await read_letter(self.settings, name, partition, offset) if name in names() else None
        if letter is None:
            raise Problem(404, "No such dead letter", "no topic has a dead letter at this place, or not any more")
        return letter, (await self.marks.of([letter.letter_id])).get(letter.letter_id, Mark())

    async def redrive(self, letter: Letter, by: str, mended: bytes | None) -> bool:
        """Whether the end of its message was held back still. Raises Problem 400, 409."""
        topic = topics.topic_named(letter.topic)
        key, value = _sendable(letter, mended, topic)
        await self._claim(letter, by)
        try:
            was_held = await self._withdrawn(letter)
            await self.sink.append([Append(topic, key, value)])
        except faults.TRANSIENT_ERRORS:
            raise  # it may have been written: the claim runs out
        except BaseException as error:
            await self.marks.release(letter.letter_id)
            if isinstance(error, RecordTooLarge):
                raise Problem(409, "Too large", "no record may be that large: it cannot be sent again") from None
            raise
        await self.marks.set(letter.letter_id, "redriven", by)
        return was_held

    async def discard(self, letter: Letter, by: str) -> None:
        """Raises Problem 409."""
        await self._claim(letter, by)
        await self.marks.set(letter.letter_id, "discarded", by)

    async def _claim(self, letter: Letter, by: str) -> None:
        if not await self.marks.claim(letter.letter_id, by):
            mark = (await self.marks.of([letter.letter_id])).get(letter.letter_id, Mark())
            raise Problem(409, "Done already", f"it is {mark.state}, by {mark.by}")

    async def _withdrawn(self, letter: Letter) -> bool:
        failure = letter.headers.get(FAILURE)
        return bool(failure and await self.timers.cancel([failure]))


def _sendable(letter: Letter, mended: bytes | None, topic: Topic) -> tuple[str, bytes]:
    """Key and value to append. Raises Problem 400, 409."""
    value = letter.value if mended is None else mended
    if mended is None and SIZE in letter.headers:
        raise Problem(
            409, "Cut", f"only the beginning of {letter.headers[SIZE]} bytes is kept: send it from its source"
        )
    if not value:
        raise Problem(409, "Empty", "it holds nothing that could be sent")
    if mended is not None:
        try:
            record_encryption.decode(topic, mended)
        except codec.Undecodable as error:
            fault = {"field": "value", "rule": f"must be a record of {topic.name}: {error}"}
            raise Problem(400, "Invalid request", errors=[fault]) from None
    try:
        return (letter.key or b"").decode(), value
    except UnicodeDecodeError:
        raise Problem(409, "Key is no text", "nothing of ours has such a key: it cannot be sent again") from None
