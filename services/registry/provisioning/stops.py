"""Stop buttons, `/v1/stops`: pause a partner, an application or a provider; pause or cancel a packet or a mailing.

An operator may stop anything, a partner its own packets and mailings. A stop is an event, and in the trace of every
message that it touches. See `services/runtime/scheduling/stops.py` for what follows from it.

    mailing   exists before its messages: one that is not the partner's is 404
    packet    may be stopped an instant before its messages are known: 50 such stops at a time, beyond that 404

Every process keeps every stop, so a partner has at most 1,000 that hold and 10,000 with the lifted ones; they end by
themselves (`stop_expiry.py`).
"""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from schemas import ids
from schemas.application_events import OWNED, OwnedId, PartnerChanged, StopChanged, author_for_partners
from schemas.providers import Provider
from schemas.values import StopScope
from services.registry.bodies import AnswerModel, BadField, RequestModel
from services.registry.http import PROBLEMS
from services.registry.provisioning.service import Entity, Provisioning, Stamp
from services.runtime.access.partner_auth import Caller
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.mongo.stop_targets import StopTargets
from services.runtime.text.storable import Text

_PACKET = re.compile(r"[1-9][0-9]{0,15}")
MOST_HOLDING, MOST_KEPT, MOST_UNKNOWN = 1_000, 10_000, 50
"""Stops of one partner's packets and mailings: that hold, with the lifted ones, and of packets that nobody knows."""
MOST_TOLD = 1_000
"""By one answer."""
_Id = Annotated[str, Path(max_length=300, description="of a packet or mailing, for the operator: <partner>/<id>")]


class StopBody(RequestModel):
    """What is to be."""

    state: Literal["running", "paused", "cancelled"]
    reason: Annotated[Text, Field(max_length=300)] = ""


class StopView(AnswerModel):
    """A stop as it is."""

    scope: StopScope
    id: str
    state: Literal["running", "paused", "cancelled"]
    by: str
    reason: str
    at: int

    @classmethod
    def of(cls, stop: StopChanged, caller: Caller) -> "StopView":
        return cls.shown(stop, by=stop.by if caller.partner is None else author_for_partners(stop.by))


def held_stops(directory: Directory) -> list[StopView]:
    """What is paused or cancelled now, the oldest first, as an operator is told at once."""
    found = sorted(directory.holding(), key=_place_of)
    return [StopView.of(stop, Caller(None)) for stop in found[:MOST_TOLD]]


def stop_routes(provisioning: Provisioning, targets: StopTargets, callers: Any) -> APIRouter:
    """All routes of stops; `callers` is the dependency that identifies the caller."""
    router = APIRouter(prefix="/v1/stops", tags=["stops"], responses=PROBLEMS)
    asking = Depends(callers)

    @router.get("")
    async def get_stops(
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST_TOLD)] = MOST_TOLD,
        cursor: Annotated[str | None, Query(max_length=100, description="from the `Link` header")] = None,
        caller: Caller = asking,
    ) -> list[StopView]:
        """What is paused or cancelled now, the oldest first; a partner sees its own packets and mailings.

        When there are more, the header `Link: <…>; rel="next"` has the address of the next page.
        """
        after = _place(cursor)
        found = sorted((stop for stop in _seen_by(provisioning, caller) if _place_of(stop) > after), key=_place_of)
        if len(found) > limit:
            following = urlencode({"limit": limit, "cursor": _cursor_of(found[limit - 1])})
            response.headers["Link"] = f'<?{following}>; rel="next"'
        return [StopView.of(stop, caller) for stop in found[:limit]]

    @router.put("/{scope}/{stop_id:path}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def put_stop(scope: StopScope, stop_id: _Id, body: StopBody, caller: Caller = asking) -> StopView:
        """Pause, cancel or let go on. What is cancelled stays so; what was never stopped cannot go on (404)."""
        name = _named(provisioning, scope, stop_id, caller)
        if body.state == "cancelled" and scope not in OWNED:
            raise BadField("state", f"a {scope} can only be paused")
        is_known = scope not in OWNED or await _is_known(targets, scope, name)

        def decide(current: Entity | None, stamp: Stamp) -> StopChanged:
            if not isinstance(current, StopChanged):
                if body.state == "running":
                    raise Problem(404, "Not stopped", f"this {scope} was never paused")
                _check_room(provisioning, name, is_known)
            elif current.state == "cancelled" and body.state != "cancelled":
                raise Problem(409, "Cancelled for good", f"this {scope} was cancelled")
            elif current.state == "running" and body.state != "running":
                _check_room(provisioning, name, is_known)
            return StopChanged(
                event_id=stamp.event_id,
                at=stamp.at,
                by=stamp.by,
                scope=scope,
                id=name,
                state=body.state,
                reason=body.reason,
                is_known=is_known,
            )

        return StopView.of(await provisioning.change(f"stop/{scope}/{name}", decide, by=caller.by), caller)

    return router


def _named(provisioning: Provisioning, scope: StopScope, stop_id: str, caller: Caller) -> str:
    """The id of the stop. Raises Problem for one that the caller may not set, or that names nothing."""
    if scope in OWNED:
        if caller.partner is not None:
            return _own_name(scope, stop_id, caller.partner)
        partner_id, own = OwnedId.parse(stop_id)
        partner = provisioning.directory.partners.get(partner_id)
        if not own or partner is None:
            raise Problem(404, "Unknown partner", f"the id of a {scope} is <partner>/<id> here")
        return _own_name(scope, own, partner)
    if caller.partner is not None:
        raise Problem(403, "For operators only", "a partner may stop its own packets and mailings")
    known: dict[str, Collection[str]] = {
        "partner": provisioning.directory.partners,
        "application": provisioning.directory.applications,
        "provider": [provider.value for provider in Provider],
    }
    if stop_id not in known[scope]:
        raise Problem(404, f"Unknown {scope}")
    return stop_id


async def _is_known(targets: StopTargets, scope: StopScope, name: str) -> bool:
    """Whether the packet has come. Raises Problem 404 for a mailing that is not there."""
    partner_id, own = OwnedId.parse(name)
    if scope == "packet":
        return await targets.has_packet(partner_id, int(own))
    if not await targets.has_mailing(partner_id, own):
        raise Problem(404, "Unknown mailing", "none of the partner's mailings has this id")
    return True


def _check_room(provisioning: Provisioning, name: str, is_known: bool) -> None:
    """Raises Problem 404 for a packet, 409 for a stop, more than a partner may have."""
    own = provisioning.directory.stops_of_partner(OwnedId.parse(name).partner_id)
    holding = [stop for stop in own if stop.state != "running"]
    if not is_known and sum(not stop.is_known for stop in own) >= MOST_UNKNOWN:
        rule = f"no message of the partner has this packetId (yet), as with {MOST_UNKNOWN} packets stopped before"
        raise Problem(404, "Unknown packet", rule)
    if len(holding) >= MOST_HOLDING or len(own) >= MOST_KEPT:
        rule = f"a partner has at most {MOST_HOLDING} packets and mailings that are stopped: let some go on"
        raise Problem(409, "Too many stops", rule)


def _own_name(scope: StopScope, given: str, partner: PartnerChanged) -> str:
    return str(OwnedId(partner.partner_id, _own_id(scope, given, partner)))


def _own_id(scope: StopScope, given: str, partner: PartnerChanged) -> str:
    """The id that messages carry. A mailing has an id of the platform's, and may have one of the partner's."""
    if scope == "mailing":
        return given if ids.is_uuid(given) else ids.mailing_id_of(partner.uuid, given)
    if not _PACKET.fullmatch(given):
        raise BadField("stop_id", "must be a packetId, a number")
    return given


def _seen_by(provisioning: Provisioning, caller: Caller) -> list[StopChanged]:
    directory = provisioning.directory
    if caller.partner is None:
        return directory.holding()
    return [stop for stop in directory.stops_of_partner(caller.partner.partner_id) if stop.state != "running"]


def _place_of(stop: StopChanged) -> tuple[int, str]:
    return stop.at, stop.event_id


def _cursor_of(stop: StopChanged) -> str:
    return f"{stop.at}.{stop.event_id}"


def _place(cursor: str | None) -> tuple[int, str]:
    """The position that the page begins behind."""
    if cursor is None:
        return -1, ""
    at, dot, event_id = cursor.partition(".")
    if not dot or not at.isascii() or not at.isdigit() or len(at) > 15:
        raise BadField("cursor", "must be one that a page gave")
    return int(at), event_id
