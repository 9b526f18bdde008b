"""What an application's installations are, counted: subscriptions and their audience, prohibition by the system.

For operators, and for partners that send to the application.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from schemas.application_events import SubscriptionKind
from services.registry.bodies import BadField, Id
from services.registry.http import PROBLEMS
from services.registry.support.audience_bodies import (
    PlatformProhibition,
    ProhibitionDay,
    Prohibitions,
    SubscriptionAudience,
)
from services.registry.support.audience_store import AudienceStore, ChangesOfDay
from services.registry.support.read_access import ReadAccess, ReadAccessDependency
from services.runtime.directory import Directory

_DAY_MS = 86_400_000
_MOST_DAYS = 366
_EPOCH = date(1970, 1, 1)


def audience_routes(audiences: AudienceStore, directory: Directory, access: ReadAccessDependency) -> APIRouter:
    """All routes of audiences; `access` is the dependency of `read_access.py`."""
    router = APIRouter(prefix="/v1/applications", tags=["audience"], responses=PROBLEMS)
    asking = Depends(access)

    @router.get("/{application_id}/subscriptions", responses={404: PROBLEMS[400]})
    async def get_subscription_audience(application_id: Id, access: ReadAccess = asking) -> list[SubscriptionAudience]:
        """The catalogue and what devices have reported besides it, by id, with the audience of each."""
        kinds = directory.applications[access.checked(application_id)].subscriptions
        known = {kind.id: kind for kind in kinds}
        found = await audiences.subscriptions(application_id, kinds)
        return [
            SubscriptionAudience.shown(
                known.get(key, SubscriptionKind(id=key, default=False)),
                type=known[key].type if key in known else None,
                on=audience.on,
                off=audience.off,
                unsaid=audience.unsaid,
                reachable=audience.reachable,
            )
            for key, audience in sorted(found.items())
        ]

    @router.get("/{application_id}/prohibitions", responses={404: PROBLEMS[400]})
    async def get_prohibitions(
        application_id: Id,
        first: Annotated[date | None, Query(alias="from", description="default: 30 days ago")] = None,
        last: Annotated[date | None, Query(alias="to", description="default: today")] = None,
        access: ReadAccess = asking,
    ) -> Prohibitions:
        """On how many devices the operating system forbids pushes: now, and day by day (UTC)."""
        today = datetime.now(UTC).date()
        last = min(last or today, today)
        first = first or max(last, _EPOCH + timedelta(days=30)) - timedelta(days=30)
        if not timedelta(0) <= last - first < timedelta(days=_MOST_DAYS):
            rule = f"must not be after to, nor {_MOST_DAYS} days and more before it"
            raise BadField("from", rule)
        now = await audiences.prohibited(access.checked(application_id))
        changes = await audiences.changes(application_id, (first - _EPOCH).days * _DAY_MS)
        platforms = [
            PlatformProhibition(platform=name, forbidden=forbidden, installations=count)
            for name, (forbidden, count) in sorted(now.items())
        ]
        forbidden = sum(platform.forbidden for platform in platforms)
        return Prohibitions(application_id=application_id, now=platforms, days=days_of(changes, first, last, forbidden))

    return router


def days_of(changes: Sequence[ChangesOfDay], first: date, last: date, forbidden_now: int) -> list[ProhibitionDay]:
    """The days from `first` to `last`, counted back from the present number."""
    found: list[ProhibitionDay] = []
    forbidden, day = forbidden_now, max([(last - _EPOCH).days, *(change.day for change in changes)])
    while day >= (first - _EPOCH).days:
        on_day = [change for change in changes if change.day == day]
        by = {
            source: sum(change.count for change in on_day if not change.allowed and change.source == source)
            for source in ("sdk", "provider")
        }
        allowed = sum(change.count for change in on_day if change.allowed)
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
