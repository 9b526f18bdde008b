"""Stop buttons, `/v1/stops`: pause a partner, an application or a provider; pause or cancel a packet or a mailing.

The operator may stop anything, a partner its own packets and mailings. A stop is an event, and in the trace of every
message that it touches. See `services/stops.py` for what follows from it.
"""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from schemas import ids
from schemas.application_events import PartnerChanged, StopChanged, by_for_partners
from schemas.values import Provider, StopScope
from services.access import Caller
from services.registry.api_devices import PROBLEMS
from services.registry.bodies import Body
from services.registry.provisioning import Entity, Provisioning, Stamp
from services.storable import Text
from services.web import Problem

_CANCELLABLE = ("packet", "mailing")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PACKET = re.compile(r"[1-9][0-9]{0,15}")
_MOST = 10_000
"""Packets and mailings of one partner that were ever stopped."""
_Id = Annotated[str, Path(max_length=300, description="of a packet or mailing, for the operator: <partner>/<id>")]


class StopBody(Body):
    """What is to be."""

    state: Literal["running", "paused", "cancelled"]
    reason: Annotated[Text, Field(max_length=300)] = ""


class StopView(Body):
    """A stop as it is."""

    scope: StopScope
    id: str
    state: Literal["running", "paused", "cancelled"]
    by: str
    reason: str
    at: int

    @classmethod
    def of(cls, stop: StopChanged, caller: Caller) -> "StopView":
        plain = {name: getattr(stop, name) for name in cls.model_fields}
        return cls(**plain if caller.partner is None else {**plain, "by": by_for_partners(stop.by)})


def stop_routes(provisioning: Provisioning, who: Any) -> APIRouter:
    """`who` is the dependency that tells the caller."""
    router = APIRouter(prefix="/v1/stops", tags=["stops"], responses=PROBLEMS)
    asking = Depends(who)

    @router.get("")
    async def get_stops(caller: Caller = asking) -> list[StopView]:
        """What is paused or cancelled now; a partner sees its own packets and mailings."""
        stops = sorted(provisioning.directory.holding(), key=lambda stop: stop.at)
        return [StopView.of(stop, caller) for stop in stops if _may_see(caller, stop)]

    @router.put("/{scope}/{stop_id:path}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def put_stop(scope: StopScope, stop_id: _Id, body: StopBody, caller: Caller = asking) -> StopView:
        """Pause, cancel or let go on. What is cancelled stays so."""
        name = _named(provisioning, scope, stop_id, caller)
        if body.state == "cancelled" and scope not in _CANCELLABLE:
            rule = f"a {scope} can only be paused"
            raise Problem(400, "Invalid request", errors=[{"field": "state", "rule": rule}])

        def decide(current: Entity | None, stamp: Stamp) -> StopChanged:
            if isinstance(current, StopChanged) and current.state == "cancelled" and body.state != "cancelled":
                raise Problem(409, "Cancelled for good", f"this {scope} was cancelled")
            return StopChanged(
                **stamp.fields(),
                scope=scope,
                id=name,
                state=body.state,
                reason=body.reason,
            )

        return StopView.of(await provisioning.change(f"stop/{scope}/{name}", decide, by=caller.by), caller)

    return router


def _named(provisioning: Provisioning, scope: StopScope, stop_id: str, caller: Caller) -> str:
    """The id of the stop. Raises Problem for one that the caller may not set, or that names nothing."""
    if scope in _CANCELLABLE:
        if caller.partner is not None:
            return _own(provisioning, scope, stop_id, caller.partner)
        partner_id, _, own = stop_id.partition("/")
        partner = provisioning.directory.partners.get(partner_id)
        if not own or partner is None:
            raise Problem(404, "Unknown partner", f"the id of a {scope} is <partner>/<id> here")
        return _own(provisioning, scope, own, partner)
    if caller.partner is not None:
        raise Problem(403, "For the operator", "a partner may stop its own packets and mailings")
    known: dict[str, Collection[str]] = {
        "partner": provisioning.directory.partners,
        "application": provisioning.directory.applications,
        "provider": [provider.value for provider in Provider],
    }
    if stop_id not in known[scope]:
        raise Problem(404, f"Unknown {scope}")
    return stop_id


def _own(provisioning: Provisioning, scope: StopScope, given: str, partner: PartnerChanged) -> str:
    """The stop's id. Raises Problem for one more than a partner may have."""
    name = f"{partner.partner_id}/{_own_id(scope, given, partner)}"
    stops = provisioning.directory.stops
    if (scope, name) not in stops and sum(key.startswith(f"{partner.partner_id}/") for _, key in stops) >= _MOST:
        raise Problem(409, "Too many stops", f"a partner has at most {_MOST}: every process keeps all of them")
    return name


def _own_id(scope: StopScope, given: str, partner: PartnerChanged) -> str:
    """As messages carry it. A mailing has an id of the platform's, and may have one of the partner's."""
    if scope == "mailing":
        return given if _UUID.fullmatch(given) else ids.mailing_id_of(partner.uuid, given)
    if not _PACKET.fullmatch(given):
        raise Problem(400, "Invalid request", errors=[{"field": "stop_id", "rule": "must be a packetId, a number"}])
    return given


def _may_see(caller: Caller, stop: StopChanged) -> bool:
    if caller.partner is None:
        return True
    return stop.scope in _CANCELLABLE and stop.id.startswith(f"{caller.partner.partner_id}/")
