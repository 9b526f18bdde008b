"""Dead letters, `/v1/dead-letters`: what was put aside, why, and what is to become of it. For operators alone.

Lists and single letters tell nothing personal; the content has a route of its own, with the scope `support`.
"""

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Path, Query

from services.registry.dead_letters.bodies import ContentView, DoneView, LetterView, RedriveBody
from services.registry.dead_letters.service import FAILURE, SIZE, DeadLetterOffice, names
from services.registry.dead_letters.store import Mark
from services.registry.http import PROBLEMS, By, operator_router
from services.runtime.access.audit import note_change
from services.runtime.http.server import Problem
from services.runtime.log.upkeep import Letter
from services.runtime.looks import Masked, as_asked

_Topic = Annotated[str, Path(max_length=100, description="without prefix, as `message-requested`")]
_Number = Annotated[int, Path(ge=0, le=2**62)]
_REFUSED: dict[int | str, dict[str, object]] = {404: PROBLEMS[400], 409: PROBLEMS[400]}


def dead_letter_routes(office: DeadLetterOffice) -> APIRouter:
    """All routes of dead letters."""
    router = operator_router("/v1/dead-letters", "dead letters")

    @router.get("")
    async def list_letters(
        topic: Annotated[str | None, Query(max_length=100, description="only this topic's")] = None,
        state: Annotated[Literal["open", "done", "all"], Query(description="open, done, all")] = "open",
        limit: Annotated[int, Query(ge=1, le=1000, description="of each topic, done ones included")] = 200,
    ) -> list[LetterView]:
        """The newest first, without their content."""
        if topic is not None and topic not in names():
            raise Problem(400, "Invalid request", errors=[{"field": "topic", "rule": "must have dead letters"}])
        found = await office.listed([topic] if topic else names(), limit)
        views = [_view(letter, mark) for letter, mark in found]
        return [view for view in views if state == "all" or (view.state in ("open", "redriving")) == (state == "open")]

    @router.get("/{topic}/{partition}/{offset}", responses={404: PROBLEMS[400]})
    async def get_letter(topic: _Topic, partition: _Number, offset: _Number) -> LetterView:
        """One, without its content."""
        return _view(*await office.found(topic, partition, offset))

    @router.get("/{topic}/{partition}/{offset}/content", responses={404: PROBLEMS[400]})
    async def get_content(topic: _Topic, partition: _Number, offset: _Number, masked: Masked = False) -> ContentView:
        """The record itself. Somebody else's may hold what is personal, in the clear."""
        letter, _ = await office.found(topic, partition, offset)
        text = None if letter.value is None else letter.value.decode(errors="replace")
        return as_asked(ContentView(letter_id=letter.letter_id, value=text), masked)

    @router.post("/{topic}/{partition}/{offset}/redrive", responses=_REFUSED)
    async def redrive_letter(topic: _Topic, partition: _Number, offset: _Number, by: By, body: RedriveBody) -> DoneView:
        """Send it to its topic again, under its key; once."""
        letter, mark = await office.found(topic, partition, offset)
        withdrawn = await office.redrive(letter, by, None if body.value is None else body.value.encode())
        after = {"state": "redriven", "is_mended": body.value is not None, "was_failure_held": withdrawn}
        note_change(f"dead-letter/{letter.letter_id}", {"state": mark.state}, after)
        return DoneView(letter_id=letter.letter_id, state="redriven", by=by, failure_withdrawn=withdrawn)

    @router.post("/{topic}/{partition}/{offset}/discard", responses=_REFUSED)
    async def discard_letter(topic: _Topic, partition: _Number, offset: _Number, by: By) -> DoneView:
        """Note that nothing is to be done about it. It stays where it is until its time is over."""
        letter, mark = await office.found(topic, partition, offset)
        await office.discard(letter, by)
        note_change(f"dead-letter/{letter.letter_id}", {"state": mark.state}, {"state": "discarded"})
        return DoneView(letter_id=letter.letter_id, state="discarded", by=by, failure_withdrawn=False)

    return router


def _view(letter: Letter, mark: Mark) -> LetterView:
    size = letter.headers.get(SIZE, "")
    return LetterView(
        letter_id=letter.letter_id,
        topic=letter.topic,
        place=letter.headers.get("place", ""),
        at=letter.at,
        reason=letter.headers.get("reason", ""),
        key=(letter.key or b"").decode(errors="replace")[:200],
        type=_type_of(letter.value),
        size=int(size) if size.isdecimal() else len(letter.value or b""),
        is_cut=bool(size),
        failure=letter.headers.get(FAILURE),
        state=mark.state,
        by=mark.by,
        done_at=mark.at or None,
    )


def _type_of(value: bytes | None) -> str | None:
    """The event's type, where the record is JSON that has one; nothing else of it."""
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) and len(kind) <= 60 and kind.replace("-", "").isalnum() else None
