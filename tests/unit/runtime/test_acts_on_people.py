"""What is done to one person is found by them in the audit trail: each such route tells of whom."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from schemas import ids
from schemas.audit_events import Audited
from schemas.values import Recipient
from services.registry.erasure.linked import Linked, Persons
from services.registry.erasure.routes import erasure_routes
from services.registry.http import acting_operator
from services.registry.support.proof_revocation import identity_routes
from services.registry.support.read_access import ReadAccess
from services.runtime.access.partner_auth import Caller
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.directory import Directory
from services.runtime.looks import subject_of
from services.runtime.mongo.erasures import Erasure
from services.status.api.cancel import cancel_routes
from services.status.message import Message
from tests.support.status_events import Story, replay
from tests.unit.runtime.test_audit import ByOperator, Sink
from tests.unit.runtime.test_looks import PHONE, USER, audited, fingerprint

OF_PHONE, OF_USER = subject_of(fingerprint, "phone", PHONE), subject_of(fingerprint, "user", USER)


class Behind:
    """What the routes ask: nobody has a proof, somebody is linked, and one message waits for its hour."""

    def __init__(self, message: Message | None = None) -> None:
        self.directory, self._message = Directory(), message
        self.linked = self

    async def revoke(self, *_: Any) -> list[str]:
        return []

    async def of(self, persons: Persons, _: list[str]) -> Linked:
        return Linked(Persons(persons.users | {USER}, persons.phones), Persons(frozenset(), frozenset({"79110000099"})))

    async def erase(self, *_: Any) -> Erasure:
        return Erasure(erasure_id=ids.uuid7(), at=1, by="operator:duty", subjects=())

    async def view(self, erasure: Erasure) -> dict[str, Any]:
        nothing: dict[str, Any] = {"keys": [], "dropped": {}, "cleaned": {}, "failing": {}}
        return {"erasureId": erasure.erasure_id, "at": erasure.at, "by": erasure.by, "state": erasure.state, **nothing}

    async def load(self, any_ids: list[str]) -> dict[str, Message]:
        return {}

    async def find(self, query: dict[str, str], limit: int) -> list[Message]:
        return [self._message] if self._message is not None and "partner_ref" in query else []


class Served:
    """A router as a service has it, which describes nothing."""

    def __init__(self, router: APIRouter) -> None:
        self._app = FastAPI()
        self._app.include_router(router)
        self._app.dependency_overrides[acting_operator] = lambda: "operator:duty"

    def openapi(self) -> dict[str, Any]:
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


async def recorded(router: APIRouter, path: str, status: int, **body: str) -> Audited:
    """The record of what an operator asked for, which was answered so."""
    sink = Sink()
    transport = httpx.ASGITransport(app=ByOperator(audited(Served(router), sink)))
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    (event,) = sink.events
    assert isinstance(event, Audited)
    assert not any(value in str(event) for value in (PHONE, USER))
    return event


@pytest.mark.parametrize("body", [{"phone": f"+{PHONE}"}, {"externalUserId": USER}])
async def test_the_end_of_proofs_names_whose_they_were(body: dict[str, str]) -> None:
    async def access() -> ReadAccess:
        return ReadAccess(frozenset({"app"}))

    async def caller() -> Caller:
        return Caller(None)

    behind: Any = Behind()
    router = identity_routes(behind, access, caller, PartnerLimits())
    event = await recorded(router, "/v1/identities/revoke", 200, **body)
    assert event.subjects == (OF_PHONE if "phone" in body else OF_USER,)


async def test_an_erasure_names_all_whom_it_reaches_and_no_others() -> None:
    behind: Any = Behind()
    event = await recorded(erasure_routes(behind, behind), "/v1/erasures", 202, phone=f"+{PHONE}")
    assert event.subjects == (OF_PHONE, OF_USER)


async def test_a_cancellation_names_the_message_and_whose_it_is() -> None:
    async def caller() -> Caller:
        return Caller(None)

    story = Story()
    request = story.requested(partner_ref="own-1", recipient=Recipient(phone=PHONE, external_user_id=USER))
    behind: Any = Behind(replay(request, story.scheduled(story.at + 10)))
    event = await recorded(cancel_routes(behind, Sink(), caller), "/v1/messages/own-1/cancel", 202)  # type: ignore[arg-type]
    assert event.messages == (story.message_id,)
    assert event.subjects == (OF_PHONE, OF_USER, subject_of(fingerprint, "id", "own-1"))
