"""Installations, `/v1/installations`: who has which device, for support; and bringing existing tokens in."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException

from schemas.language import Language
from services.registry.bodies import BadField, Id, Phone, UserId
from services.registry.device_api import DeviceCommands
from services.registry.devices import Device, OwnerRecord, record_ids
from services.registry.http import PROBLEMS, By, operator_router, spoken
from services.registry.support.bodies import CardView, ImportAnswer, SupportAnswer, SupportInstallation
from services.registry.support.import_events import ImportLine
from services.registry.support.import_tokens import MAX_LINES, TokenImport
from services.registry.support.read_access import ReadAccess, ReadAccessDependency
from services.runtime.access.audit import note_change
from services.runtime.http.server import UNREADABLE, Problem
from services.runtime.lists.lines import Lines, ListFault, RawLine, Utf8, encoding_of, media_type
from services.runtime.looks import Masked, as_asked
from services.runtime.text import phones

IMPORT_PATH = "/v1/installations/import"
MAX_IMPORT_BYTES = 4 * 1024 * 1024
_MOST = 200


def installation_routes(commands: DeviceCommands, access: ReadAccessDependency) -> APIRouter:
    """All routes of installations for operators; the search is the partners' too, in the applications they send to."""
    search = APIRouter(prefix="/v1/installations", tags=["installations"], responses=PROBLEMS)
    _add_search(search, commands, access)
    operators = operator_router("/v1/installations", "installations")
    _add_import(operators, commands)
    both = APIRouter()
    both.include_router(search)
    both.include_router(operators)
    return both


def _add_search(router: APIRouter, commands: DeviceCommands, access: ReadAccessDependency) -> None:
    devices, asking = commands.devices, Depends(access)

    @router.get("")
    async def find_installations(
        phone: Annotated[Phone | None, Query()] = None,
        user: Annotated[UserId | None, Query(description="external user id")] = None,
        application_id: Annotated[Id | None, Query(alias="applicationId", description="default: all")] = None,
        masked: Masked = False,
        access: ReadAccess = asking,
        language: Language = Depends(spoken),  # noqa: B008 — FastAPI's way
    ) -> SupportAnswer:
        """The client cards of a phone or user, and the installations that belong to them, the last used first."""
        digits = phones.from_query(phone) if phone is not None else None
        if (phone is None) == (user is None):
            raise BadField("phone", "give either phone or user")
        if phone is not None and digits is None:
            raise BadField("phone", phones.RULE)
        names = [access.checked(application_id)] if application_id is not None else sorted(access.applications)
        records = await devices.owners.load(record_id for name in names for record_id in record_ids(name, user, digits))
        field, value = ("phone", digits) if digits is not None else ("external_user_id", user)
        found, newer, damaged = await devices.search.owned(field, value or "", names, _MOST)
        linked = {key for record in records.values() for key in record.all_installations}
        known = {*(device.installation_id for device in found), *newer, *damaged}
        others = (await devices.search.readable(linked - known)).devices
        gone = [device for device in others if device.replaced_by and device.application_id in names]
        answer = SupportAnswer(
            cards=[_card(records[key], found) for key in sorted(records)],
            installations=[SupportInstallation.of(device, language) for device in found],
            gave_way=[
                SupportInstallation.of(device, language)
                for device in sorted(gone, key=lambda device: device.installation_id)
            ],
            unread=newer,
            damaged=damaged,
        )
        return as_asked(answer, masked)

    @router.get("/{installation_id}", responses={404: PROBLEMS[400]})
    async def get_any_installation(
        installation_id: UUID,
        masked: Masked = False,
        access: ReadAccess = asking,
        language: Language = Depends(spoken),  # noqa: B008 — FastAPI's way
    ) -> SupportInstallation:
        """One installation."""
        found = (await devices.load([str(installation_id)])).get(str(installation_id))
        if found is None or found.application_id not in access.applications:
            raise Problem(404, "Unknown installation")
        return as_asked(SupportInstallation.of(found, language), masked)


def _add_import(router: APIRouter, commands: DeviceCommands) -> None:
    names = ", ".join(field.alias or name for name, field in ImportLine.model_fields.items())
    about = f"JSON Lines: an object for each installation, with {names}"
    body = {"application/x-ndjson": {"schema": {"type": "string", "format": "binary", "description": about}}}

    @router.post(
        "/import",
        responses={404: PROBLEMS[400], **UNREADABLE},
        openapi_extra={"requestBody": {"required": True, "content": body}},
    )
    async def import_installations(
        request: Request,
        by: By,
        application_id: Annotated[Id, Query(alias="applicationId")],
        first_line: Annotated[int, Query(alias="firstLine", ge=1, le=2**40, description="number of line 1")] = 1,
        dry_run: Annotated[bool, Query(alias="dryRun", description="store nothing, and answer what would be")] = False,
    ) -> ImportAnswer:
        """Import tokens: NDJSON, at most 5000 lines and 4 MiB a call, so send a long file in parts with `firstLine`.

        Each bad line is answered with number, field and rule, and the others are imported. Safe to repeat.
        """
        if application_id not in commands.directory.applications:
            raise Problem(404, "Unknown application")
        kind, charset = media_type(request.headers.get("content-type", ""))
        if kind not in ("application/x-ndjson", "application/jsonl", "application/json-lines"):
            raise Problem(415, "Unsupported content type", "Content-Type must be application/x-ndjson")
        imported = TokenImport(commands, application_id, by, first_line, is_dry=dry_run)
        try:
            await imported.read(lines_of(request.stream(), encoding_of(charset)))
        except ListFault as fault:
            rule = {"field": fault.field, "rule": fault.rule}
            raise Problem(415 if fault.field == "charset" else 400, "Invalid request", errors=[rule]) from None
        counts = {"lines": imported.lines, "imported": imported.imported, "known": imported.known}
        counts |= {"dry_run": True} if dry_run else {}
        note_change(f"application/{application_id}/installations", {}, {**counts, "broken_lines": len(imported.bad)})
        return imported.answer


async def lines_of(chunks: AsyncIterator[bytes], encoding: str = "") -> AsyncIterator[RawLine]:
    """The lines of a stream, whose length the body limit bounds. Raises HTTPException 413, ListFault."""
    text, lines = Utf8(encoding), Lines(1, quoted=False)
    async for chunk in chunks:
        for raw in lines.feed(text.feed(chunk)):
            yield _counted(raw)
    for raw in [*lines.feed(text.end()), *lines.end()]:
        yield _counted(raw)


def _counted(raw: RawLine) -> RawLine:
    if raw.line > MAX_LINES:
        raise HTTPException(413, f"Too many lines: at most {MAX_LINES}")
    return raw


def _card(record: OwnerRecord, owned: list[Device]) -> CardView:
    theirs = [device for device in owned if _belongs(device, record)]
    return CardView.shown(
        record,
        phones=sorted(record.phones, key=record.phones.__getitem__, reverse=True),
        installations=sorted(record.installations, key=record.installations.__getitem__, reverse=True),
        launches=sum(device.launches.total for device in theirs),
        installed_at=min((device.installed_at for device in theirs if device.installed_at is not None), default=None),
        last_used_at=max((device.last_used_at for device in theirs), default=None),
    )


def _belongs(device: Device, record: OwnerRecord) -> bool:
    if device.application_id != record.application_id or device.owner is None:
        return False
    if record.phone is not None:
        return device.owner.phone == record.phone
    return device.owner.external_user_id == record.external_user_id
