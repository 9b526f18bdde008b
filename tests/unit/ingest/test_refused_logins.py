"""Wrong logins where partners send: they are told to the audit trail, and what a partner itself may not is not."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from schemas import codec
from schemas.application_events import PartnerChanged
from services.runtime.access.logins import Logins
from services.runtime.access.refusals import Refusals
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from tests.support.apps import all_apps
from tests.support.requests import PARTNER, request
from tests.unit.runtime.test_refusals import Sink, record_of

KEY = "k" * 30


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def refusals(sink: Sink) -> Refusals:
    return Refusals(sink, "ingest", ())  # type: ignore[arg-type]


class _Known(Logins):
    """Whose login is known has the right password."""

    def known(self, login: str, password: str, address: str) -> PartnerChanged | None:
        return PARTNER.replace(max_rate_per_s=1) if login == "bank" else None


@pytest.fixture
async def client(refusals: Refusals) -> AsyncIterator[httpx.AsyncClient]:
    directory, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    digests = (secrets.digest(KEY, "batch-key"),)
    partner = PARTNER.replace(batch_key_digests=digests, subnets=("192.0.2.0/24",))
    directory.apply(partner.entity_key, codec.encode(partner))
    logins = _Known(directory, secrets)
    app = all_apps(directory, secrets, logins, refusals.note)["ingest"]
    transport = httpx.ASGITransport(app=app, client=("198.51.100.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as found:
        yield found
    logins.close()


async def sent(client: httpx.AsyncClient, **fields: Any) -> int:
    return (await client.post("/v6/send", content=orjson.dumps(request(**fields)))).status_code


async def test_wrong_logins_are_in_the_audit_trail_with_their_number(
    client: httpx.AsyncClient, refusals: Refusals, sink: Sink
) -> None:
    answers = [await sent(client, login="nobody") for _ in range(25)]
    assert set(answers) == {401, 429}, "the guesses are slowed down, and so are these answers"
    await refusals.flush()
    assert sorted(record_of(event) for event in sink.events) == [
        ("unknown", "198.51.100.7", status, answers.count(status))
        for status in (401, 429)
        if answers.count(status) >= 10
    ]
    assert {event.path for event in sink.events} == {"/v6/send"}


async def test_wrong_keys_of_packets_are_as_well(client: httpx.AsyncClient, refusals: Refusals, sink: Sink) -> None:
    for _ in range(12):
        answer = await client.post("/v3/batch", content=b"{}", headers={"Authorization": "Key nobodys"})
        assert answer.status_code == 401
    await refusals.flush()
    assert [(*record_of(event), event.path) for event in sink.events] == [
        ("unknown", "198.51.100.7", 401, 12, "/v3/batch")
    ]


async def test_a_partners_key_from_elsewhere_is_told_of_at_once_and_apart_from_guesses(
    client: httpx.AsyncClient, refusals: Refusals, sink: Sink
) -> None:
    for key in (KEY, *["nobodys"] * 10):
        await client.post("/v3/batch", content=b"{}", headers={"Authorization": f"Key {key}"})
    await refusals.flush()
    assert [record_of(event) for event in sink.events] == [
        ("partner:demo", "198.51.100.7", 403, 1),
        ("unknown", "198.51.100.7", 401, 10),
    ]


async def test_a_partner_that_asks_too_much_or_wrongly_is_not(
    client: httpx.AsyncClient, refusals: Refusals, sink: Sink
) -> None:
    answers = [await sent(client, login="bank", message={"type": "PIGEON", "data": {}}) for _ in range(30)]
    assert answers.count(429) >= 10
    assert set(answers) == {406, 429}
    await refusals.flush()
    assert sink.events == []
