"""States of packets, for the key that packets are sent with.

    GET  /v3/batch/{packetId}?after=&limit=    counts by state, and a page of the messages
    POST /v3/batch/states {"messageIds": […]}  up to 3000 messages of any packets, in the order asked for

Source: `docs/partner-api.md` §6.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Security
from pydantic import BaseModel, ConfigDict, Field

from schemas.application_events import PartnerChanged
from services.runtime.access.callers import Network, caller_address
from services.runtime.access.packet_key import KeyFault, partner_of
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http import server
from services.runtime.http.beside import enter, query_warnings, warn, warnings_of
from services.runtime.http.field_names import MOST as MOST_WARNINGS
from services.runtime.http.field_names import Unknown
from services.runtime.http.native_names import query_of
from services.runtime.http.security_schemes import BATCH_KEY
from services.status.message import Message, Messages, UnreadMessage
from services.status.reports import State, state_of

MOST = 3000
STATES_PATH = "/v3/batch/states"
MAX_STATES_BYTES = 512 * 1024
"""3000 ids, the longest ones."""
_Id = Annotated[str, Field(max_length=100)]


class Asked(BaseModel):
    """The ids of messages to look up. What nobody reads is warned of, as in all of the partner protocol."""

    model_config = ConfigDict(extra="allow")

    messageIds: Annotated[list[_Id], Field(min_length=1, max_length=MOST)]  # noqa: N815 — the protocol's name


class PacketStates(BaseModel):
    """A page of a packet's messages; `next` is what `after` asks for more with, null when there are none."""

    packetId: int  # noqa: N815
    total: int
    counts: dict[str, int]
    messages: list[State]
    next: str | None


class States(BaseModel):
    """States in the order asked for; what is not known (yet) has status UNKNOWN and ts 0."""

    messages: list[State]


def _state(message: Message | UnreadMessage) -> State:
    if isinstance(message, UnreadMessage):
        return State(messageId=message.message_id, ts=0, status="UNKNOWN", packetId=message.packet_id)
    return state_of(message)


def packet_routes(
    messages: Messages, directory: Directory, secrets: Secrets, trusted: Sequence[Network], limits: PartnerLimits
) -> APIRouter:
    """A router of its own: these routes take keys, not logins."""
    router = APIRouter(prefix="/v3/batch", tags=["packets"])

    async def caller(
        request: Request,
        authorization: Annotated[str, Header(max_length=200, include_in_schema=False)] = "",
        _: None = Security(BATCH_KEY),
    ) -> AsyncIterator[PartnerChanged]:
        found = partner_of(authorization, directory, secrets, caller_address(request.scope, trusted))
        if isinstance(found, KeyFault):
            raise server.Problem(401 if found is KeyFault.UNKNOWN else 403, found.value)
        enter(limits, found, request)
        warn(request, query_warnings(request.scope["query_string"], query_of(request.scope["route"])))
        try:
            yield found
        finally:
            limits.leave(found)

    asking: Any = Depends(caller, scope="function")

    @router.post("/states", summary="States of messages by their ids")
    async def get_states(request: Request, body: Asked, partner: PartnerChanged = asking) -> States:
        names = list(body.model_extra or ())[:MOST_WARNINGS]
        warn(request, warnings_of(Unknown(name, name, Asked.model_fields) for name in names))
        found = await messages.readable(body.messageIds)
        own = {key: message for key, message in found.items() if message.partner_id == partner.partner_id}
        unknown = {key: State(messageId=key, ts=0, status="UNKNOWN", packetId=None) for key in body.messageIds}
        return States(messages=[state_of(own[key]) if key in own else unknown[key] for key in body.messageIds])

    @router.get("/{packet_id}", summary="States of a packet")
    async def get_packet(
        packet_id: Annotated[int, Path(ge=1, le=2**53)],
        after: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        partner: PartnerChanged = asking,
    ) -> PacketStates:
        whole = [_state(message) async for message in messages.of_packet(partner.partner_id, packet_id)]
        if not whole:
            raise server.Problem(404, "No such packet", "none of your messages has this packetId (yet)")
        counts: dict[str, int] = {}
        for state in whole:
            counts[state["status"]] = counts.get(state["status"], 0) + 1
        rest = [state for state in whole if state["messageId"] > after]
        following = rest[limit - 1]["messageId"] if len(rest) > limit else None
        return PacketStates(packetId=packet_id, total=len(whole), counts=counts, messages=rest[:limit], next=following)

    return router
