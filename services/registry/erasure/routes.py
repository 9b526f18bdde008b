"""Erasing people, `/v1/erasures`: asked for by the operator, and proved. See docs/features/erasure.md."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.registry.bodies import phone_digits
from services.registry.erasure.bodies import ErasureBody, ErasureView, PersonView, PreviewView, TopicRecords
from services.registry.erasure.linked import Linked, Persons
from services.registry.erasure.proof import ErasureProof
from services.registry.erasure.service import MOST_LINKED, ErasureService
from services.registry.http import PROBLEMS, By, operator_router
from services.runtime.access.audit import note_change
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.looks import note_people
from services.runtime.mongo.erasures import Erasure

_Id = Annotated[str, Path(max_length=64)]


def erasure_routes(service: ErasureService, proof: ErasureProof) -> APIRouter:
    """All routes of erasures, for operators alone."""
    router = operator_router("/v1/erasures", "erasures")

    async def known(erasure_id: str) -> Erasure:
        found = await service.erasures.progress(erasure_id)
        if found is None:
            raise Problem(404, "No such erasure", "no erasure has this id")
        return found

    @router.post("/preview", responses={404: PROBLEMS[400]})
    async def preview_erasure(body: ErasureBody, response: Response) -> PreviewView:
        """Whom an erasure with this body would reach, to be looked at before it is asked for."""
        _, applications = _scopes(service.directory, body)
        linked = await _reached(service, body, applications)
        response.headers["Cache-Control"] = "no-store"
        for persons in (linked.reached, linked.left_out):
            note_people(phones=persons.phones, users=persons.users)
        return PreviewView(persons=_views(linked.reached), left_out=_views(linked.left_out))

    @router.post("", status_code=202, responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def post_erasure(body: ErasureBody, by: By) -> ErasureView:
        """Forget them. Asked again, it does again what is left to do."""
        scopes, applications = _scopes(service.directory, body)
        persons = (await _reached(service, body, applications)).reached
        note_people(phones=persons.phones, users=persons.users)
        if persons.count > MOST_LINKED:
            rule = f"is logged in together with more than {MOST_LINKED} others: ask for each, with only"
            raise Problem(409, "Too many at once", errors=[{"field": "only", "rule": rule}])
        erasure = await service.erase(persons, scopes, applications, by)
        note_change(f"erasure/{erasure.erasure_id}", {}, _audited(erasure, persons, body))
        return await proof.view(erasure)

    @router.get("/{erasure_id}", responses={404: PROBLEMS[400]})
    async def get_erasure(erasure_id: _Id) -> ErasureView:
        """How far it has come: keys, processes, what was cleaned where."""
        return await proof.view(await known(erasure_id))

    @router.get("/{erasure_id}/records", responses={404: PROBLEMS[400]})
    async def get_records(erasure_id: _Id) -> list[TopicRecords]:
        """What the log holds of them, read from its beginning to its end."""
        return await proof.records(await known(erasure_id))

    return router


async def _reached(service: ErasureService, body: ErasureBody, applications: list[str]) -> Linked:
    """Those who are named, and those who are linked to them. Raises BadField."""
    phone = phone_digits(body.phone)
    named = Persons(
        frozenset() if body.external_user_id is None else frozenset([body.external_user_id]),
        frozenset() if phone is None else frozenset([phone]),
    )
    linked = await service.linked.of(named, applications)
    if not body.only:
        return linked
    others = Persons(linked.reached.users | linked.left_out.users, linked.reached.phones | linked.left_out.phones)
    return Linked(named, others.without(named))


def _audited(erasure: Erasure, persons: Persons, body: ErasureBody) -> dict[str, object]:
    """How much it reaches, and where; whom, the record has as fingerprints."""
    return {
        "users": len(persons.users),
        "phones": len(persons.phones),
        "keys_destroyed": len(erasure.destroyed),
        "partner_id": body.partner_id,
        "application_id": body.application_id,
        "is_only": bool(body.only),
    }


def _views(persons: Persons) -> list[PersonView]:
    users = [PersonView(kind="user", value=user) for user in sorted(persons.users)]
    return users + [PersonView(kind="phone", value=phone) for phone in sorted(persons.phones)]


def _scopes(directory: Directory, body: ErasureBody) -> tuple[list[str], list[str]]:
    """Scopes and applications; no scopes means everywhere. A partner brings the applications of its senders."""
    if body.partner_id is None and body.application_id is None:
        return [], sorted(directory.applications)
    scopes, applications = [], set[str]()
    if body.partner_id is not None:
        if body.partner_id not in directory.partners:
            raise Problem(404, "No such partner", "no partner has this id")
        scopes.append(f"partner/{body.partner_id}")
        senders = directory.senders_of(body.partner_id)
        applications |= {sender.application_id for sender in senders if sender.application_id is not None}
    if body.application_id is not None:
        if body.application_id not in directory.applications:
            raise Problem(404, "No such application", "no application has this id")
        applications.add(body.application_id)
    return [*scopes, *(f"application/{application}" for application in sorted(applications))], sorted(applications)
