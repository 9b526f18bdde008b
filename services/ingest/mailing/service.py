"""The things that can be done with a mailing, and when; HTTP is in `api.py`, the sending in `planning/`.

    draft ─start─▶ running ◀─pause, resume─▶ paused        any of these, and done ─cancel─▶ cancelled
                      └─ all are planned ─▶ done ─pause─▶ paused ─resume─▶ running ─▶ done

Messages of a mailing that is done may still wait for their recipients' hours: pause holds them, cancel ends them. Where
none does any more both are refused, and when it ended stays as it was in any case.

Every change is a compare-and-set, then published to `mailing-events`; a repeat changes nothing and is answered alike.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from schemas import ids, lossless
from schemas.application_events import PartnerChanged
from schemas.mailing_events import MailingState
from services.ingest.http import field_error, problem_of
from services.ingest.mailing.audited import note_list, note_mailing
from services.ingest.mailing.model import CANNOT_OPEN, Mailing, MailingChanges
from services.ingest.mailing.publisher import MailingPublisher
from services.ingest.mailing.rules.draft import ChangeBody, MailingBody, draft
from services.ingest.mailing.rules.forecast import Forecast, forecast
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import Mailings
from services.ingest.mailing.templates import CannotContinue, compiled
from services.ingest.mailing.upload import ListForm, Upload, UploadConflict
from services.ingest.mailing.views import STOPPABLE, figures_of, is_settled_of
from services.ingest.rules import Refused, parsed, unknown_fields
from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.directory import Directory
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.http.field_names import suggestion
from services.runtime.http.server import Problem
from services.runtime.lists.lines import ListFault
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.scheduling import windows

log = telemetry.logger("mailings")
_ALLOWED: dict[MailingState, tuple[MailingState, ...]] = {
    "running": ("draft", "paused"),
    "paused": ("running", "done"),
    "cancelled": STOPPABLE,
}
NOTHING_LEFT = "each of its messages has its outcome: there is nothing left to hold or to end"
_TRIES = 10
_MOST_FAULTS, _MOST_OF_NAME = 50, 200


@dataclass(frozen=True)
class MailingService:
    """Changes mailings. Raises Problem for what cannot be done, and TRANSIENT_ERRORS."""

    mailings: Mailings
    directory: Directory
    publisher: MailingPublisher
    outcomes: OutcomesStore

    async def create(self, raw: object, partner: PartnerChanged) -> tuple[Mailing, bool]:
        """A draft, and whether it is new: with a known id and the same content it is the old one."""
        _check_names(MailingBody, raw)
        now = now_ms()
        try:
            drafted = draft(raw, partner, self.directory, now)
        except Refused as refused:
            raise problem_of(refused) from None
        body, definition = drafted.body, lossless.dumps(raw)
        mailing_id = ids.uuid7() if body.id is None else ids.mailing_id_of(partner.uuid, body.id)
        is_segment = drafted.segment is not None
        fresh = Mailing(
            mailing_id=mailing_id,
            partner_id=partner.partner_id,
            ref=body.id,
            name=body.name,
            definition=definition.decode(),
            created_at=now,
            rate_per_s=body.rate_per_s,
            on_bad_lines=body.on_bad_lines,
            on_repeated=body.on_repeated,
            is_segment=is_segment,
            cursor="" if is_segment else 1,
        )
        kept = await self.mailings.create(fresh)
        if kept is fresh:
            await self._publish(fresh, None)
        elif kept.definition != fresh.definition:
            raise Problem(
                409, "Another mailing has this id", errors=[field_error("id", "was used for another mailing")]
            )
        if kept is not fresh:
            note_mailing(kept, kept)
        return kept, kept is fresh

    async def find(self, any_id: str, caller: Caller) -> Mailing:
        """The mailing by its id or the partner's own."""
        candidates = [any_id]
        if caller.partner is not None:
            candidates.append(ids.mailing_id_of(caller.partner.uuid, any_id))
        for mailing_id in candidates:
            found = await self.mailings.find(mailing_id)
            if found is not None and caller.partner_id in (None, found.partner_id):
                return found
        raise Problem(404, "No such mailing")

    async def change(self, mailing: Mailing, body: ChangeBody) -> Mailing:
        """Change rate, name and what broken or repeated lines mean; also while it runs."""
        changes = cast(MailingChanges, body.model_dump(exclude_none=True))
        for _ in range(_TRIES):
            if mailing.state in ("done", "cancelled", "unknown"):
                raise Problem(409, f"The mailing is {mailing.state}")
            if body.on_repeated not in (None, mailing.on_repeated) and mailing.state != "draft":
                raise Problem(409, f"The mailing is {mailing.state}", "only a draft changes onRepeated")
            changed = await self.mailings.change(mailing, changes)
            if changed is not None:
                await self._publish(changed, mailing)
                return changed
            mailing = await self._again(mailing)
        raise Problem(503, "The mailing is being changed by others")

    async def upload(self, mailing: Mailing, body: AsyncIterator[bytes], form: ListForm) -> tuple[Upload, Mailing]:
        """Store a list, or the rest of one."""
        if mailing.is_segment:
            raise Problem(409, "The recipients of this mailing are a segment")
        if mailing.state != "draft":
            raise Problem(409, f"The mailing is {mailing.state}", "only a draft takes recipients")
        if form.first_line > max(mailing.next_line, 2 if form.is_csv else 1):
            rule = f"must be at most {mailing.next_line}, or lines between would be missing"
            raise Problem(409, "Lines would be missing", errors=[field_error("firstLine", rule)])
        template = self.template(mailing)
        opened = await self.mailings.open_upload(mailing)
        if opened is None or form.first_line > max(opened.next_line, 2 if form.is_csv else 1):
            raise Problem(409, "The mailing has been changed meanwhile")
        uploading = Upload(self.mailings, opened, template, form)
        try:
            await uploading.read(body)
        except ListFault as fault:
            understood = f"read as {uploading.understood}"
            raise Problem(400, "Invalid request", understood, [field_error(fault.field, fault.rule)]) from None
        except CannotOpen:
            raise Problem(409, "The mailing cannot go on", CANNOT_OPEN) from None
        except UploadConflict:
            raise Problem(409, "Another upload of this list is under way") from None
        if not await self.mailings.complete(opened.mailing_id, opened.upload):
            raise Problem(409, "Another upload of this list is under way")
        after = await self._again(mailing)
        note_list(mailing, after)
        return uploading, after

    async def clear(self, mailing: Mailing) -> None:
        """Delete the list of a draft."""
        if mailing.state != "draft" or not await self.mailings.clear(mailing):
            raise Problem(409, f"The mailing is {mailing.state}", "only the list of a draft can be deleted")
        note_list(mailing, None)

    async def start(self, mailing: Mailing, at: int | None) -> Mailing:
        """Let it run, now or from `at` (UTC ms) on."""
        now = now_ms()
        return await self._move(mailing, "running", {"start_at": at, "started_at": max(now, at or now)}, self._check)

    def _check(self, mailing: Mailing) -> None:
        """Raise Problem for a draft that cannot be started."""
        if mailing.state == "draft":
            self.template(mailing)
            if not mailing.is_segment:
                _check_list(mailing)

    async def pause(self, mailing: Mailing) -> Mailing:
        await self._check_stoppable(mailing)
        return await self._move(mailing, "paused", {"was_held": True})

    async def resume(self, mailing: Mailing) -> Mailing:
        if mailing.state == "draft":
            raise Problem(409, "The mailing is a draft", "start it")
        return await self._move(mailing, "running", {})

    async def cancel(self, mailing: Mailing) -> Mailing:
        await self._check_stoppable(mailing)
        cancelled = await self._move(mailing, "cancelled", {"finished_at": now_ms()})
        await self.mailings.lists.delete_recipients(cancelled.mailing_id)
        return cancelled

    async def _check_stoppable(self, mailing: Mailing) -> None:
        """Raise Problem for one of which all is known, as counted last."""
        counted = (await self.outcomes.latest([mailing.mailing_id]))[mailing.mailing_id]
        if is_settled_of(mailing, figures_of(mailing, counted), self.usable_template(mailing)):
            raise Problem(409, f"The mailing is {mailing.state}", NOTHING_LEFT)

    def usable_template(self, mailing: Mailing) -> Template | None:
        """None when the mailing cannot go on."""
        try:
            return compiled(mailing, self.directory)[0]
        except CannotContinue:
            return None

    def forecast(self, mailing: Mailing, template: Template, recipients: int, now: int) -> Forecast:
        """The forecast for the recipients who are still to be planned."""
        zone, _ = windows.partner_zone(template.request.utc_offset_min)
        start = max(now, mailing.start_at or 0)
        return forecast(recipients, mailing.rate_per_s, template.request.schedule, zone, start)

    async def _move(
        self,
        mailing: Mailing,
        to: MailingState,
        changes: MailingChanges,
        check: Callable[[Mailing], None] | None = None,
    ) -> Mailing:
        for _ in range(_TRIES):
            if mailing.state == to:
                note_mailing(mailing, mailing)
                return mailing
            if check is not None:
                check(mailing)
            if mailing.state not in _ALLOWED[to]:
                raise Problem(409, f"The mailing is {mailing.state}")
            ended: MailingChanges = {} if mailing.finished_at is None else {"finished_at": mailing.finished_at}
            moved = await self.mailings.change(mailing, {**changes, **ended, "state": to, "reason": ""})
            if moved is not None:
                await self._publish(moved, mailing)
                return moved
            mailing = await self._again(mailing)
        raise Problem(503, "The mailing is being changed by others")

    async def _again(self, mailing: Mailing) -> Mailing:
        found = await self.mailings.find(mailing.mailing_id)
        if found is None:
            raise Problem(404, "No such mailing")
        return found

    async def _publish(self, mailing: Mailing, before: Mailing | None) -> None:
        """The change is stored; if it cannot be published now, the planner publishes it."""
        note_mailing(mailing, before)
        try:
            await self.publisher.publish(mailing)
        except TRANSIENT_ERRORS as error:
            log.warning("a mailing's change is published later", mailing=mailing.mailing_id, error=repr(error))

    def template(self, mailing: Mailing) -> Template:
        try:
            return compiled(mailing, self.directory)[0]
        except CannotContinue as why:
            raise Problem(409, "The mailing cannot go on", str(why)) from None


def change_of(raw: object) -> ChangeBody:
    """What a body asks to change. Raises Problem."""
    _check_names(ChangeBody, raw)
    try:
        body = parsed(ChangeBody, raw, "")
    except Refused as refused:
        raise problem_of(refused) from None
    if not body.model_dump(exclude_none=True):
        rule = "must name ratePerS, name, onBadLines or onRepeated"
        raise Problem(400, "Invalid request", errors=[field_error("body", rule)])
    return body


def _check_names(model: type[BaseModel], raw: object) -> None:
    """Refuse unknown fields, all at once, as the native API does."""
    if unknown := unknown_fields(model, raw):
        errors = [field_error(name.path[:_MOST_OF_NAME], "unknown field" + suggestion(name.meant)) for name in unknown]
        raise Problem(400, "Invalid request", errors=errors[:_MOST_FAULTS])


def _check_list(mailing: Mailing) -> None:
    if not mailing.is_complete:
        rule = f"is not complete: the last upload was cut off, it goes on at line {mailing.next_line}"
        raise Problem(409, "The list is not complete", errors=[field_error("recipients", rule)])
    if mailing.refused and mailing.on_bad_lines == "refuse":
        rule = f"{mailing.refused} lines are broken: mend the list, or set onBadLines to skip"
        raise Problem(409, "The list has broken lines", errors=[field_error("recipients", rule)])
    if not mailing.recipients:
        raise Problem(
            409, "The list is empty", errors=[field_error("recipients", "must contain at least one recipient")]
        )
