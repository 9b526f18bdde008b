"""What is not accepted of partners: counted by cause, within bounds, written once, and without what was given."""

import base64
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import orjson
import pytest

from schemas import codec
from schemas.application_events import PartnerChanged
from schemas.audit_events import Audited
from services.ingest.http import Beside
from services.ingest.refused import Cause, RefusedRequests
from services.ingest.refused.counts import MOST_CAUSES, MOST_PARTNERS, OTHERS
from services.ingest.refused.kept import kept_field, kept_reference, kept_rule
from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, LogUnavailable
from services.runtime.text import phones
from tests.support.apps import all_apps
from tests.support.requests import PARTNER, Senders, request
from tests.unit.ingest.test_packet import GOOD, Kept, answered

PHONE, TEXT = "79110000067", "your code is 1234"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"bank:secret").decode()}


class Sink:
    """`is_away`: the log takes nothing."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.is_away = False

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        if self.is_away:
            raise LogUnavailable
        self.events += [record.event for record in records]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def counted(sink: Sink) -> RefusedRequests:
    return RefusedRequests(sink, "ingest")  # type: ignore[arg-type]


class _Known(Logins):
    """Whose login and password are known has the right ones."""

    def known(self, login: str, password: str, address: str) -> PartnerChanged | None:
        return PARTNER if (login, password) == ("bank", "secret") else None


@pytest.fixture
async def client(counted: RefusedRequests) -> AsyncIterator[httpx.AsyncClient]:
    directory, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    keyed = PARTNER.replace(batch_key_digests=(secrets.digest("k1", "batch-key"),))
    directory.apply(keyed.entity_key, codec.encode(keyed))
    sender = Senders().sender("demo", "DemoBank")
    assert sender is not None
    directory.senders["demo", "DemoBank"] = sender
    logins = _Known(directory, secrets)
    app = all_apps(directory, secrets, logins, counted=counted)["ingest"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://rpns") as found:
        yield found
    logins.close()


def cause(field: str = "destAddr", rule: str = "mandatory", status: int = 400) -> Cause:
    return Cause("POST", "/v6/send", status, "4", field=field, rule=rule)


def row(event: Audited) -> tuple[Any, ...]:
    why = event.not_accepted
    assert why is not None
    return event.path, event.status, why.code, why.field, why.rule, event.count, why.last_ref


async def rows(counted: RefusedRequests, sink: Sink) -> list[tuple[Any, ...]]:
    await counted.flush()
    return [row(event) for event in sink.events]


async def test_one_cause_is_one_record_with_its_number_its_times_and_the_last_id(
    counted: RefusedRequests, sink: Sink
) -> None:
    for reference in ("a1", "a2", None):
        counted.note(PARTNER, cause(), reference)
    assert await rows(counted, sink) == [("/v6/send", 400, "4", "destAddr", "mandatory", 3, "a2")]
    await counted.flush()
    [event] = sink.events
    assert event.not_accepted.first_at <= event.at
    assert (event.who, event.who_id) == (f"partner:{PARTNER.login}", f"partner/{PARTNER.partner_id}")


async def test_causes_and_partners_are_bounded_and_the_rest_of_a_partner_is_added_up(
    counted: RefusedRequests, sink: Sink
) -> None:
    for status in range(MOST_CAUSES + 5):
        counted.note(PARTNER, cause(status=status))
    for number in range(MOST_PARTNERS + 5):
        counted.note(PARTNER.replace(partner_id=f"p{number}"), cause())
    await counted.flush()
    own = [event for event in sink.events if event.who_id == f"partner/{PARTNER.partner_id}"]
    assert len(own) == MOST_CAUSES + 1
    assert row(own[-1]) == ("", 0, "", "", OTHERS.rule, 5, "")
    assert len({event.who_id for event in sink.events}) == MOST_PARTNERS


async def test_what_the_log_did_not_take_is_the_same_record_a_minute_later(
    counted: RefusedRequests, sink: Sink
) -> None:
    sink.is_away = True
    counted.note(PARTNER, cause())
    await counted.flush()
    counted.note(PARTNER, cause())
    await counted.flush()
    sink.is_away = False
    assert [count for *_, count, _ in await rows(counted, sink)] == [1, 1]
    await counted.close()
    assert len({event.event_id for event in sink.events}) == 2


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("", ""),
        ("message.data.ttl", "message.data.ttl"),
        ("cascadeChainLink.nextLink.message.type", "cascadeChainLink.nextLink.message.type"),
        ("message.data.content.actions[2].title", "message.data.content.actions[].title"),
        (f"message.data.extraOptions.SECURE.{PHONE}", "message.data.extraOptions.SECURE.…"),
        (f"message.data.customPayload.{PHONE}.ttl", "message.data.customPayload.…"),
        (PHONE, "…"),
    ],
)
def test_a_field_is_kept_as_far_as_the_code_names_it(field: str, kept: str) -> None:
    assert kept_field(field) == kept


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("must have at most 80 characters", "must have at most 80 characters"),
        ("must be DELIVERED or READ", "must be DELIVERED or READ"),
        (f"no value for the placeholder %{PHONE}%", "no value for the placeholder %…%"),
        ("unknown field, did you mean ttl?", "unknown field, did you mean ttl?"),
        (f"there is nothing at /v1/{PHONE}", "there is nothing at …"),
        (TEXT, ""),
    ],
)
def test_a_rule_is_kept_without_what_was_given(rule: str, kept: str) -> None:
    assert kept_rule(rule) == kept


@pytest.mark.parametrize(("reference", "kept"), [("order-7", "order-7"), (PHONE, ""), ("+7 911 000-00-67", "")])
def test_an_id_is_kept_unless_it_may_be_a_phone(reference: str, kept: str) -> None:
    assert kept_reference(reference) == kept


@pytest.mark.parametrize("reference", [7, "", None, "a\n", "a" * 101, {"phone": PHONE}])
def test_what_is_no_id_is_not_kept(reference: object) -> None:
    assert kept_reference(reference) == ""


async def test_each_way_to_send_is_counted_of_who_has_proved_to_be_a_partner(
    client: httpx.AsyncClient, counted: RefusedRequests, sink: Sink
) -> None:
    given = request(login="bank", password="secret", destAddr="x", id="order-1")
    await client.post("/v6/send", content=orjson.dumps({**given, "password": "wrong"}))
    await client.post("/v6/send", content=b"{")
    assert await rows(counted, sink) == []
    await client.post("/v6/send", content=orjson.dumps(given))
    await client.post("/v6/send", content=orjson.dumps({**given, "destAddr": 7, "id": "order-2"}))
    empty = await client.post("/v3/batch", headers={"Authorization": "Key k1"}, json={"messages": []})
    assert empty.status_code == 400
    assert (await client.post("/v1/mailings", headers=BASIC, json={PHONE: TEXT})).status_code == 400
    found = await rows(counted, sink)
    assert found == [
        ("/v6/send", 406, "8", "destAddr", phones.RULE, 1, "order-1"),
        ("/v6/send", 400, "4", "destAddr", "must be a string: write it in quotes", 1, "order-2"),
        ("/v3/batch", 400, "must.be.not.null", "messages", "must hold 1 to 3000 messages", 1, ""),
        ("/v1/mailings", 400, "", "…", "unknown field", 1, ""),
    ]
    assert nothing_given_is_in(sink)


async def test_what_an_answered_packet_rejects_is_counted_message_by_message(
    counted: RefusedRequests, sink: Sink
) -> None:
    lines = [GOOD, {**GOOD, "id": "l1", "to": "x"}, {**GOOD, "id": "l2", "to": "y"}, {**GOOD, "to": None}, PHONE]
    beside = Beside(partner=PARTNER)
    await answered(Kept(), lines, beside)
    counted.note_answer("/v3/batch", (200, b""), beside)
    assert await rows(counted, sink) == [
        ("/v3/batch", 200, "invalid", "to", phones.RULE, 2, "l2"),
        ("/v3/batch", 200, "must.be.not.null", "to", "mandatory unless data.externalUserId is given", 1, ""),
        ("/v3/batch", 200, "invalid", "", "must be an object", 1, ""),
    ]
    assert nothing_given_is_in(sink)


def nothing_given_is_in(sink: Sink) -> bool:
    written = b"".join(codec.encode(event) for event in sink.events)
    return not any(value.encode() in written for value in (PHONE, TEXT, "secret"))
