"""Provisioning of partners and their senders, `/v1/partners`. A secret is only in the answer that made it."""

import asyncio
import secrets as random_secrets
import string
from typing import Any

from fastapi import APIRouter

from schemas import ids
from schemas.application_events import PartnerChanged, SenderChanged
from services.registry.bodies import Id, RequestModel
from services.registry.http import PROBLEMS, By, IfMatch, operator_router
from services.registry.provisioning.partner import PartnerKeys
from services.registry.provisioning.partner_bodies import (
    BatchKeyBody,
    PartnerCreate,
    PartnerPatch,
    PartnerView,
    PasswordBody,
    ReportKeyView,
    SecretView,
    SenderBody,
    SenderView,
    ServiceNumber,
)
from services.registry.provisioning.secret_rules import SecretRules
from services.registry.provisioning.service import Entity, Provisioning, Stamp, partner_of
from services.runtime.crypto import passwords
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.server import CONFLICT, Problem

_CLEARED_BY_NULL = {"report_url", "default_sender", "min_version", "bundle"}


def changes_of(body: RequestModel) -> dict[str, Any]:
    """What a patch names; null clears what can be empty and otherwise counts as left out."""
    named = body.model_dump(include=body.model_fields_set)
    return {name: value for name, value in named.items() if value is not None or name in _CLEARED_BY_NULL}


def partner_routes(provisioning: Provisioning, secrets: Secrets, rules: SecretRules) -> APIRouter:
    """All routes of partners."""
    router = operator_router("/v1/partners", "partners")
    _add_partners(router, provisioning, rules)
    _add_secrets(router, provisioning, secrets, rules)
    _add_senders(router, provisioning)
    return router


def _login_is_free(provisioning: Provisioning, login: str, partner_id: str) -> None:
    holder = provisioning.directory.partner_by_login(login)
    if holder is not None and holder.partner_id != partner_id:
        raise Problem(409, "Login is taken", errors=[{"field": "login", "rule": "must be no other partner's"}])


async def _password_hash(password: str) -> str:
    return await asyncio.to_thread(passwords.hashed, password)


def _add_partners(router: APIRouter, provisioning: Provisioning, rules: SecretRules) -> None:
    partners = provisioning.directory.partners

    @router.post("", status_code=201, responses=dict(CONFLICT))
    async def create_partner(body: PartnerCreate, by: By) -> PartnerView:
        """Create a partner. The password, given or drawn, is in this answer only."""
        rules.check_password(body.password, body.login)
        password = body.password or random_secrets.token_urlsafe(18)
        password_hash = await _password_hash(password)
        partner_id = body.partner_id or (body.login if _is_id(body.login) else ids.uuid7())
        given = changes_of(body)
        given = {name: value for name, value in given.items() if name not in ("password", "partner_id")}

        def decide(current: Entity | None, stamp: Stamp) -> PartnerChanged:
            if current is not None:
                raise Problem(409, "Partner exists", errors=[{"field": "partnerId", "rule": "must be new"}])
            _login_is_free(provisioning, body.login, partner_id)
            made = {"partner_id": partner_id, "uuid": ids.uuid7(), "password_hash": password_hash}
            return PartnerChanged.checked(**{**stamp.fields(), **made, **given})

        return PartnerView.of(await provisioning.change(f"partner/{partner_id}", decide, by=by), password)

    @router.get("")
    async def list_partners() -> list[PartnerView]:
        """All partners, by id."""
        return [PartnerView.of(partners[key]) for key in sorted(partners)]

    @router.get("/{partner_id}", responses={404: PROBLEMS[400]})
    async def get_partner(partner_id: Id) -> PartnerView:
        """One partner."""
        return PartnerView.of(partner_of(partners.get(partner_id)))

    @router.patch("/{partner_id}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def change_partner(partner_id: Id, body: PartnerPatch, by: By, if_match: IfMatch = None) -> PartnerView:
        """Change what the body names; `{"enabled": false}` switches the partner off."""

        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            _login_is_free(provisioning, body.login or partner.login, partner_id)
            return partner.changed(**{**stamp.fields(), **changes_of(body)})

        return PartnerView.of(await provisioning.change_partner(partner_id, change, by=by, if_match=if_match))


def _add_secrets(router: APIRouter, provisioning: Provisioning, secrets: Secrets, rules: SecretRules) -> None:
    drawn = PartnerKeys(provisioning, secrets)

    @router.post("/{partner_id}/password", responses={404: PROBLEMS[400]})
    async def rotate_password(partner_id: Id, body: PasswordBody, by: By, if_match: IfMatch = None) -> PartnerView:
        """A new password, shown in this answer only; the old one ends at once."""
        known = partner_of(provisioning.directory.partners.get(partner_id))
        rules.check_password(body.password, known.login)
        password = body.password or random_secrets.token_urlsafe(18)
        password_hash = await _password_hash(password)
        partner = await provisioning.change_partner(
            partner_id, lambda partner, stamp: stamp.on(partner, password_hash=password_hash), by=by, if_match=if_match
        )
        return PartnerView.of(partner, password)

    @router.post("/{partner_id}/report-key", responses={404: PROBLEMS[400]})
    async def rotate_report_key(partner_id: Id, by: By, if_match: IfMatch = None) -> ReportKeyView:
        """A new key for signed reports, shown in this answer only.

        `webhook-signature` is made with the one before as well, until `report-key/old` is deleted or the next rotation.
        """
        return await drawn.report_key(partner_id, by, if_match)

    @router.delete("/{partner_id}/report-key/old", responses={404: PROBLEMS[400]})
    async def drop_old_report_key(partner_id: Id, by: By, if_match: IfMatch = None) -> PartnerView:
        """End the overlap: reports are signed with the newest key alone."""
        return PartnerView.of(await drawn.drop_old_report_key(partner_id, by, if_match))

    @router.post("/{partner_id}/batch-key", responses={404: PROBLEMS[400]})
    async def rotate_batch_key(
        partner_id: Id, by: By, body: BatchKeyBody | None = None, if_match: IfMatch = None
    ) -> SecretView:
        """A new key for batches, shown in this answer only; the one before goes on working until the next rotation."""
        given = body.key if body is not None else None
        rules.check_key("key", given)
        return await drawn.batch_key(partner_id, by, if_match, given)

    @router.post("/{partner_id}/api-key", responses={404: PROBLEMS[400]})
    async def rotate_partner_api_key(partner_id: Id, by: By, if_match: IfMatch = None) -> SecretView:
        """A new key that may be given in place of the password, shown in this answer only.

        The one before goes on working until the next rotation. The password stays as it is.
        """
        return await drawn.api_key(partner_id, by, if_match)

    @router.delete("/{partner_id}/api-key", responses={404: PROBLEMS[400]})
    async def withdraw_api_keys(partner_id: Id, by: By, if_match: IfMatch = None) -> PartnerView:
        """No key is taken in place of the password from now on."""
        return PartnerView.of(await drawn.withdraw_api_keys(partner_id, by, if_match))


def _add_senders(router: APIRouter, provisioning: Provisioning) -> None:
    directory = provisioning.directory

    @router.get("/{partner_id}/senders", responses={404: PROBLEMS[400]})
    async def list_senders(partner_id: Id) -> list[SenderView]:
        """The service numbers of a partner, by name."""
        partner_of(directory.partners.get(partner_id))
        return [SenderView.of(sender) for sender in directory.senders_of(partner_id)]

    @router.put("/{partner_id}/senders/{service_number}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def put_sender(
        partner_id: Id, service_number: ServiceNumber, body: SenderBody, by: By, if_match: IfMatch = None
    ) -> SenderView:
        """Create or replace a service number; `{"enabled": false}` switches it off."""

        def decide(_: Entity | None, stamp: Stamp) -> SenderChanged:
            partner_of(directory.partners.get(partner_id))
            if body.application_id is not None and body.application_id not in directory.applications:
                raise Problem(400, "Unknown application", errors=[{"field": "applicationId", "rule": "must exist"}])
            named = {"partner_id": partner_id, "service_number": service_number}
            return SenderChanged.checked(**{**stamp.fields(), **named, **body.model_dump()})

        key = f"sender/{partner_id}/{service_number}"
        return SenderView.of(await provisioning.change(key, decide, by=by, if_match=if_match))


def _is_id(text: str) -> bool:
    return len(text) <= 64 and all(letter in string.ascii_letters + string.digits + "._-" for letter in text)
