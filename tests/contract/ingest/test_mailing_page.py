"""What the console's page of mailings asks for, over HTTP: whose, what was asked for, packed lists, hours by zone."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from services.ingest.api import application
from services.ingest.mailing import dry_run
from services.ingest.mailing.api import mailing_routes
from services.ingest.mailing.dry_run import DryRun
from services.runtime.access.partner_auth import Caller
from services.runtime.installations.reader import Installations
from services.runtime.live import LiveStreams
from services.runtime.looks import subject_of
from services.runtime.looks.notes import noted
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from tests.contract.ingest.test_mailings import Bench, bench, device, lines
from tests.support.requests import PARTNER, option, push

__all__ = ["bench"]  # a fixture
PACKED = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}


@pytest.fixture
async def operator(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    async def who() -> Caller:
        return Caller(None)

    dry = DryRun(bench.service, bench.recipients, Installations(bench.database))
    app = application(
        {}, [mailing_routes(bench.service, dry, OutcomesStore(bench.database), who, LiveStreams(asyncio.Event()))]
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://rpns") as client:
        yield client


async def drafted(operator: httpx.AsyncClient, **about: object) -> str:
    body = {"name": "autumn", "message": push(text="{{name}}, {{sum}}"), **about}
    answer = await operator.post("/v1/mailings?partner=demo", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["mailingId"])


async def test_it_is_told_whose_a_mailing_is_and_which_columns_its_list_needs(operator: httpx.AsyncClient) -> None:
    mailing = await drafted(operator)
    for found in (
        (await operator.get(f"/v1/mailings/{mailing}")).json(),
        (await operator.get("/v1/mailings")).json()["mailings"][0],
    ):
        assert (found["partnerId"], found["placeholders"]) == ("demo", ["name", "sum"])


async def test_the_partners_default_sender_is_told_by_its_name_for_each_message(operator: httpx.AsyncClient) -> None:
    sms = {"type": "SMS", "data": {"text": "hi", "ttl": 1, "ttlUnit": "HOURS"}}
    mailing = await drafted(operator, message=push(), cascadeChainLink={"state": "READ", "message": sms})
    found = (await operator.get(f"/v1/mailings/{mailing}")).json()
    asked = (await operator.get(f"/v1/mailings/{mailing}/definition")).json()
    assert asked["cascadeChainLink"]["message"]["data"].get("serviceNumber") is None
    assert found["senders"] == [PARTNER.default_sender] * 2


async def test_of_a_mailing_that_is_cancelled_half_way_the_pending_ones_are_told_apart(
    operator: httpx.AsyncClient, bench: Bench
) -> None:
    draft = await bench.upload(await bench.draft(ratePerS=8), lines(0, 10))
    after = await bench.plan(await bench.service.start(draft, None), steps=2)
    path, outcomes = f"/v1/mailings/{after.mailing_id}", OutcomesStore(bench.database)
    asked = ("planned", "unplanned", "pending", "sent", "undelivered", "withoutDevice", "cancelled")

    async def figures_of(progress: dict[str, object] | None = None) -> list[object]:
        progress = progress or (await operator.get(path)).json()["progress"]
        return [progress[name] for name in asked]

    assert await figures_of() == [4, 6, 4, 0, 0, 0, 0]
    assert await figures_of((await operator.post(f"{path}/cancel")).json()["progress"]) == [4, 6, 4, 0, 0, 0, 6]
    await outcomes.changed([after.mailing_id])
    await outcomes.put(after.mailing_id, 1, [("READ", "", 1), ("SUPPRESSED", "unknown-phone", 1)], 1)
    assert await figures_of() == [4, 6, 2, 1, 1, 1, 6]
    counts = [("READ", "", 1), ("SUPPRESSED", "unknown-phone", 1), ("SUPPRESSED", "cancelled", 2)]
    await outcomes.put(after.mailing_id, 2, counts, 2)
    await outcomes.put(after.mailing_id, 2, counts, 3)
    assert await figures_of() == [4, 6, 0, 1, 1, 1, 8]
    found = (await operator.get(path)).json()
    counted, at_cancel = [[1, 2, 1, 1, 1, 1, 0], [2, 4, 1, 1, 1, 1, 2]], [found["finishedAt"], 4, 1, 1, 1, 1, 8]
    assert [list(count.values()) for count in found["progress"]["course"]] == [*counted, at_cancel]
    (listed,) = (await operator.get("/v1/mailings")).json()["mailings"]
    assert listed["progress"]["course"] == []
    assert await figures_of(listed["progress"]) == [4, 6, 0, 1, 1, 1, 8]


async def test_the_forecast_tells_of_names_in_single_braces_which_are_not_refused(operator: httpx.AsyncClient) -> None:
    mailing = await drafted(operator, message=push(title="{{sum}} {sum}", text="Dear {name}, {{name}}"))
    found = (await operator.get(f"/v1/mailings/{mailing}/forecast")).json()
    assert sorted(found["singleBraces"]) == ["name", "sum"]


async def test_what_was_asked_for_is_told_without_secure_values(operator: httpx.AsyncClient) -> None:
    secure = push(text="Code %code%", **option("SECURE", {"code": "hush-4711"}))
    mailing = await drafted(operator, message=secure, ratePerS=7)
    answer = await operator.get(f"/v1/mailings/{mailing}/definition")
    assert (answer.status_code, "hush" in answer.text) == (200, False)
    asked = answer.json()
    assert (asked["ratePerS"], asked["message"]["data"]["text"]) == (7, "Code %code%")


async def test_a_packed_list_is_read_as_it_comes(operator: httpx.AsyncClient, bench: Bench) -> None:
    mailing = await drafted(operator, message=push())
    packed = gzip.compress(b"".join(lines(0, 1200))) + gzip.compress(b"broken\n" + b"".join(lines(0, 1)))

    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(packed), 99):
            yield packed[at : at + 99]

    answer = await operator.put(f"/v1/mailings/{mailing}/recipients", content=body(), headers=PACKED)
    assert answer.status_code == 200, answer.text
    counts = {name: answer.json()["list"][name] for name in ("accepted", "refused", "repeated", "complete")}
    assert counts == {"accepted": 1200, "refused": 1, "repeated": 1, "complete": True}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"".join(lines(0, 3)), "is not gzip, as Content-Encoding says, or is damaged"),
        (gzip.compress(b"".join(lines(0, 3)), mtime=0)[:-9], "ends in the middle of its gzip"),
    ],
)
async def test_what_is_not_packed_as_it_says_is_refused(operator: httpx.AsyncClient, content: bytes, rule: str) -> None:
    mailing = await drafted(operator, message=push())
    answer = await operator.put(f"/v1/mailings/{mailing}/recipients", content=content, headers=PACKED)
    assert (answer.status_code, answer.json()["errors"]) == (400, [{"field": "list", "rule": rule}])
    assert (await operator.get(f"/v1/mailings/{mailing}")).json()["list"]["complete"] is False


async def test_another_encoding_is_refused_by_name(operator: httpx.AsyncClient) -> None:
    mailing = await drafted(operator, message=push())
    headers = {**PACKED, "Content-Encoding": "br"}
    answer = await operator.put(f"/v1/mailings/{mailing}/recipients", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (415, "Content-Encoding: must be gzip, or none")


async def test_of_a_long_list_whole_chunks_are_looked_at_wherever_they_begin(
    operator: httpx.AsyncClient, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "LOOKED_AT", 2_000)
    known = [device(place, owner={"phone": f"7916{20 * place:07}"}) for place in range(500)]
    await bench.database["installations"].insert_many(known)
    mailing = await drafted(operator, message=push())
    table = b"to\n" + b"".join(b"7916%07d\n" % number for number in range(10_000))  # its first line is no recipient
    await operator.put(f"/v1/mailings/{mailing}/recipients", content=table, headers={"Content-Type": "text/csv"})
    found = (await operator.get(f"/v1/mailings/{mailing}/forecast")).json()
    assert (found["recipients"], found["lookedAt"], found["addressed"]) == (10_000, 2_500, 500)


async def test_the_forecast_says_when_each_zone_opens(operator: httpx.AsyncClient, bench: Bench) -> None:
    zones = ["Asia/Tokyo", "Europe/London", "Asia/Tokyo"]
    owners = [{"phone": f"7916000000{number}"} for number in range(3)]
    await bench.database["installations"].insert_many(
        [
            device(place, time_zone=zone, owner=owner)
            for place, (zone, owner) in enumerate(zip(zones, owners, strict=True))
        ]
    )
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)
    window = {"timeBegin": f"{soon:%H:%M}", "timeEnd": f"{soon + timedelta(hours=1):%H:%M}"}
    mailing = await drafted(operator, message=push(), useTimeDiff=True, scheduleInfo=window)
    body = b"".join(lines(0, 5))
    await operator.put(
        f"/v1/mailings/{mailing}/recipients", content=body, headers={"Content-Type": "application/x-ndjson"}
    )
    found = (await operator.get(f"/v1/mailings/{mailing}/forecast")).json()
    assert found["addressed"] == 3
    hours = {zone["timeZone"]: (zone["recipients"], zone["opensAt"]) for zone in found["zones"]}
    assert {name: count for name, (count, _) in hours.items()} == {"Asia/Tokyo": 2, "Europe/London": 1}
    assert [zone["opensAt"] for zone in found["zones"]] == sorted(at for _, at in hours.values())
    assert all(at > soon.timestamp() * 1000 - 24 * 3_600_000 for _, at in hours.values())


async def test_the_forecast_says_what_is_paid_for_at_most(operator: httpx.AsyncClient) -> None:
    sms = {"type": "SMS", "data": {"text": "{{name}}", "ttl": 1, "ttlUnit": "HOURS"}}
    mailing = await drafted(operator, message=push(), cascadeChainLink={"state": "READ", "message": sms})
    people = [{"to": "79160000001", "name": "x" * 161}, {"to": "79160000002", "name": "y"}]
    people.append({"externalUserId": "has no phone", "name": "z"})
    await operator.put(
        f"/v1/mailings/{mailing}/recipients",
        content=b"\n".join(map(orjson.dumps, people)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    found = (await operator.get(f"/v1/mailings/{mailing}/forecast")).json()
    assert found["paid"] == [{"channel": "SMS", "messages": 2, "parts": 3}]


async def test_a_forecast_of_a_list_tells_the_audit_trail_of_whom(operator: httpx.AsyncClient, bench: Bench) -> None:
    mailing = await drafted(operator, message=push())
    await operator.put(
        f"/v1/mailings/{mailing}/recipients",
        content=b'{"to": "79160000001"}\n{"externalUserId": "client-7"}\n',
        headers={"Content-Type": "application/x-ndjson"},
    )
    with noted(str) as people:
        dry = DryRun(bench.service, bench.recipients, Installations(bench.database))
        forecast = await dry.run(await bench.service.find(mailing, Caller(None)), 0)
    assert (forecast.recipients, forecast.unknown) == (2, 2)
    expected = [subject_of(str, "phone", "79160000001"), subject_of(str, "user", "client-7")]
    assert sorted(people.subjects) == sorted(expected)
