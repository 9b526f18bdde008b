"""`GET /v1/messages/{id}/live`: one message with its whole trace, sent again whenever it has changed."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse

from schemas.language import Language
from services.runtime import live, telemetry
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.http import server
from services.runtime.looks import Masked, as_asked, masked
from services.status.api.view import view_of
from services.status.http import spoken
from services.status.message import Message, Messages, find_message

EVERY_S = 1.0
_ID = Path(max_length=300, description="message id, mtNum, or the partner's own id")
_Recipient = tuple[str | None, str | None]


class _Watched(NamedTuple):
    """A message, how it is shown, and whose it was when the look at it was recorded."""

    message_id: str
    language: Language
    is_masked: bool
    recipient: _Recipient

    def body(self, message: Message | None) -> bytes | None:
        """None where there is no such message, or it is somebody else's by now: to look at that is to be recorded."""
        if message is None or (not self.is_masked and _recipient_of(message) != self.recipient):
            return None
        view = view_of(message, self.language)
        return live.body_of(masked(view) if self.is_masked else view)


class WatchedMessages:
    """Looks at the messages that are watched: at all revisions by one query, and at those that have changed."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._known: dict[_Watched, int | None] = {}

    async def look(self, keys: Mapping[_Watched, bool]) -> Mapping[_Watched, bytes | None]:
        """The answers of those that have changed, or are new. Raises TRANSIENT_ERRORS."""
        revisions = await self._messages.revisions({key.message_id for key in keys})
        known = {key: self._known[key] for key, is_new in keys.items() if not is_new and key in self._known}
        news = [key for key in keys if key not in known or known[key] != revisions.get(key.message_id)]
        found = await self._messages.load({key.message_id for key in news}) if news else {}
        for key in news:
            message = found.get(key.message_id)
            known[key] = message.revision if message is not None else None
        self._known = known
        return {key: key.body(found.get(key.message_id)) for key in news}


def live_message_routes(messages: Messages, partner_caller: CallerOf, streams: live.LiveStreams) -> APIRouter:
    """The route. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter()
    watched = live.Watched("live messages", WatchedMessages(messages).look, EVERY_S, streams.stop)

    @router.get(
        "/v1/messages/{any_id}/live",
        summary="One message with its whole trace, at each change (server-sent events)",
        **live.ANSWER,
    )
    async def follow_message(
        any_id: Annotated[str, _ID],
        last_event_id: live.LastEventId = None,
        masked: Masked = False,
        asking: Caller = Depends(partner_caller, scope="function"),  # noqa: B008 — FastAPI's way
        language: Language = Depends(spoken),  # noqa: B008
    ) -> StreamingResponse:
        """Each event is `event: message` with `data` as `GET /v1/messages/{any_id}` answers, at once and whenever it
        has changed.

        An event holds all there is, so of several changes within a second only the last is told. A stream that goes on
        behind `Last-Event-ID` begins with the message only if it has changed. A comment every 10 s says that nothing
        has. A caller may have twenty streams open in one process. A stream that is not masked is one entry of the audit
        trail.
        """
        found = await find_message(messages, any_id, asking.partner)
        telemetry.REQUESTS.labels("message", "200" if found else "404").inc()
        if found is None:
            raise server.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        key = _Watched(found.message_id, language, masked, _recipient_of(found))
        body = live.body_of(as_asked(view_of(found, language), masked))
        return await streams.answer(asking, [live.Part("message", watched, key, body)], last_event_id)

    return router


def _recipient_of(message: Message) -> _Recipient:
    request = message.request
    return (request.phone, request.external_user_id) if request is not None else (None, None)
