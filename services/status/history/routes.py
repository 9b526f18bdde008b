"""The device routes of the in-app history: `…/installations/{id}/history`. See `docs/device-api.md` §6.

GET    /history?from=&to=&status=&limit=&cursor=     the owner's entries, the newest first
GET    /history/{messageId}?link=                    one of them
DELETE /history/{messageId}?link=                    delete it
POST   /history/delete, /history/status              delete up to 100, or make them New or Seen

The user who is logged in on the installation sees the entries of all of their installations, also of former ones. An
entry that an installation reads and that was sent to it counts as delivered. 403 proof-required unless the owner was
proved.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from schemas.events import InboxChange
from services.runtime import telemetry
from services.runtime.access.device_pace import DevicePace
from services.runtime.http import server
from services.status.history.access import Caller, proved_caller
from services.status.history.bodies import (
    ChangeAnswer,
    DeleteBody,
    HistoryEntry,
    HistoryPage,
    RefBody,
    RefResult,
    StatusBody,
)
from services.status.history.content_routes import PREFIX, PROBLEMS, LinkNumber
from services.status.history.entries import InboxEntry, entry_id_of
from services.status.history.service import InboxCommands, Ref
from services.status.history.store import Inbox, Page
from services.status.history.view import History
from services.status.message import BadCursor, cursor_of, place_of

_MAX_MS = 253_402_300_799_999  # the end of year 9999
_CHANGES: dict[str, InboxChange] = {"New": "new", "Seen": "seen"}
Moment = Annotated[int | None, Query(ge=0, le=_MAX_MS, description="UTC ms")]


@dataclass(frozen=True, slots=True)
class HistoryService:
    """The history as the routes use it."""

    inbox: Inbox
    history: History
    changing: InboxCommands
    pace: DevicePace

    async def pulled(self, device: Caller, entries: Sequence[InboxEntry]) -> list[HistoryEntry]:
        """The entries as the device gets them; they are delivered from now on."""
        shown = await self.history.shown(device, entries)
        await self.changing.pulled(device, entries)
        return shown

    async def changed(self, device: Caller, refs: Sequence[Ref], change: InboxChange) -> list[bool]:
        """Whether each was found. Each may become a record, so all of them count in the pace."""
        self.pace.entries(device.installation_id, len(refs))
        return await self.changing.change(device, refs, change)

    async def change(self, device: Caller, refs: Sequence[RefBody], change: InboxChange) -> ChangeAnswer:
        found = await self.changed(device, [(str(ref.message_id), ref.link) for ref in refs], change)
        pairs = zip(refs, found, strict=True)
        return ChangeAnswer(
            results=[RefResult(message_id=ref.message_id, link=ref.link, found=is_found) for ref, is_found in pairs]
        )


def history_routes(work: HistoryService, device_caller: Callable[..., Awaitable[Caller]]) -> APIRouter:
    """All routes of the history."""
    router = APIRouter(prefix=PREFIX, tags=["device"], responses=PROBLEMS)
    caller = Depends(proved_caller(device_caller))
    _add_reading(router, work, caller)
    _add_changes(router, work, caller)
    return router


def _add_reading(router: APIRouter, work: HistoryService, caller: Caller) -> None:
    @router.get("/history")
    async def list_history_entries(
        since: Annotated[Moment, Query(alias="from")] = None,
        until: Annotated[Moment, Query(alias="to")] = None,
        status: Literal["New", "Seen"] | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        device: Caller = caller,
    ) -> HistoryPage:
        """Entries of the user who is logged in. `from` counts, `to` does not; a page's `cursor` asks for the next."""
        wanted = Page(device.inbox, since, until, status=status, after=_place(cursor), limit=limit + 1)
        found = await work.inbox.page(wanted)
        more = found[:limit][-1] if len(found) > limit else None
        entries = await work.pulled(device, found[:limit])
        telemetry.REQUESTS.labels("history", "200").inc()
        return HistoryPage(entries=entries, cursor=cursor_of(more.at, more.entry_id) if more is not None else None)

    @router.get("/history/{message_id}")
    async def get_history_entry(message_id: UUID, link: LinkNumber = 0, device: Caller = caller) -> HistoryEntry:
        """One entry."""
        key = entry_id_of(device.inbox, str(message_id), link)
        found = [entry for entry in (await work.inbox.load([key])).values() if not entry.deleted]
        shown = await work.pulled(device, found)
        if not shown:
            raise server.Problem(404, "No such entry")
        return shown[0]


def _add_changes(router: APIRouter, work: HistoryService, caller: Caller) -> None:
    @router.delete("/history/{message_id}", status_code=204)
    async def delete_history_entry(message_id: UUID, link: LinkNumber = 0, device: Caller = caller) -> Response:
        """Delete one entry, on all of the owner's installations; repeats are harmless."""
        (found,) = await work.changed(device, [(str(message_id), link)], "deleted")
        if not found:
            raise server.Problem(404, "No such entry")
        return Response(status_code=204)

    @router.post("/history/delete")
    async def delete_history_entries(body: DeleteBody, device: Caller = caller) -> ChangeAnswer:
        """Delete up to 100."""
        return await work.change(device, body.entries, "deleted")

    @router.post("/history/status")
    async def change_history_status(body: StatusBody, device: Caller = caller) -> ChangeAnswer:
        """Make up to 100 New or Seen."""
        return await work.change(device, body.entries, _CHANGES[body.status])


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    try:
        return place_of(cursor)
    except BadCursor as error:
        raise server.Problem(400, "Invalid request", errors=[{"field": "cursor", "rule": str(error)}]) from None
