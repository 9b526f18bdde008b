"""`POST /v1/test-pushes` over HTTP: a message like the partner's own, of which nothing is reported to the partner."""

from typing import Any

import pytest

from schemas import topics
from schemas.audit_events import Audited
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.looks import subject_of
from tests.contract.ingest.test_send import ADMIN, Ingest, ingest
from tests.support.log_reader import all_events_of

__all__ = ["ingest"]  # a fixture
PUSH = {
    "partnerId": "demo",
    "serviceNumber": "DemoBank",
    "phone": "79161234567",
    "text": "Is anybody there?",
    "id": "some",
}


async def sent(ingest: Ingest, token: str = ADMIN, url: str = "", **fields: Any) -> tuple[int, Any]:
    body = {name: value for name, value in {**PUSH, **fields}.items() if value is not None}
    headers = {"authorization": f"Bearer {token}"}
    where = (url or ingest.operators_url) + "/v1/test-pushes"
    async with ingest.http.post(where, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_it_is_a_message_of_the_partner_that_is_not_reported(ingest: Ingest) -> None:
    status, answer = await sent(ingest, title="Test", user="user-1", id="one")
    assert (status, answer["id"]) == (202, "test:one")
    (event,) = await ingest.events(answer["messageId"])
    assert (event.partner_id, event.partner_ref, event.mt_num) == ("demo", "test:one", answer["mtNum"])
    assert (event.recipient.phone, event.recipient.external_user_id) == ("79161234567", "user-1")
    assert event.reports.registered_delivery == 0
    (link,) = event.chain
    assert link.ttl_ms == 300_000
    records = [
        event for event in await all_events_of(ingest.settings, topics.AUDIT_EVENTS) if isinstance(event, Audited)
    ]
    (record,) = [each for each in records if each.route == "/v1/test-pushes" and each.status == 202]
    assert [change.entity for change in record.changes] == [f"test-push/{answer['messageId']}"]
    fingerprint = OperatorTokens(Directory(), Secrets(ingest.settings.master_key), "").fingerprint
    expected = [subject_of(fingerprint, "phone", "79161234567"), subject_of(fingerprint, "user", "user-1")]
    assert list(record.subjects) == expected
    assert record.messages == (answer["messageId"],)
    assert "anybody" not in str(record)
    assert "79161234567" not in str(record)


async def test_the_same_id_is_the_same_message(ingest: Ingest) -> None:
    first, second = await sent(ingest, id="twice"), await sent(ingest, id="twice")
    assert first == second
    assert (await sent(ingest, id="another"))[1]["messageId"] != first[1]["messageId"]
    for other in ({"phone": "79161234568"}, {"text": "Another text"}):
        status, answer = await sent(ingest, id="twice", **other)
        assert (status, answer["errors"][0]["field"]) == (409, "id"), "the first stands, and nobody believes otherwise"
    assert (await sent(ingest, partnerId="once", id="twice"))[0] == 202
    assert (await sent(ingest, partnerId="once", id="twice"))[0] == 409


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"partnerId": "nobody"}, "partnerId"),
        ({"serviceNumber": "Other"}, "serviceNumber"),
        ({"phone": "12"}, "phone"),
        ({"phone": None}, "body"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"ttlS": 1}, "ttlS"),
        ({"txt": "x"}, "txt"),
        ({"partnerId": "off"}, "partnerId"),
        ({"serviceNumber": ""}, "serviceNumber"),
        ({"text": "a\u0000b"}, "text"),
        ({"id": None}, "id"),
    ],
)
async def test_what_is_wrong_is_named(ingest: Ingest, fields: Any, field: str) -> None:
    before = await ingest.count()
    status, answer = await sent(ingest, **fields)
    assert (status, [error["field"] for error in answer["errors"]]) == (400, [field])
    assert await ingest.count() == before


async def test_only_operators_may(ingest: Ingest) -> None:
    assert (await sent(ingest, token="wrong"))[0] == 401
    assert (await sent(ingest, url=ingest.url))[0] == 404
