"""What an application's installations are, counted: subscriptions and their audience, prohibition by the system.

For operators, and for partners that send to the application.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from schemas.application_events import SubscriptionKind
from services.registry.bodies import Id
from services.registry.http import PROBLEMS
from services.registry.support.audience_bodies import (
    PlatformProhibition,
    ProhibitionDay,
    Prohibitions,
    SubscriptionAudience,
)
from services.registry.support.audience_store import AudienceStore, ChangesOfDay
from services.registry.support.read_access import ReadAccess, ReadAccessOf
from services.runtime.directory import Directory
from services.runtime.http.server import Problem

_DAY_MS = 86_400_000
_MOST_DAYS = 366
_EPOCH = date(1970, 1, 1)


def audience_routes(audiences: AudienceStore, directory: Directory, reader: ReadAccessOf) -> APIRouter:
    """`reader` is the dependency of `read_access.py`."""
    router = APIRouter(prefix="/v1/applications", tags=["audience"], responses=PROBLEMS)
    asking = Depends(reader)

    @router.get("/{application_id}/subscriptions", responses={404: PROBLEMS[400]})
    async def get_subscriptions(application_id: Id, who: ReadAccess = asking) -> list[SubscriptionAudience]:
        """The catalogue and what devices have told of beside it, by id, with the audience of each."""
        kinds = directory.applications[who.checked(application_id)].subscriptions
        found = await audiences.subscriptions(application_id, kinds)
        known = {kind.id: kind for kind in kinds}
        return [
            SubscriptionAudience(
                **_about(known.get(key), key), on=one.on, off=one.off, unsaid=one.unsaid, reachable=one.reachable
            )
            for key, one in sorted(found.items())
        ]

    @router.get("/{application_id}/prohibitions", responses={404: PROBLEMS[400]})
    async def get_prohibitions(
        application_id: Id,
        first: Annotated[date | None, Query(alias="from", description="default: 30 days ago")] = None,
        last: Annotated[date | None, Query(alias="to", description="default: today")] = None,
        who: ReadAccess = asking,
    ) -> Prohibitions:
        """On how many devices the operating system forbids pushes: now, and day by day (UTC)."""
        today = datetime.now(UTC).date()
        last = min(last or today, today)
        first = first or max(last, _EPOCH + timedelta(days=30)) - timedelta(days=30)
        if not timedelta(0) <= last - first < timedelta(days=_MOST_DAYS):
            rule = f"must not be after to, nor {_MOST_DAYS} days and more before it"
            raise Problem(400, "Invalid request", errors=[{"field": "from", "rule": rule}])
        now = await audiences.prohibited(who.checked(application_id))
        changes = await audiences.changes(application_id, (first - _EPOCH).days * _DAY_MS)
        platforms = [
            PlatformProhibition(platform=name, forbidden=forbidden, installations=count)
            for name, (forbidden, count) in sorted(now.items())
        ]
        forbidden = sum(one.forbidden for one in platforms)
        return Prohibitions(application_id=application_id, now=platforms, days=days_of(changes, first, last, forbidden))

    return router


def days_of(changes: Sequence[ChangesOfDay], first: date, last: date, forbidden_now: int) -> list[ProhibitionDay]:
    """Day by day, reckoned back from how it is now."""
    found: list[ProhibitionDay] = []
    forbidden, day = forbidden_now, max([(last - _EPOCH).days, *(one.day for one in changes)])
    while day >= (first - _EPOCH).days:
        of_day = [one for one in changes if one.day == day]
        by = {
            source: sum(one.count for one in of_day if not one.allowed and one.source == source)
            for source in ("sdk", "provider")
        }
        allowed = sum(one.count for one in of_day if one.allowed)
        if day <= (last - _EPOCH).days:
            found.append(
                ProhibitionDay(
                    day=_EPOCH + timedelta(days=day),
                    forbidden_by_sdk=by["sdk"],
                    forbidden_by_provider=by["provider"],
                    allowed=allowed,
                    forbidden=forbidden,
                )
            )
        forbidden += allowed - by["sdk"] - by["provider"]
        day -= 1
    return found[::-1]


def _about(kind: SubscriptionKind | None, key: str) -> dict[str, Any]:
    if kind is None:
        return {"id": key, "type": None, "name": "", "title": "", "description": "", "default": False}
    return kind.model_dump()
