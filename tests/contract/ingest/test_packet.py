"""`POST /v3/batch` over HTTP, with the real Kafka and MongoDB behind it."""

import asyncio
import uuid
from typing import Any

import orjson
import pytest

from schemas import topics
from schemas.events import MessageRequested
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.duplicates.recent import RecentRequests
from services.ingest.http import Beside
from services.ingest.packet.answer import PacketService
from services.ingest.packet.rules import MOST
from services.ingest.rules.errors import Refusal
from services.runtime import mongo
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log import kafka
from services.runtime.mongo.hour_keys import HourKeys
from tests.contract.ingest.test_send import Ingest, ingest
from tests.support.limit_headers import limits_of
from tests.support.log_reader import all_events_of

__all__ = ["ingest"]  # a fixture
BULK = topics.MESSAGE_REQUESTED["bulk"]


def sms(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"from": "DemoBank", "to": f"+7900{number:07}", "text": f"hello {number}", **more}


async def post(ingest: Ingest, messages: Any, key: str = "demokey", **packet: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Key {key}"}
    body = {"messages": messages, **packet}
    async with ingest.http.post(ingest.url + "/v3/batch", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def result(ingest: Ingest, messages: Any, key: str = "demokey", **packet: Any) -> list[dict[str, Any]]:
    status, body = await post(ingest, messages, key, **packet)
    assert status == 200, body
    found: list[dict[str, Any]] = body["result"]
    return found


async def events(ingest: Ingest) -> dict[str, MessageRequested]:
    found = await all_events_of(ingest.settings, BULK)
    return {event.message_id: event for event in found if isinstance(event, MessageRequested)}


async def test_a_full_packet_is_answered_in_order_and_lies_in_the_bulk_lane(ingest: Ingest) -> None:
    entries = await result(ingest, [sms(number) for number in range(MOST)])
    assert [entry["code"] for entry in entries] == ["OK"] * MOST
    (packet_id,) = {entry["packetId"] for entry in entries}
    logged = await events(ingest)
    assert [logged[entry["messageId"]].recipient.phone for entry in entries[:3]] == [
        "79000000000",
        "79000000001",
        "79000000002",
    ]
    of_packet = [event for event in logged.values() if event.packet_id == packet_id]
    assert (len(of_packet), {event.lane for event in of_packet}) == (MOST, {"bulk"})


async def test_one_too_many_and_nothing_is_accepted(ingest: Ingest) -> None:
    before = len(await events(ingest))
    status, body = await post(ingest, [sms(number) for number in range(MOST + 1)])
    assert status == 400
    assert body["result"][0]["reasons"] == [{"key": "too.many.messages", "ref": "messages"}]
    assert len(await events(ingest)) == before


async def test_bad_messages_do_not_reject_their_neighbours(ingest: Ingest) -> None:
    entries = await result(ingest, [sms(1, id="good"), sms(2, to="x"), sms(3, text=""), sms(4)])
    assert [entry["code"] for entry in entries] == ["OK", "REJECTED", "REJECTED", "OK"]
    assert entries[0]["id"] == "good"
    assert "id" not in entries[3]
    assert entries[1] == {
        "code": "REJECTED",
        "messageId": None,
        "reasons": [{"key": "invalid", "ref": "messages[1].to"}],
        "description": entries[1]["description"],
        "packetId": entries[0]["packetId"],
    }
    assert entries[2]["reasons"] == [{"key": "must.be.not.null", "ref": "messages[2].text"}]


async def test_a_packet_that_is_repeated_is_answered_the_same(ingest: Ingest) -> None:
    packet = [sms(number, id=f"r-{uuid.uuid4()}") for number in range(3)]
    first, again = await result(ingest, packet), await result(ingest, packet)
    assert first == again
    assert len({entry["messageId"] for entry in first}) == 3


async def test_an_id_is_the_same_message_here_and_in_a_single_request(ingest: Ingest) -> None:
    reference = str(uuid.uuid4())
    (entry,) = await result(ingest, [sms(1, id=reference)])
    (again,) = await result(ingest, [sms(1, id=reference), sms(2)][:1])
    assert entry["messageId"] == again["messageId"]


async def test_partners_who_refuse_duplicates_are_told_of_each(ingest: Ingest) -> None:
    known, fresh = str(uuid.uuid4()), str(uuid.uuid4())
    await result(ingest, [sms(1, id=known)], "oncekey")
    entries = await result(ingest, [sms(1, id=known), sms(2, id=fresh), sms(3, id=fresh), sms(4)], "oncekey")
    assert [entry["code"] for entry in entries] == ["REJECTED", "OK", "REJECTED", "OK"]
    assert entries[0]["reasons"] == [{"key": "duplicate", "ref": "messages[0].id"}]
    assert entries[2]["reasons"] == [{"key": "duplicate", "ref": "messages[2].id"}]


async def test_of_packets_at_once_one_has_each_id_and_none_waits_for_ever(ingest: Ingest) -> None:
    names = [str(uuid.uuid4()) for _ in range(40)]
    packets = [names, names[::-1], names[20:] + names[:20]]
    results = await asyncio.gather(
        *(result(ingest, [sms(number, id=name) for number, name in enumerate(names)], "oncekey") for names in packets)
    )
    accepted = [entry["id"] for entries in results for entry in entries if entry["code"] == "OK"]
    assert sorted(accepted) == sorted(names)
    keys = {entry["reasons"][0]["key"] for entries in results for entry in entries if entry["code"] != "OK"}
    assert keys == {"duplicate"}


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Key", 401),
        ("Key wrong", 401),
        ("Key demokey demokey", 401),
        ("Key offkey", 401),
        ("Basic demokey", 401),
        ("Key elsewherekey", 403),
        ("key demokey", 200),
    ],
)
async def test_only_a_partner_with_its_key_and_from_its_address_gets_in(
    ingest: Ingest, authorization: str, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with ingest.http.post(ingest.url + "/v3/batch", json={"messages": [sms()]}, headers=headers) as answer:
        assert answer.status == status, await answer.text()


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[", b'"\\ud800"', b'{"messages": ["\\u0000"]}', b"\xff"])
async def test_what_is_no_json_is_refused(ingest: Ingest, body: bytes) -> None:
    headers = {"Authorization": "Key demokey", "Content-Type": "application/json"}
    async with ingest.http.post(ingest.url + "/v3/batch", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["result"][0]["reasons"] == [{"key": "invalid", "ref": "body"}]


async def test_a_packet_counts_as_one_request_of_what_is_left(ingest: Ingest) -> None:
    async def sent(key: str) -> tuple[int, dict[str, dict[str, dict[str, Any]]]]:
        headers = {"Authorization": f"Key {key}"}
        async with ingest.http.post(
            ingest.url + "/v3/batch", json={"messages": [sms(), sms()]}, headers=headers
        ) as answer:
            return answer.status, limits_of(answer.raw_headers)

    answers = await asyncio.gather(*(sent("slowkey") for _ in range(5)))
    assert (200, 1) in [(status, limits["ratelimit"]["rate"]["r"]) for status, limits in answers]
    assert (429, 0) in [(status, limits["ratelimit"]["rate"]["r"]) for status, limits in answers]
    assert await sent("nobody's") == (401, {})


async def test_a_message_that_is_too_large_is_rejected_alone(ingest: Ingest) -> None:
    huge = sms(1, type="PUSH", validity=60, data={"customPayload": "x" * 70_000})
    entries = await result(ingest, [huge, sms(2)])
    assert [entry["code"] for entry in entries] == ["REJECTED", "OK"]
    assert entries[0]["reasons"] == [{"key": "length.too.long", "ref": "messages[0]"}]


async def test_what_cannot_be_written_in_time_is_unknown(ingest: Ingest) -> None:
    class Away:
        async def append(self, records: object, timeout_s: float | None = None) -> None:
            raise kafka.LogUnavailable("no acknowledgement in time")

    secrets = Secrets(ingest.settings.master_key)
    directory, caught_up = Directory(), asyncio.Event()
    following = asyncio.create_task(
        kafka.follow(ingest.settings, topics.APPLICATION_EVENTS, directory.apply, caught_up)
    )
    await caught_up.wait()
    async with mongo.database(ingest.settings) as database:
        claims, keys = DuplicateClaims(database["claims"]), HourKeys(database["hour_keys"], secrets)
        packets = PacketService(
            directory=directory,
            secrets=secrets,
            log=Away(),  # type: ignore[arg-type]
            claims=claims,
            keys=keys,
            limits=PartnerLimits(),
            recent=RecentRequests(),
        )
        packet = orjson.dumps({"messages": [sms(), {}]})
        answer = await packets.answer(packet, directory.partners["demo"], Beside())
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert not isinstance(answer, Refusal)
    status, body = answer
    assert status == 200
    assert b'"key":"unknown","ref":"messages[0]"' in body
    assert b'"key":"must.be.not.null","ref":"messages[1].from"' in body


async def test_a_packets_header_names_fields_by_message(ingest: Ingest) -> None:
    reference = str(uuid.uuid4())
    await result(ingest, [sms(1, id=reference)])
    body = {"messages": [sms(1, id=reference, tex="x"), sms(2, id=reference)], "schedule": {}}
    headers = {"Authorization": "Key demokey"}
    async with ingest.http.post(ingest.url + "/v3/batch", json=body, headers=headers) as answer:
        assert [entry["code"] for entry in (await answer.json())["result"]] == ["OK", "OK"]
        assert answer.headers["RPNS-Warnings"] == (
            "unknown field schedule, did you mean scheduleInfo?; "
            "unknown field messages[0].tex, did you mean text?; "
            "messages[1].id was used before with another recipient or content: the first request stands"
        )
