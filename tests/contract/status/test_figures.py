"""Export and statistics of the status service, on a real Kafka and a real MongoDB."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout

from schemas import DeliveryState, ids
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.statistic_events import BOUNDS_MS, Histogram, Statistic, StatisticChanged, key_of
from schemas.topics import DELIVERY_STATISTICS
from schemas.values import Channel
from services.runtime import mongo
from services.runtime.log.kafka import Append
from services.runtime.mongo.collection import Cursor
from services.runtime.mongo.errors import translated
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.status.api import export
from services.status.message import MOST_MS, MessageQuery, Messages, find_page
from services.status.message.search import Page, query_of
from tests.conftest import Servers, own_settings
from tests.support.limit_headers import limits_of
from tests.support.listening import ADMIN
from tests.support.status_events import NOW, Story
from tests.support.status_service import Running, basic, partner, running
from tests.support.waiting import eventually

SLOW = partner("slow", uuid=ids.uuid7(), max_rate_per_s=1)


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    async with running(own_settings(stack_servers), [partner(), partner("shop", uuid=ids.uuid7()), SLOW]) as started:
        yield started


async def test_a_mailings_lines_whose_ids_were_used_before_are_refused_as_duplicates(service: Running) -> None:
    first, second, mailing = Story(), Story(), ids.uuid7()
    for story in (first, second):
        await service.append(
            story.requested(at=NOW + 4_000),
            story.planned("i-1"),
            *(story.repeated(line, mailing) for line in ("a", "b")),
        )
    own = Story()
    await service.append(
        own.requested(at=NOW + 4_000, mailing_id=mailing), own.planned("i-1"), own.repeated("request", mailing)
    )

    async def counted() -> bool:
        async with mongo.database(service.settings) as database:
            found = await OutcomesStore(database).of(mailing)
        return (found.states, found.failed) == ({"PLANNED": 1, "REFUSED": 4}, {"duplicated": 4})

    await eventually(counted, "each line has its outcome")


async def test_an_export_gives_everything_that_was_found_and_only_ones_own(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_PAGE", 2)
    stories = [Story() for _ in range(5)]
    for number, story in enumerate(stories):
        extra = {
            "extra_param": "export=yes",
            "callback_data": f'order "{number}",\n=x',
            "partner_ref": f"export{number}",
        }
        await service.append(story.requested(at=NOW + number, **extra), story.planned("i-1"), story.receipt())
    for story in stories:
        await service.until(story, lambda found: found["id"] and found["state"] == "DELIVERED", "delivered")
    expected = [(f"export{number}", f'order "{number}",\n=x') for number in reversed(range(5))]
    status, text = await _text(service, "/v1/messages/export?extraParam=export%3Dyes", service.auth)
    lines = [json.loads(line) for line in text.splitlines()]
    assert (status, [(line["id"], line["callbackData"]) for line in lines]) == (200, expected)
    assert {(line["state"], line["deliveredAt"] is None, line["readAt"]) for line in lines} == {
        ("DELIVERED", False, None)
    }
    status, text = await _text(
        service, f"/v1/messages/export?format=csv&from={NOW + 1}&to={NOW + 4}&extraParam=export%3Dyes", service.auth
    )
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (status, [(row["id"], row["callbackData"]) for row in rows]) == (200, expected[1:4])
    assert text.startswith("\ufeffmessageId,")
    assert {row["mtNum"][0] for row in rows} == {"'"}
    query = f"from={NOW + 1}&to={NOW + 4}&extraParam=export%3Dyes"
    _, plain = await _text(service, f"/v1/messages/export?format=csv&for=program&{query}", service.auth)
    assert plain.startswith("messageId,")
    assert [row["mtNum"] for row in csv.DictReader(io.StringIO(plain))] == [row["mtNum"][1:] for row in rows]
    found = (await service.get("/v1/messages?callbackData=order%20%223%22%2C%0A%3Dx"))[1]["messages"]
    assert [message["id"] for message in found] == ["export3"]
    assert await _text(service, "/v1/messages/export?extraParam=export%3Dyes", basic("shop")) == (200, "")
    operator = ADMIN
    for query in ("partner=bank&extraParam=export%3Dyes", "extraParam=export%3Dyes", f"from={NOW}&to={NOW + 5}"):
        _, text = await _text(service, f"/v1/messages/export?{query}", operator)
        assert [json.loads(line)["id"] for line in text.splitlines()] == [f"export{n}" for n in reversed(range(5))]


async def test_a_message_of_a_newer_release_hides_none_of_its_neighbours(service: Running) -> None:
    stories = [Story() for _ in range(3)]
    for number, story in enumerate(stories):
        about: dict[str, Any] = {"extra_param": "newer=yes", "partner_ref": f"newer{number}", "packet_id": 4242}
        await service.append(story.requested(at=NOW + 5_000 + number, **about), story.planned("i-1"), story.receipt())
    for story in stories:
        await service.until_state(story, "DELIVERED")
    strange = {"state": "TELEPORTED", "reason": "lost-in-space", "v": 99}
    async with mongo.database(service.settings) as database:
        await database["messages"].update_one({"_id": stories[1].message_id}, {"$set": strange})
        try:
            query = "extraParam=newer%3Dyes"
            status, page = await service.get(f"/v1/messages?{query}")
            found = [(message["id"], message["state"]) for message in page["messages"]]
            assert (status, found) == (
                200,
                [("newer2", "DELIVERED"), ("newer1", "TELEPORTED"), ("newer0", "DELIVERED")],
            )
            status, page = await service.get(f"/v1/messages?{query}&limit=2")
            _, rest = await service.get(f"/v1/messages?{query}&cursor={page['cursor']}")
            assert [message["id"] for message in rest["messages"]] == ["newer0"]
            for kind in ("ndjson", "csv"):
                status, text = await _text(service, f"/v1/messages/export?format={kind}&{query}", service.auth)
                assert (status, text.count("TELEPORTED"), text.count("DELIVERED")) == (200, 1, 2)
            status, counted = await service.get(f"/v1/messages/reasons?{query}")
            assert (status, [row["reason"]["name"] for row in counted["reasons"]]) == (200, ["lost-in-space"])
            status, problem = await service.get(f"/v1/messages/{stories[1].message_id}")
            assert (status, problem["title"]) == (503, "Stored by a newer release")
        finally:
            await database["messages"].delete_one({"_id": stories[1].message_id})


async def test_failed_messages_are_found_and_counted_by_reason_and_way(service: Running) -> None:
    at = NOW + 1_000_000
    gone, expired, nobody, fine = (Story() for _ in range(4))
    for number, story in enumerate((gone, expired, nobody, fine)):
        story.at = at + number
        requested = story.requested(packet_id=77, partner_ref=f"why{number}")
        await service.append(requested, story.planned("i-1" if story is not nobody else "x"))
    await service.append(gone.dispatched(outcome="refused", reason=Reason.PROVIDER_REFUSED))
    await service.append(expired.dispatched(outcome="expired", reason=Reason.EXPIRED), fine.receipt())
    for story, state in ((gone, "REFUSED"), (expired, "EXPIRED"), (fine, "DELIVERED")):
        await service.until_state(story, state)

    async def found(query: str) -> list[str]:
        status, answer = await service.get(f"/v1/messages?from={at}&to={at + 4}&{query}", ADMIN)
        assert status == 200, answer
        return [message["id"] for message in answer["messages"]]

    assert await found("reason=provider-refused") == ["why0"]
    assert await found("reason=provider-refused&reason=expired") == ["why1", "why0"]
    assert await found(f"errorCode={Reason.EXPIRED.error_code}") == ["why1"]
    assert await found("application=app&provider=apns") == ["why3", "why2", "why1", "why0"]
    assert await found("provider=fcm") == await found("application=other") == await found("packet=78") == []
    assert await found("packet=77&state=DELIVERED") == ["why3"]
    assert await found("mailings=true") == await found("mailings=false") != []
    counted = await service.get(f"/v1/messages/reasons?from={at}&to={at + 4}", ADMIN)
    counts = {count["reason"]["name"]: count["messages"] for count in counted[1]["reasons"]}
    assert counts == {"provider-refused": 1, "expired": 1}
    assert (await service.get(f"/v1/messages/reasons?from={at}&to={at + 4}", basic("shop")))[1] == {"reasons": []}
    for query, field in (("reason=rain", "reason"), ("errorCode=999", "errorCode"), ("resaon=expired", "resaon")):
        status, answer = await service.get(f"/v1/messages?{query}", ADMIN)
        assert (status, field in answer["errors"][0]["field"].split(".")) == (400, True)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (MessageQuery(reasons=(Reason.EXPIRED,), since=1), "failures"),
        (MessageQuery(partners=("bank", "shop"), since=1), "partner_id_1_created_at_-1__id_-1"),
        (MessageQuery(partners=("bank", "shop"), state=DeliveryState.SENT), "partner_id_1_created_at_-1__id_-1"),
    ],
    ids=["by reason", "everybody's", "everybody's by state"],
)
async def test_an_operators_search_sorts_nothing_and_reads_an_index(
    service: Running, wanted: MessageQuery, index: str
) -> None:
    async with mongo.database(service.settings) as database:
        asked = database["messages"].find(query_of(wanted)).sort([("created_at", -1), ("_id", -1)]).limit(20)
        plan = json.dumps((await asked.explain())["queryPlanner"]["winningPlan"])
    assert f'"indexName": "{index}"' in plan
    assert '"SORT"' not in plan


async def test_behind_a_mailing_the_messages_without_it_are_read_from_an_index_of_their_own(service: Running) -> None:
    wanted = MessageQuery(partner_id="flooded", is_without_mailings=True)
    own = {"partner_id": "flooded", "lane": 0}
    async with mongo.database(service.settings) as database:
        messages = database["messages"]
        await messages.insert_many([{"_id": f"alone{at}", "created_at": at, **own} for at in range(30)])
        mailed = [{"_id": f"mailed{at}", "created_at": 100 + at, "mailing_id": "m", **own} for at in range(500)]
        await messages.insert_many(mailed)
        try:
            asked = messages.find(query_of(wanted)).sort([("created_at", -1), ("_id", -1)]).limit(20)
            explained = await asked.explain()
            found = [document["_id"] for document in await asked.clone().to_list(None)]
        finally:
            await messages.delete_many({"partner_id": "flooded"})
    assert found == [f"alone{at}" for at in range(29, 9, -1)]
    assert '"indexName": "without_mailings"' in json.dumps(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= 20


async def test_a_partner_has_two_exports_at_once_and_gets_their_place_back(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, waiting = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(messages: Messages, wanted: MessageQuery, limit: int) -> Page:
        waiting.release()
        await gate.wait()
        return await find_page(messages, wanted, limit)

    monkeypatch.setattr("services.status.api.export.find_page", slow)
    path = "/v1/messages/export?id=nothing"
    first = [asyncio.create_task(_text(service, path, service.auth)) for _ in range(2)]
    async with asyncio.timeout(20):
        await waiting.acquire()
        await waiting.acquire()
    async with service.http.get(service.url + path, headers=service.auth) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
        assert (await answer.json(content_type=None))["title"] == "Too many exports"
    others = asyncio.create_task(_text(service, path, basic("shop")))
    async with asyncio.timeout(20):
        await waiting.acquire()
    gate.set()
    assert await asyncio.gather(*first, others) == [(200, "")] * 3
    assert await _text(service, path, service.auth) == (200, "")


BY_SWEEPER = {"deadline_at", "owed_at"}
"""It asks in the same time, and no partner waits for it."""


async def test_every_question_of_a_partner_is_bounded_in_time(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        await database.command("profile", 2)
        for path in ("?state=READ", "/export?state=READ", "/some-id", "?id=some-id&from=0"):
            await _text(service, f"/v1/messages{path}", service.auth)
        for path in ("savings", "statistics?groupBy=day"):
            await service.get(f"/v1/{path}")
        await database.command("profile", 0)
        asked = [
            operation["command"]
            async for operation in database["system.profile"].find({"op": {"$in": ["query", "command"]}})
        ]
    searched = [
        command
        for command in asked
        if "sort" in command and command.get("find") == "messages" and not command["sort"].keys() & BY_SWEEPER
    ]
    grouped = [command for command in asked if "aggregate" in command]
    assert len(searched) >= 5
    assert len(grouped) >= 2
    assert {command.get("maxTimeMS") for command in [*searched, *grouped]} == {MOST_MS}


@pytest.mark.parametrize("path", ["/v1/messages?state=READ", "/v1/messages/export", "/v1/statistics"])
async def test_a_query_that_takes_the_database_too_long_is_503(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    to_list = Cursor.to_list

    async def late(cursor: Cursor, *length: Any) -> list[object]:
        await to_list(cursor, *length)
        with translated():
            raise ExecutionTimeout("operation exceeded time limit", 50)

    monkeypatch.setattr(Cursor, "to_list", late)
    async with service.http.get(service.url + path, headers=service.auth) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["title"], answer.headers["Retry-After"]) == (503, "Out of time", "60")
        assert "narrow the period" in problem["detail"]


async def test_partners_read_within_their_limits_and_the_operator_without(service: Running) -> None:
    async def asked(auth: dict[str, str], url: str) -> tuple[int, str | None]:
        async with service.http.get(f"{url}/v1/messages", headers=auth) as answer:
            limits = limits_of(answer.raw_headers)
            assert bool(limits) == (url == service.url)
            if answer.status == 429:
                assert limits["ratelimit"]["rate"] == {"r": 0, "t": int(answer.headers["Retry-After"])}
            return answer.status, answer.headers.get("Retry-After")

    answers = await asyncio.gather(*(asked(basic("slow"), service.url) for _ in range(20)))
    assert (200, None) in answers
    assert (429, "1") in answers
    assert await asked(service.auth, service.url) == (200, None)
    assert await asked(ADMIN, service.operators_url) == (200, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("extraParam=x", "extraParam"),
        ("from=2&to=1", "from"),
        ("to=never", "to"),
        ("format=xml", "format"),
        ("for=x", "for"),
    ],
)
async def test_an_export_that_is_refused_names_field_and_rule(service: Running, query: str, field: str) -> None:
    status, problem = await service.get(f"/v1/messages/export?{query}")
    assert status == 400
    assert problem["errors"][0]["field"].endswith(field)
    assert problem["errors"][0]["rule"]


async def _text(service: Running, path: str, auth: dict[str, str]) -> tuple[int, str]:
    async with service.http.get(
        (service.operators_url if auth == ADMIN else service.url) + path, headers=auth
    ) as answer:
        return answer.status, await answer.text()


async def test_statistics_add_up_the_topic_and_show_partners_their_own(service: Running) -> None:
    statistic = Statistic(minute=NOW, partner_id="bank", channel=Channel.PUSH, provider=Provider.FCM, outcome="sent")
    later, theirs = [statistic.replace(**change) for change in ({"minute": NOW + 60_000}, {"partner_id": "shop"})]
    buckets = (0, 3, *(0,) * (len(BOUNDS_MS) - 1))
    events = [
        StatisticChanged(
            event_id="s", at=0, statistic=group, count=count, sent_after=Histogram(buckets=buckets, sum_ms=600)
        )
        for group, count in [(statistic, 3), (statistic, 2), (later, 3), (theirs, 3), (statistic, 3)]
    ]
    await service.log.append([Append(DELIVERY_STATISTICS, key_of(event.statistic), event) for event in events])
    period = f"from={NOW}&to={NOW + 120_000}"

    async def rows(query: str, auth: dict[str, str] | None = None) -> list[Any]:
        status, answer = await service.get(f"/v1/statistics?{period}&{query}", auth)
        assert status == 200, answer
        return list(answer["rows"])

    async def all_counted() -> list[Any]:
        found = await rows("groupBy=provider,outcome")
        return found if found and found[0]["count"] == 6 else []

    (row,) = await eventually(all_counted, "six attempts are counted")
    assert row["group"] == {"provider": "fcm", "outcome": "sent"}
    assert (row["sentAfter"]["count"], row["sentAfter"]["meanMs"], row["sentAfter"]["p95Ms"]) == (6, 200, 250)
    assert [(row["group"]["at"], row["count"]) for row in await rows("groupBy=minute")] == [
        (NOW, 3),
        (NOW + 60_000, 3),
    ]
    operator = ADMIN
    everybody = await rows("groupBy=partner", operator)
    assert {row["group"]["partner"]: row["count"] for row in everybody} == {"bank": 6, "shop": 3}
    assert [row["count"] for row in await rows("groupBy=", operator)] == [9]
    _, text = await _text(service, f"/v1/statistics?{period}", service.auth | {"Accept": "text/csv"})
    assert [
        (line["outcome"], line["count"], line["sentAfterP95Ms"])
        for line in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    ] == [("sent", "6", "250")]
    for query, field in [("groupBy=colour", "groupBy"), ("from=x", "from")]:
        status, problem = await service.get(f"/v1/statistics?{query}")
        assert (status, problem["errors"][0]["field"]) == (400, field)
