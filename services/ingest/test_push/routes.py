"""HTTP of test pushes: an operator sends one push to one customer, in the name of a partner and by its sender.

    POST /v1/test-pushes    {partnerId, serviceNumber, phone or user, text, …}    202 {messageId, mtNum, id}

It is a message like the partner's own, seen, counted and traced as such, but nothing is reported to the partner, who
has not asked for it. Its reference is `test:` and the `id` of the request: the same again is the same message.
"""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from schemas import ids
from schemas.application_events import PartnerChanged
from services.ingest.duplicates import REPEATED
from services.ingest.http import field_error, problem_of
from services.ingest.rules import Refused, Request, accept, parsed
from services.ingest.send import SendService
from services.runtime.access.audit import note_change
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.http.field_names import RequestBody
from services.runtime.http.server import Problem, ProblemBody
from services.runtime.looks import note_people
from services.runtime.text import phones
from services.runtime.text.storable import Text

PATH = "/v1/test-pushes"
REFERENCE = "test:"
"""How the partner's own id of such a message begins."""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody} for status in (400, 401, 403, 409, 413, 503)
}
_FIELDS = {
    "destAddr": "phone",
    "message.data.externalUserId": "user",
    "message.data.serviceNumber": "serviceNumber",
    "message.data.title": "title",
    "message.data.text": "text",
    "message.data.ttl": "ttlS",
}
"""What the rules of messages call the fields."""


class TestPushBody(RequestBody):
    """The push, and to whom. Somebody is named by phone, by user id, or by both."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel, populate_by_name=True)

    partner_id: Annotated[Text, Field(max_length=100, description="in whose name")]
    service_number: Annotated[
        Text, Field(min_length=1, max_length=100, description="by which of the partner's senders")
    ]
    phone: Annotated[Text, Field(max_length=40)] | None = None
    user: Annotated[Text, Field(max_length=200)] | None = None
    title: Annotated[Text, Field(max_length=80)] | None = None
    text: Annotated[Text, Field(min_length=1, max_length=1000)]
    ttl_s: Annotated[int, Field(ge=30, le=86_400, description="seconds after which it is not sent any more")] = 300
    id: Annotated[Text, Field(min_length=1, max_length=60, description="the same again sends nothing twice")]

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.phone and not self.user:
            raise ValueError("phone or user must be given")
        return self


class TestPushView(BaseModel):
    """The message that it has become."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    message_id: str
    mt_num: str
    id: str


def test_push_routes(sending: SendService, directory: Directory, check: CallerOf) -> APIRouter:
    """`check` is the dependency of `services/runtime/access/partner_auth.py`."""
    router = APIRouter(prefix=PATH, tags=["test pushes"], responses=_PROBLEMS)
    caller_of = Depends(check)

    @router.post("", status_code=202, summary="Send one push to one customer")
    async def send_test_push(body: TestPushBody, caller: Caller = caller_of) -> TestPushView:
        """In the name of a partner, to whom nothing is reported."""
        if caller.operator is None:
            raise Problem(403, "For operators")
        note_people(phones=[body.phone and phones.normalise(body.phone)], users=[body.user])
        partner = directory.enabled_partner(body.partner_id)
        if partner is None:
            rule = "is switched off" if body.partner_id in directory.partners else "must name a partner"
            raise Problem(400, "Invalid request", errors=[field_error("partnerId", rule)])
        reference, warnings = REFERENCE + body.id, list[str]()
        try:
            request = parsed(Request, _request(body, reference), "")
            accepted = accept(request, partner, directory, now_ms(), draw_id=ids.uuid7)
            event = await sending.store(accepted, partner, warnings)
        except Refused as refused:
            raise problem_of(refused, _FIELDS) from None
        if REPEATED in warnings:
            raise Problem(409, "Duplicate request", errors=[field_error("id", REPEATED)])
        _note(event.message_id, partner, body)
        return TestPushView(message_id=event.message_id, mt_num=str(event.mt_num), id=reference)

    return router


def _request(body: TestPushBody, reference: str) -> dict[str, Any]:
    """The body that the partner would have sent for it."""
    data = {
        "text": body.text,
        "title": body.title,
        "serviceNumber": body.service_number,
        "externalUserId": body.user,
        "ttl": body.ttl_s,
        "ttlUnit": "SECONDS",
    }
    return {
        "id": reference,
        "destAddr": body.phone,
        "registeredDelivery": 0,
        "message": {"type": "PUSH", "data": {name: value for name, value in data.items() if value is not None}},
    }


def _note(message_id: str, partner: PartnerChanged, body: TestPushBody) -> None:
    after = {"partner_id": partner.partner_id, "service_number": body.service_number}
    note_people(messages=[message_id])
    note_change(f"test-push/{message_id}", {}, after)
