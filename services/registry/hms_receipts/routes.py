"""Huawei's receipts, `POST /gateway/hms/receipts/<application id>`. Source: `docs/providers.md` §3.4.

The address is entered in AppGallery Connect together with a user name and a secret key, which are the application's
`callback_user` and `callback_secret`; a receipt without their signature is refused, and so is a signature that came
with another body before. What is answered is durable.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Security
from pydantic import BaseModel

from schemas.device_events import DeviceEvent
from schemas.providers import Provider
from schemas.topics import DEVICE_EVENTS, STATUS_EVENTS
from services.registry.device_api import DeviceCommands
from services.registry.hms_receipts.rules import WORDS, HmsReceipt, device_event, message_event, receipts_in
from services.registry.hms_receipts.signature import NotSigned, check
from services.registry.hms_receipts.used_signatures import UsedSignatures
from services.registry.http import PROBLEMS
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.credentials import HmsCredentials
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.http.security_schemes import HUAWEI
from services.runtime.http.server import Problem
from services.runtime.log.kafka import Append
from services.runtime.text import foreign_json

RECEIPTS_PATH = "/gateway/hms/receipts/"
MAX_RECEIPTS_BYTES = 1024 * 1024
log = telemetry.logger("hms-receipts")
_Signature = Annotated[str | None, Header(alias="X-HUAWEI-CALLBACK-ID", max_length=512, include_in_schema=False)]


_BODY = {
    "type": "object",
    "description": "Receipts in Huawei's form, version 1 or 2; what is no receipt of ours is passed over",
    "properties": {"statuses": {"type": "array", "items": {"type": "object"}}},
    "required": ["statuses"],
}


class HuaweiAnswer(BaseModel):
    """What Huawei expects; anything else it sends again."""

    code: str = "0"
    message: str = "success"


def hms_routes(commands: DeviceCommands) -> APIRouter:
    """The one route."""
    used_signatures = UsedSignatures()
    problems: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (400, 401, 413, 503)}
    router = APIRouter(tags=["provider receipts"], responses=problems)

    @router.post(
        RECEIPTS_PATH + "{application_id}",
        summary="Receipts of Huawei Push Kit",
        dependencies=[Security(HUAWEI)],
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}},
    )
    async def post_hms_receipts(
        request: Request, application_id: Annotated[str, Path(max_length=128)], signature: _Signature = None
    ) -> HuaweiAnswer:
        credentials = _credentials(commands, application_id)
        now = now_ms()
        try:
            used = check(signature, credentials.callback_user or "", credentials.callback_secret or "", now)
        except NotSigned as error:
            raise Problem(401, "Not signed", str(error)) from None
        body = await request.body()
        if not used_signatures.admits(application_id, used, body, now):
            raise Problem(401, "Not signed", "the signature was used for another body before")
        found = foreign_json.value_of(foreign_json.text_of(body))
        receipts = receipts_in(found, commands.secrets.delivery_ids, now)
        if receipts is None:
            raise Problem(400, "No receipt", "the body must be JSON with a list of `statuses`")
        await _take(commands, application_id, receipts, now)
        return HuaweiAnswer()

    return router


def _credentials(commands: DeviceCommands, application_id: str) -> HmsCredentials:
    """Raises Problem 404 for an application that takes no receipts."""
    uploaded = commands.directory.credentials.get((application_id, Provider.HMS))
    if uploaded is not None and uploaded.enabled:
        try:
            found = HmsCredentials.model_validate_json(commands.secrets.open(uploaded.sealed, b"credentials"))
        except CannotOpen:
            log.exception("hms credentials are sealed with a key that is not here", application=application_id)
            raise Problem(503, "Service is unavailable") from None
        if found.callback_secret is not None:
            return found
    raise Problem(404, "No receipts are taken", "the application has no `callback_secret` in its hms credentials")


async def _take(commands: DeviceCommands, application_id: str, receipts: Sequence[HmsReceipt], now: int) -> None:
    """Append what follows, for the messages and for the installations; then fold the latter, as the device API does."""
    devices = await commands.devices.load({receipt.delivery.installation_id for receipt in receipts})
    follow: dict[str, DeviceEvent] = {}
    appends = []
    for receipt in receipts:
        device = devices.get(receipt.delivery.installation_id)
        if device is None or device.application_id != application_id:
            continue  # a signature of one application says nothing of another's installations
        event = message_event(receipt, now)
        appends.append(Append(STATUS_EVENTS[event.lane], event.message_id, event))
        known = str(receipt.status) if receipt.status in WORDS else "other"
        telemetry.PROVIDER_RECEIPTS.labels(Provider.HMS.value, known).inc()
        learnt = device_event(receipt, device, commands.secrets.digests(f"hms/{receipt.token}", "token"))
        if learnt is not None:
            follow.setdefault(learnt.event_id, learnt)
    appends += [Append(DEVICE_EVENTS, event.installation_id, event) for event in follow.values()]
    await commands.sink.append(appends)
    await commands.devices.apply(list(follow.values()))
