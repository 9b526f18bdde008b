"""`POST /v6/send` over HTTP, with the real Kafka and MongoDB behind it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from deploy.local import Stack
from deploy.local.ports import free_ports
from schemas import codec, ids, topics
from schemas.application_events import PartnerChanged, SenderChanged
from schemas.events import MessageRequested
from services.ingest.__main__ import start
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.log import kafka
from services.runtime.mongo.hour_keys import HourKeys, open_values
from services.runtime.process import Process
from services.runtime.settings import Settings
from tests.conftest import Servers
from tests.support.limit_headers import limits_of
from tests.support.log_reader import events_of
from tests.support.requests import cascade, option, push, request
from tests.support.waiting import WAIT_S, eventually

TOPIC = topics.MESSAGE_REQUESTED["single"]
NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("demo")
ADMIN = "an operators' token of the tests, long enough"
HTTP = {1: 503, 2: 403, 3: 429, 4: 400, 5: 401, 6: 401, 7: 400, 8: 406, 9: 406, 10: 409, 11: 406}
PARTNERS: dict[str, dict[str, Any]] = {
    "demo": {},
    "elsewhere": {"subnets": ("203.0.113.0/24",)},
    "once": {"reject_duplicates": True},
    "slow": {"max_rate_per_s": 2},
    "off": {"enabled": False},
}


@dataclass(frozen=True)
class Ingest:
    """The running service, seen from outside."""

    settings: Settings
    url: str
    operators_url: str
    http: aiohttp.ClientSession

    async def post(self, body: Any, **headers: str) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        async with self.http.post(self.url + "/v6/send", data=raw, headers=given) as answer:
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()

    async def refused(self, body: Any, **headers: str) -> tuple[int, str]:
        """Code and detail of an error, whose form and HTTP status are checked."""
        status, answer = await self.post(body, **headers)
        assert set(answer) == {"error", "extendedDescription"}, answer
        assert set(answer["error"]) == {"code", "description"}
        assert status == HTTP[answer["error"]["code"]]
        return answer["error"]["code"], answer["extendedDescription"]

    async def count(self) -> int:
        """How many records the topic holds."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap)
        await reader.start()
        try:
            name = self.settings.kafka_topic_prefix + TOPIC.name
            places = [TopicPartition(name, number) for number in range(self.settings.kafka_partitions)]
            return sum((await reader.end_offsets(places)).values())
        finally:
            await reader.stop()

    async def events(self, message_id: str) -> list[MessageRequested]:
        """What the topic holds of a message."""
        found = await events_of(self.settings, TOPIC, await self.count())
        return [event for event in found if isinstance(event, MessageRequested) and event.message_id == message_id]


async def provision(settings: Settings) -> None:
    await kafka.create_topics(settings)
    async with kafka.opened_log(settings) as log:
        for login, changes in PARTNERS.items():
            uuid = ids.uuid5(NAMESPACE, login)
            given: dict[str, Any] = {"event_id": uuid, "at": 0, "partner_id": login}
            partner = PartnerChanged(
                **given,
                uuid=uuid,
                login=login,
                password_hash=HASH,
                default_sender="DemoBank",
                batch_key_digests=(Secrets(settings.master_key).digest(f"{login}key", "batch-key"),),
            )
            sender = SenderChanged(**given, service_number="DemoBank", application_id="bank")
            events = (partner.replace(**changes), sender)
            await log.append([kafka.Append(topics.APPLICATION_EVENTS, event.entity_key, event) for event in events])


@pytest.fixture(scope="module")
async def ingest(stack_servers: Servers) -> AsyncIterator[Ingest]:
    """The service as its process would run it, in this one."""
    port, operators = free_ports(2)
    environment = {
        "KAFKA_BOOTSTRAP": stack_servers.kafka_bootstrap,
        "MONGO_URL": stack_servers.mongo_url,
        "KAFKA_TOPIC_PREFIX": "ingest-",
        "MONGO_DATABASE": "ingest",
        "KAFKA_PARTITIONS": "2",
        "KAFKA_REPLICATION": "1",
        "RPNS_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
        "RPNS_TRUSTED_PROXIES": "127.0.0.1/32",
        "RPNS_PORT": str(port),
        "RPNS_OPERATORS_PORT": str(operators),
        "RPNS_ADMIN_TOKEN": ADMIN,
    }
    settings = Settings.from_environment(environment)
    await provision(settings)
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as http:
        process = Process("ingest", settings, stack)
        await start(process)
        await eventually(lambda: is_ready(process))
        yield Ingest(settings, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{operators}", http)
        process.stop.set()
        await process.finish(10)


async def answers(ingest: Ingest, body: Any, status: int) -> bool:
    return (await ingest.post(body))[0] == status


async def is_ready(process: Process) -> bool:
    return not await process.not_ready()


def once(**fields: Any) -> dict[str, Any]:
    return request(login="once", **fields)


async def test_an_accepted_message_is_in_the_log(ingest: Ingest) -> None:
    status, answer = await ingest.post(request(id="8770599"))
    message_id = ids.message_id_of(ids.uuid5(NAMESPACE, "demo"), "8770599")
    assert (status, answer) == (200, {"mtNum": ids.mt_num_of(message_id), "id": "8770599"})
    (event,) = await ingest.events(message_id)
    assert (event.partner_id, event.mt_num, event.recipient.phone) == ("demo", answer["mtNum"], "79161234567")


async def test_without_an_id_only_mt_num_is_answered(ingest: Ingest) -> None:
    status, answer = await ingest.post(request())
    assert (status, set(answer)) == (200, {"mtNum"})
    assert answer["mtNum"].isdigit()


async def test_twenty_repeats_at_once_answer_one_mt_num(ingest: Ingest) -> None:
    answers = await asyncio.gather(*(ingest.post(request(id="repeated")) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({answer["mtNum"] for _, answer in answers}) == 1
    assert (await ingest.post(request(id="repeated")))[1] == answers[0][1]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (request(login="nobody"), 5, "login"),
        (request(login="off"), 5, "login"),
        (request(login="elsewhere"), 2, "the caller's address"),
        (request(login="elsewhere", password="wrong"), 2, "the caller's address"),
        (request(password="wrong"), 6, "password"),
        (request(password="wrong", destAddr=1), 6, "password"),
        (request(login="nobody") | {"message": None}, 5, "login"),
        (request(destAddr=1), 4, "destAddr"),
        (request(push(serviceNumber="Other")), 7, "message.data.serviceNumber"),
        (request(destAddr="abc"), 8, "destAddr"),
        (request(push() | {"type": "FAX"}), 9, "message.type"),
        (request(push(ttl=1)), 11, "message.data.ttl"),
    ],
)
async def test_each_error_has_its_code_status_and_reason(ingest: Ingest, body: Any, code: int, field: str) -> None:
    before = await ingest.count()
    found, detail = await ingest.refused(body)
    assert (found, detail.partition(":")[0][: len(field)]) == (code, field)
    assert await ingest.count() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"login":"demo","password":"demo","ttl":' + b"9" * 50_000 + b"}",
        json.dumps(request(extraParam="a=\0")).encode(),
        json.dumps(request(push(customPayload={"a\0": 1}))).encode(),
        json.dumps(request(extraParam="a=@")).encode().replace(b"@", b"\\ud800"),
        json.dumps(request(push(customPayload=float("nan")))).encode(),
        json.dumps(request(push(ttl=10**25))).encode(),
        json.dumps(request(id="a" * 70_000)).encode(),
        json.dumps(request(cascadeChainLink=cascade(*(("READ", {"type": "MAX", "data": {}}) * 300)))).encode(),
        b"{" + b" " * 500_000 + b"}",
    ],
)
async def test_bad_bodies_are_refused_and_reach_nothing(ingest: Ingest, body: bytes) -> None:
    before = await ingest.count()
    assert (await ingest.refused(body))[0] in (4, 11)
    assert await ingest.count() == before


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ("application/json; charset=windows-1251", 400),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        (";", 400),
    ],
)
async def test_a_body_must_say_that_it_is_json(ingest: Ingest, content_type: str, status: int) -> None:
    assert (await ingest.post(request(), content_type=content_type))[0] == status


async def test_a_body_of_unknown_length_is_limited_too(ingest: Ingest) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1000

    headers = {"content-type": "application/json"}
    async with ingest.http.post(ingest.url + "/v6/send", data=endless(), headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, 4)


async def test_an_escaped_backslash_before_u0000_is_no_nul(ingest: Ingest) -> None:
    assert (await ingest.post(request(push(text=r"C:\u0000"))))[0] == 200


async def test_the_callers_address_is_what_the_proxy_saw(ingest: Ingest) -> None:
    body = request(login="elsewhere")
    assert (await ingest.post(body, x_forwarded_for="198.51.100.1, 203.0.113.9"))[0] == 200
    assert (await ingest.refused(body, x_forwarded_for="203.0.113.9, 198.51.100.1"))[0] == 2


async def test_too_many_requests_a_second_are_error_3(ingest: Ingest) -> None:
    await ingest.post(request(login="slow"))  # argon2 done, so that what follows comes at once
    answers = await asyncio.gather(*(ingest.post(request(login="slow")) for _ in range(20)))
    codes = [answer["error"]["code"] for _, answer in answers if "error" in answer]
    assert set(codes) == {3}
    assert len(codes) >= 15


async def test_an_answer_tells_what_is_left_of_the_limits(ingest: Ingest) -> None:
    async def sent(body: Any) -> tuple[int, dict[str, dict[str, dict[str, Any]]], str | None]:
        async with ingest.http.post(ingest.url + "/v6/send", json=body) as answer:
            return answer.status, limits_of(answer.raw_headers), answer.headers.get("Retry-After")

    status, limits, _ = await sent(request())
    assert (status, limits["ratelimit"]["connections"]) == (200, {"r": 99})
    assert limits["ratelimit-policy"]["rate"] == {"q": 1000, "w": 1}
    assert limits["ratelimit"]["rate"]["r"] <= 999
    answers = await asyncio.gather(*(sent(request(login="slow")) for _ in range(20)))
    refused = [(limits, wait) for status, limits, wait in answers if status == 429]
    assert refused
    for limits, wait in refused:
        assert limits["ratelimit"]["rate"]["r"] == 0
        assert wait == str(limits["ratelimit"]["rate"]["t"])
    for wrong in (request(password="wrong"), request(login="nobody"), {}):
        assert (await sent(wrong))[1] == {}


async def test_a_duplicate_is_error_10_where_the_partner_wants_it(ingest: Ingest) -> None:
    assert (await ingest.post(once(id="d-1")))[0] == 200
    assert await ingest.refused(once(id="d-1")) == (10, "id: was used before")
    assert (await ingest.post(once()))[0] == (await ingest.post(once()))[0] == 200
    assert len(await ingest.events(ids.message_id_of(ids.uuid5(NAMESPACE, "once"), "d-1"))) == 1


async def test_of_duplicates_at_once_one_is_accepted_and_the_others_are_error_10(ingest: Ingest) -> None:
    answers = await asyncio.gather(*(ingest.post(once(id="d-2")) for _ in range(20)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 19
    assert {answer["error"]["code"] for status, answer in answers if status == 409} == {10}
    assert len(await ingest.events(ids.message_id_of(ids.uuid5(NAMESPACE, "once"), "d-2"))) == 1


async def test_a_claim_left_by_a_crash_is_appended_again(ingest: Ingest) -> None:
    message_id = ids.message_id_of(ids.uuid5(NAMESPACE, "once"), "d-3")
    async with mongo.database(ingest.settings) as database:
        assert await DuplicateClaims(database["claims"]).claim(message_id, "dead", now_ms() - 60_000)
    assert (await ingest.post(once(id="d-3")))[0] == 200
    assert await ingest.refused(once(id="d-3")) == (10, "id: was used before")
    assert len(await ingest.events(message_id)) == 1


async def test_secure_values_lie_sealed_in_the_log(ingest: Ingest) -> None:
    message = push(text="Your code is %code%", **option("SECURE", {"code": "8317-5529"}))
    body = request(push(ttl=60), id="s-1", cascadeChainLink=cascade("READ", message))
    assert (await ingest.post(body))[0] == 200
    (event,) = await ingest.events(ids.message_id_of(ids.uuid5(NAMESPACE, "demo"), "s-1"))
    assert b"8317-5529" not in codec.encode(event)
    content = event.chain[1].content
    assert content is not None
    assert content.secure is not None
    assert content.secure.names == ("code",)
    async with mongo.database(ingest.settings) as database:
        keys = HourKeys(database["hour_keys"], Secrets(ingest.settings.master_key))
        key = await keys.find(content.secure.hour, now_ms())
        assert key is not None
        assert open_values(key, event.message_id, content.secure.sealed) == {"code": "8317-5529"}
        await database["hour_keys"].delete_one({"_id": content.secure.hour})
        gone = HourKeys(database["hour_keys"], Secrets(ingest.settings.master_key))
        assert await gone.find(content.secure.hour, now_ms()) is None


async def test_keys_and_claims_are_deleted_by_the_database(ingest: Ingest) -> None:
    async with mongo.database(ingest.settings) as database:
        keys = await database["hour_keys"].index_information()
        claims = await database["claims"].index_information()
    assert keys["delete_at_1"]["expireAfterSeconds"] == 0
    assert claims["at_1"]["expireAfterSeconds"] * 1000 == topics.MESSAGE_RETENTION_MS


async def test_two_processes_that_need_a_key_at_once_get_the_same(ingest: Ingest) -> None:
    secrets, hour = Secrets(ingest.settings.master_key), now_ms() // 3_600_000 + 700
    async with mongo.database(ingest.settings) as database:
        several = [HourKeys(database["hour_keys"], secrets) for _ in range(20)]
        assert len(set(await asyncio.gather(*(keys.create(hour, now_ms()) for keys in several)))) == 1


async def test_a_changed_partner_takes_effect_while_running(ingest: Ingest) -> None:
    uuid = ids.uuid5(NAMESPACE, "new")
    partner = PartnerChanged(event_id=uuid, at=0, partner_id="new", uuid=uuid, login="new", password_hash=HASH)
    async with kafka.opened_log(ingest.settings) as log:
        await log.append([kafka.Append(topics.APPLICATION_EVENTS, partner.entity_key, partner)])
    await eventually(lambda: answers(ingest, request(login="new"), 400))
    assert (await ingest.refused(request(login="new")))[0] == 7


async def test_openapi_describes_the_protocol(ingest: Ingest) -> None:
    async with ingest.http.get(ingest.url + "/openapi.json") as answer:
        document = await answer.json()
    operation = document["paths"]["/v6/send"]["post"]
    assert set(operation["responses"]) == {"200", *map(str, {*HTTP.values(), 500})}
    assert "externalUserId" in document["components"]["schemas"]["PushData"]["properties"]
    assert "#/components/schemas/" in json.dumps(operation)


async def test_other_paths_and_methods_are_refused(ingest: Ingest) -> None:
    async with ingest.http.get(ingest.url + "/v6/send") as answer:
        assert answer.status == 405
    async with ingest.http.post(ingest.url + "/v6/other") as answer:
        assert answer.status == 404


FIELDS = st.sampled_from(["id", "destAddr", "message", "scheduleInfo", "extraParam", "cascadeChainLink", "notifyUrl"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | st.dictionaries(FIELDS, VALUES, max_size=2).map(lambda some: request() | some))
async def test_no_body_is_ever_a_server_error(ingest: Ingest, body: Any) -> None:
    status, _ = await ingest.post(body)
    assert status < 500


async def test_without_kafka_the_answer_is_error_1_within_the_bound(tmp_path: Path) -> None:
    stack = Stack(tmp_path, services=("ingest",), sandbox=False, gateway=False, env={"RPNS_APPEND_TIMEOUT_S": "1.5"})
    await asyncio.to_thread(stack.start)
    try:
        settings = Settings.from_environment(stack.env)
        await provision(settings)
        async with aiohttp.ClientSession() as http:
            ingest = Ingest(settings, f"http://127.0.0.1:{stack.ports['ingest'].api}", "", http)
            await eventually(lambda: answers(ingest, request(id="up"), 200))
            stack.kill("kafka")
            started = time.monotonic()
            outage = await asyncio.gather(*(ingest.refused(request(id="down")) for _ in range(5)))
            assert {code for code, _ in outage} == {1}
            assert time.monotonic() - started < WAIT_S  # Kafka's client would give up after two minutes
            await asyncio.to_thread(stack.restart, "kafka")
            await eventually(lambda: answers(ingest, request(id="down"), 200), timeout_s=60)
    finally:
        await asyncio.to_thread(stack.stop)


async def warned(ingest: Ingest, body: Any) -> tuple[int, str]:
    """HTTP status, and what RPNS-Warnings says."""
    async with ingest.http.post(ingest.url + "/v6/send", json=body) as answer:
        return answer.status, answer.headers.get("RPNS-Warnings", "")


async def test_fields_that_nobody_reads_are_taken_and_named_in_a_header(ingest: Ingest) -> None:
    body = request(push(tl=5), id="w-1", prio=1)
    warning = "unknown field prio; unknown field message.data.tl, did you mean ttl?"
    assert await warned(ingest, body) == (200, warning)
    (event,) = await ingest.events(ids.message_id_of(ids.uuid5(NAMESPACE, "demo"), "w-1"))
    assert event.unknown_fields == ("prio", "message.data.tl")
    assert await warned(ingest, request()) == (200, "")


async def test_refusals_name_them_as_well_and_strangers_learn_nothing(ingest: Ingest) -> None:
    no_ttl = push(ttl=None, tl=5)
    assert await warned(ingest, request(no_ttl)) == (406, "unknown field message.data.tl, did you mean ttl?")
    assert await warned(ingest, request(push(tl=5), id=7)) == (
        400,
        "unknown field message.data.tl, did you mean ttl?",
    )
    assert await warned(ingest, request(no_ttl, password="wrong")) == (401, "")


async def test_an_id_for_somebody_else_is_answered_as_before_and_told(ingest: Ingest) -> None:
    first = await ingest.post(request(id="w-2"))
    assert await ingest.post(request(id="w-2", destAddr="79161234568")) == first
    warning = "id was used before with another recipient or content: the first request stands"
    assert await warned(ingest, request(push(text="other"), id="w-2")) == (200, warning)
    assert await warned(ingest, request(id="w-2")) == (200, "")


async def test_no_name_of_a_field_breaks_the_header(ingest: Ingest) -> None:
    names = {"a\r\nSet-Cookie: x=1": 1, "имя": 2, **{f"field{number}": number for number in range(500)}}
    status, warning = await warned(ingest, request() | names)
    assert status == 200
    assert warning.startswith("unknown field a%0D%0ASet-Cookie%3A%20x%3D1; unknown field %D0%B8%D0%BC%D1%8F")
    assert warning.endswith("more")
    assert len(warning) < 1100
