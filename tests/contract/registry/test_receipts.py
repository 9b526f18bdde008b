"""Receipts by the fast path and by the documented route: the same answers, and no question to the database."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from schemas import ids
from services.registry.devices.store import DeviceStore
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import master_key
from tests.conftest import Servers, own_settings
from tests.contract.registry.test_device_api import token
from tests.support.registry_app import Phone, Registry, registry

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


def receipt(here: Registry, phone: Phone, **changes: Any) -> dict[str, Any]:
    message = ids.uuid7()
    delivery = here.secrets.delivery_ids.of(message, 0, phone.installation_id)
    return {
        "messageId": message,
        "deliveryId": delivery,
        "kind": "delivered",
        "happenedAt": now_ms(),
    } | changes


def former_credential(here: Registry, phone: Phone, proof_hash: str) -> str:
    return master_key._former(here.secrets._current, phone.installation_id, proof_hash)


async def test_a_receipt_is_taken_while_the_database_is_away(here: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = await here.installed()

    async def away(*_: object, **__: object) -> Any:
        raise mongo.Unavailable("away")

    for name in ("load", "apply", "with_unproven_tokens"):
        monkeypatch.setattr(DeviceStore, name, away)
    results = (await phone.ok("POST", "/receipts", {"receipts": [receipt(here, phone)]}))["results"]
    assert [result["accepted"] for result in results] == [True]


async def test_a_credential_of_the_former_form_is_answered_alike(here: Registry) -> None:
    phone = await here.installed()
    body = {"receipts": [receipt(here, phone), receipt(here, phone, kind="eaten"), "nonsense"]}
    fast = await phone.call("POST", "/receipts", body)
    stored = (await here.devices.load([phone.installation_id]))[phone.installation_id]
    phone.credential = former_credential(here, phone, stored.proof_hash)
    slow = await phone.call("POST", "/receipts", body)
    assert fast.status_code == slow.status_code == 200
    assert fast.content == slow.content
    assert fast.headers["content-type"] == slow.headers["content-type"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"null", 400),
        (b'{"receipts": []}', 400),
        (b'{"receipts": ["x"], "more": 1}', 400),
        (b'{"receipts": [' + b'"x",' * 500 + b'"x"]}', 400),
        (b'{"receipts": ["' + b"x" * 530_000 + b'"]}', 413),
    ],
)
async def test_a_broken_body_is_refused_by_field_and_rule(here: Registry, content: bytes, status: int) -> None:
    phone = await here.installed()
    headers = {"Authorization": f"Bearer {phone.credential}", "Content-Type": "application/json"}
    url = f"/sdk/api/v1/installations/{phone.installation_id}/receipts"
    answer = await here.client.post(url, content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("form", ["self-proving", "former", "nothing"])
async def test_nobody_brings_receipts_of_another_installation(here: Registry, form: str) -> None:
    mine, theirs = await here.installed(), await here.installed()
    stored = (await here.devices.load([mine.installation_id]))[mine.installation_id]
    mine_of = {"self-proving": mine.credential, "former": former_credential(here, mine, stored.proof_hash)}
    theirs.credential = mine_of.get(form, "")
    answer = await theirs.call("POST", "/receipts", {"receipts": [receipt(here, theirs)]})
    assert answer.status_code == 401


async def test_a_wrong_api_key_beside_a_right_credential_is_refused(here: Registry) -> None:
    phone = await here.installed()
    body = {"receipts": [receipt(here, phone)]}
    assert (await phone.call("POST", "/receipts", body, headers={"X-Api-Key": "wrong"})).status_code == 401


async def test_an_application_that_is_switched_off_brings_no_receipts(
    here: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await here.installed()
    app = here.directory.applications["app"]
    monkeypatch.setitem(here.directory.applications, "app", app.replace(enabled=False))
    answer = await phone.call("POST", "/receipts", {"receipts": [receipt(here, phone)]})
    assert answer.status_code == 403


async def test_a_token_is_noted_to_work_once_and_only_by_a_receipt_that_is_younger(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("PUT", "/token", token())
    await phone.ok("POST", "/receipts", {"receipts": [receipt(here, phone, happenedAt=now_ms() - 60_000)]})
    await here.worked.note()
    assert not await works(here, phone)
    await phone.ok("POST", "/receipts", {"receipts": [receipt(here, phone, happenedAt=now_ms() + 5000)]})
    await here.worked.note()
    assert await works(here, phone)
    assert await here.devices.with_unproven_tokens([phone.installation_id]) == []


async def test_what_could_not_be_noted_is_noted_later(here: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = await here.installed()
    await phone.ok("PUT", "/token", token())
    await phone.ok("POST", "/receipts", {"receipts": [receipt(here, phone, happenedAt=now_ms() + 5000)]})

    async def away(*_: object) -> Any:
        raise mongo.Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(DeviceStore, "with_unproven_tokens", away)
        with pytest.raises(mongo.Unavailable):
            await here.worked.note()
    await here.worked.note()
    assert await works(here, phone)


async def test_whoever_tells_too_much_is_told_to_wait_and_the_answer_says_how_long(here: Registry) -> None:
    phone = await here.installed()
    body = {"receipts": [receipt(here, phone)] * 300}
    answers = [await phone.call("POST", "/receipts", body) for _ in range(4)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert orjson.loads(answers[-1].content)["title"] == "Too many requests"


async def works(here: Registry, phone: Phone) -> bool:
    device = (await here.devices.load([phone.installation_id]))[phone.installation_id]
    return device.token is not None and device.token.worked
