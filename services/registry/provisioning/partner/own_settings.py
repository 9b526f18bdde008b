"""A partner's own settings and keys, `/v1/me/settings` and beside it, on everybody's listener alone.

settings   read with the login's password, or with an API key in its place
changes    with the password alone: an API key lies in programs, and must not make keys or move reports away;
           by If-Match, and at a pace of their own, because all changes of a deployment wait for each other
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from schemas.application_events import PartnerChanged, TtlUnit, author_for_partners
from schemas.values import Channel
from services.registry.bodies import AnswerModel, RequestModel
from services.registry.http import PROBLEMS, IfMatch
from services.registry.provisioning.partner.keys import PartnerKeys
from services.registry.provisioning.partner_bodies import ReportKeyView, SecretView, Url, counted_keys
from services.registry.provisioning.service import Provisioning, Stamp
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.server import Problem
from services.runtime.pacing.token_bucket import TokenBuckets

_CHANGES_AT_ONCE, _CHANGES_PER_S = 10, 1 / 30


class OwnSettings(AnswerModel):
    """What the platform holds of a partner, but for its secrets. `version` is what `If-Match` compares."""

    partner_id: str
    version: str
    changed_at: int
    by: str = Field("", description="who changed it: a login, or operator")
    login: str
    subnets: list[str] = Field(description="CIDR, where requests may come from; empty: anywhere")
    report_url: str | None = Field(description="where reports go, unless a message says otherwise")
    signs_reports: bool
    report_keys: int = Field(description="2 while reports are signed with the key before as well")
    api_keys: int = Field(description="how many are taken in place of the password")
    batch_keys: int
    default_sender: str | None
    default_ttl_s: dict[Channel, int]
    default_ttl_unit: dict[Channel, TtlUnit]
    reject_duplicates: bool
    max_connections: int
    max_rate_per_s: int
    utc_offset_min: int = Field(description="minutes east of UTC: the zone of its windows and deadlines")
    link_shortener: bool
    planning_horizon_days: int

    @classmethod
    def of(cls, partner: PartnerChanged) -> "OwnSettings":
        return cls.shown(
            partner,
            version=partner.event_id,
            changed_at=partner.at,
            by=author_for_partners(partner.by),
            **counted_keys(partner),
        )


class OwnPatch(RequestModel):
    """What a partner changes of itself; what is left out stays as it is."""

    report_url: Url | None = Field(None, description="as `PATCH /v1/partners/{id}` takes it; null: no reports")


def own_settings_routes(
    provisioning: Provisioning,
    secrets: Secrets,
    callers: CallerOf,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> APIRouter:
    """The routes of a partner's own settings. They are on everybody's listener alone."""
    router = APIRouter(prefix="/v1/me", tags=["me"], responses=PROBLEMS)
    pace, drawn = TokenBuckets(_CHANGES_PER_S, _CHANGES_AT_ONCE), PartnerKeys(provisioning, secrets)

    async def asking(caller: Caller = Depends(callers)) -> PartnerChanged:  # noqa: B008 — FastAPI's way
        if caller.partner is None:
            raise Problem(401, "Unknown caller")
        return caller.partner

    async def changing(caller: Caller = Depends(callers)) -> PartnerChanged:  # noqa: B008
        partner = await asking(caller)
        if not caller.has_password():
            raise Problem(403, "Needs the password", "an API key makes no keys, and does not move reports")
        if wait_s := pace.take(partner.partner_id, monotonic_s()):
            raise Problem(429, "Too many changes", retry_after_s=ceil(wait_s))
        return partner

    _add_settings(router, provisioning, Depends(asking), Depends(changing))
    _add_keys(router, drawn, Depends(changing))
    return router


def _add_settings(router: APIRouter, provisioning: Provisioning, asking: Any, changing: Any) -> None:
    @router.get("/settings")
    async def get_own_settings(partner: Annotated[PartnerChanged, asking]) -> OwnSettings:
        """What the platform holds of you, but for secrets."""
        return OwnSettings.of(partner)

    @router.patch("/settings", responses={409: PROBLEMS[400]})
    async def change_own_settings(
        body: OwnPatch, partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None
    ) -> OwnSettings:
        """Change where reports go. Needs the password, not an API key."""
        given = body.model_dump(include=body.model_fields_set)

        def change(current: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            return current.changed(**{**stamp.fields(), **given})

        by = _by(partner)
        return OwnSettings.of(await provisioning.change_partner(partner.partner_id, change, by=by, if_match=if_match))


def _add_keys(router: APIRouter, drawn: PartnerKeys, changing: Any) -> None:
    changed_meanwhile: dict[int | str, dict[str, Any]] = {409: PROBLEMS[400]}

    @router.post("/api-key", responses=changed_meanwhile)
    async def rotate_own_api_key(partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None) -> SecretView:
        """A new key that is taken in place of the password, shown in this answer only. Needs the password.

        The one before goes on working until the next rotation.
        """
        return await drawn.api_key(partner.partner_id, _by(partner), if_match)

    @router.delete("/api-key", responses=changed_meanwhile)
    async def withdraw_own_api_keys(
        partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None
    ) -> OwnSettings:
        """No key is taken in place of the password from now on. Needs the password."""
        return OwnSettings.of(await drawn.withdraw_api_keys(partner.partner_id, _by(partner), if_match))

    @router.post("/report-key", responses=changed_meanwhile)
    async def rotate_own_report_key(
        partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None
    ) -> ReportKeyView:
        """A new key for signed reports, shown in this answer only. Needs the password.

        `webhook-signature` is made with the one before as well, until `report-key/old` is deleted or the next rotation.
        """
        return await drawn.report_key(partner.partner_id, _by(partner), if_match)

    @router.delete("/report-key/old", responses=changed_meanwhile)
    async def drop_own_old_report_key(
        partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None
    ) -> OwnSettings:
        """End the overlap: reports are signed with the newest key alone. Needs the password."""
        return OwnSettings.of(await drawn.drop_old_report_key(partner.partner_id, _by(partner), if_match))

    @router.post("/batch-key", responses=changed_meanwhile)
    async def rotate_own_batch_key(
        partner: Annotated[PartnerChanged, changing], if_match: IfMatch = None
    ) -> SecretView:
        """A new key for packets, shown in this answer only; the one before works until the next. Needs the password."""
        return await drawn.batch_key(partner.partner_id, _by(partner), if_match)


def _by(partner: PartnerChanged) -> str:
    return f"partner:{partner.login}"
