"""HTTP of broadcast channels, `/v1/applications/{id}/broadcast-channels`: one push to all who follow.

    PUT    …/{name}                 ask for a channel; the same again answers the same      202 new, 200 known
    GET    …, …/{name}              its state; `channelId` is what the app subscribes to
    DELETE …/{name}                 close it                                                202
    POST   …/{name}/messages        {id, ttlS, aps}: update or end for all who follow       202 new, 200 known
    GET    …/{name}/messages/{id}   its state

A partner (HTTP Basic) has the applications of its senders, the operator (bearer token) all of them.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schemas.broadcast_events import ApnsEnvironment, BroadcastChannelChanged, BroadcastOutcome, ChannelState
from services.ingest.broadcast.rules import BroadcastBody, ChannelBody
from services.ingest.broadcast.service import BroadcastService
from services.ingest.broadcast.store import Broadcast
from services.ingest.http import json_of
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.http.field_rules import AGREED_NAME
from services.runtime.http.server import CONFLICT, ProblemBody

PATH = "/v1/applications/{application_id}/broadcast-channels"
BroadcastState = Literal["requested"] | BroadcastOutcome
_Application = Annotated[str, Path(max_length=128)]
_Name = Annotated[str, Path(pattern=AGREED_NAME, description="your own name of the channel")]
_PROBLEMS: dict[int | str, dict[str, Any]] = {status: {"model": ProblemBody} for status in (400, 401, 403, 404, 503)}


class View(BaseModel):
    """Base of the answers: camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ChannelView(View):
    """A channel. `channelId` is Apple's; null until it is open."""

    name: str
    application_id: str
    environment: ApnsEnvironment
    keep_latest: bool
    state: ChannelState
    channel_id: str | None
    status: int
    detail: str
    attempt: int
    changed_at: int

    @classmethod
    def of(cls, channel: BroadcastChannelChanged) -> "ChannelView":
        return cls(
            name=channel.name,
            application_id=channel.application_id,
            environment=channel.environment,
            keep_latest=channel.keep_latest,
            state=channel.state,
            channel_id=channel.apple_id,
            status=channel.status,
            detail=channel.detail,
            attempt=channel.attempt,
            changed_at=channel.at,
        )


class ChannelsPage(View):
    """A page of channels, by name. `after` asks for the next; null on the last page.

    `unread` names those that were stored by a newer release, which alone can tell of them, `damaged` those that
    something has damaged, of which no release can tell.
    """

    channels: list[ChannelView]
    unread: list[str]
    damaged: list[str]
    after: str | None


class BroadcastView(View):
    """A message. `state`: requested, retry, accepted (by Apple: no proof of delivery), refused, expired, uncertain."""

    broadcast_id: str
    id: str | None
    state: BroadcastState
    attempt: int
    status: int
    detail: str
    accepted_at: int
    expires_at: int
    retry_at: int | None

    @classmethod
    def of(cls, broadcast: Broadcast) -> "BroadcastView":
        requested, outcome = broadcast.requested, broadcast.outcome
        return cls(
            broadcast_id=requested.broadcast_id,
            id=requested.ref,
            state=outcome.outcome if outcome is not None else "requested",
            attempt=outcome.attempt if outcome is not None else 0,
            status=outcome.status if outcome is not None else 0,
            detail=outcome.detail if outcome is not None else "",
            accepted_at=requested.accepted_at,
            expires_at=requested.expires_at,
            retry_at=outcome.retry_at if outcome is not None else None,
        )


def broadcast_routes(service: BroadcastService, check: CallerOf) -> APIRouter:
    """`check` is the dependency of `services/runtime/access/partner_auth.py`."""
    router = APIRouter(prefix=PATH, tags=["broadcast channels"], responses=_PROBLEMS)
    caller_of = Depends(_checked(service, check))
    _add_channels(router, service, caller_of)
    _add_messages(router, service, caller_of)
    return router


def _checked(service: BroadcastService, check: CallerOf) -> Any:
    caller_of = Depends(check)

    async def checked(application_id: _Application, caller: Caller = caller_of) -> Caller:
        service.check(application_id, caller)
        return caller

    return checked


def _add_channels(router: APIRouter, service: BroadcastService, caller_of: Any) -> None:
    @router.put(
        "/{name}", status_code=202, responses={200: {"model": ChannelView}, **CONFLICT}, summary="Ask for a channel"
    )
    async def put_broadcast_channel(
        application_id: _Application, name: _Name, body: ChannelBody, response: Response, caller: Caller = caller_of
    ) -> ChannelView:
        channel, is_new = await service.ask(application_id, name, body)
        response.status_code = 202 if is_new else 200
        return ChannelView.of(channel)

    @router.get("", summary="All channels, by name")
    async def list_broadcast_channels(
        application_id: _Application,
        after: Annotated[str, Query(max_length=128)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        caller: Caller = caller_of,
    ) -> ChannelsPage:
        found = await service.store.channels(application_id, after, limit)
        more = found[-1][0] if len(found) == limit else None
        return ChannelsPage(
            channels=[ChannelView.of(channel) for _, channel in found if not isinstance(channel, str)],
            unread=[name for name, channel in found if channel == "newer"],
            damaged=[name for name, channel in found if channel == "damaged"],
            after=more,
        )

    @router.get("/{name}", summary="Its state")
    async def get_broadcast_channel(
        application_id: _Application, name: _Name, caller: Caller = caller_of
    ) -> ChannelView:
        return ChannelView.of(await service.channel(application_id, name))

    @router.delete("/{name}", status_code=202, responses=dict(CONFLICT), summary="Let it go")
    async def delete_broadcast_channel(
        application_id: _Application, name: _Name, caller: Caller = caller_of
    ) -> ChannelView:
        return ChannelView.of(await service.close(application_id, name))


def _add_messages(router: APIRouter, service: BroadcastService, caller_of: Any) -> None:
    @router.post(
        "/{name}/messages", status_code=202, responses={200: {"model": BroadcastView}, **CONFLICT}, summary="Send"
    )
    async def send_broadcast(
        application_id: _Application,
        name: _Name,
        body: BroadcastBody,
        request: Request,
        response: Response,
        caller: Caller = caller_of,
    ) -> BroadcastView:
        aps = (await json_of(request))["aps"]
        sent, is_new = await service.send(application_id, name, body, aps, caller)
        response.status_code = 202 if is_new else 200
        return BroadcastView.of(sent)

    @router.get("/{name}/messages/{broadcast_id}", summary="What has become of it")
    async def get_broadcast(
        application_id: _Application,
        name: _Name,
        broadcast_id: Annotated[str, Path(max_length=64)],
        caller: Caller = caller_of,
    ) -> BroadcastView:
        return BroadcastView.of(await service.broadcast(application_id, name, broadcast_id))
