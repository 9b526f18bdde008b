"""What a partner hands over with its messages comes back: search by extraParam and callbackData, export as a file."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from deploy.local.provision import LOGIN as PARTNER
from deploy.local.provision import PASSWORD, SERVICE_NUMBER
from tests.e2e.test_batch import ask
from tests.support.opening import LOGIN
from tests.support.waiting import eventually
from tests.support.world import READ, World

MANY = 1_100  # three pages of an export
EXPORT = "/v1/messages/export"


async def got(world: World, path: str, auth: Mapping[str, str] | None = None, **query: Any) -> tuple[int, str, str]:
    """Status, content type and body."""
    headers = world.bank.auth if auth is None else auth
    url = (world.stack.public_url if headers != operator(world) else world.stack.operators_url) + path
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url, params=query) as answer:
        return answer.status, answer.content_type, await answer.text()


async def exported(world: World, auth: Mapping[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    status, kind, body = await got(world, EXPORT, auth, **query)
    assert (status, kind) == (200, "application/x-ndjson"), body
    return [orjson.loads(line) for line in body.splitlines()]


def operator(world: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.stack.env['RPNS_ADMIN_TOKEN']}"}


async def sent(world: World, **fields: Any) -> tuple[str, str]:
    """A push that was read: its id at the bank, and its text."""
    phone, ref, text = world.new_phone(), world.new_ref(), world.new_text()
    await world.enrol("android", phone)
    callback = fields.pop("callbackData", f"order/{ref}")
    body = world.bank.request(text, phone=phone, ref=ref, callbackData=callback)
    answer = await world.bank.post({**body, "extraParam": f"campaign={ref},place=Rome,, Italy,branch=12", **fields})
    assert answer.http_status == 200, answer
    await world.reported(ref, READ)
    return ref, text


async def test_a_message_is_found_by_each_pair_of_extra_param_and_exported_with_its_callback_data(world: World) -> None:
    ref, text = await sent(world)
    await sent(world)
    (line,) = await exported(world, extraParam=f"campaign={ref}")
    assert (line["id"], line["text"], line["callbackData"]) == (ref, text, f"order/{ref}")
    assert line["extraParam"] == f"campaign={ref},place=Rome,, Italy,branch=12"
    assert (line["state"], line["channel"], line["reason"]) == ("READ", "PUSH", None)
    assert line["createdAt"] <= line["sentAt"] <= line["readAt"]
    assert [message["id"] for message in await exported(world, callbackData=f"order/{ref}")] == [ref]
    in_rome = await exported(world, extraParam="place=Rome, Italy")  # a comma is single here
    of_rome = [message["id"] for message in in_rome]
    assert len(of_rome) >= 2
    assert ref in of_rome
    _, _, page = await got(world, "/v1/messages", extraParam=f"campaign={ref}")
    assert [message["id"] for message in orjson.loads(page)["messages"]] == [ref]
    nothings: list[dict[str, Any]] = [
        {"extraParam": "campaign=nobody"},
        {"callbackData": "order"},
        {"extraParam": f"branch={ref}"},
    ]
    for nothing in nothings:
        assert await exported(world, **nothing) == []


async def test_as_a_table_it_keeps_quotes_and_lines_of_what_was_handed_over(world: World) -> None:
    callback = 'a "quoted", one\nof two lines; =1+1'
    ref, _ = await sent(world, callbackData=callback)
    status, kind, body = await got(world, EXPORT, format="csv", extraParam=f"campaign={ref}")
    assert (status, kind) == (200, "text/csv")
    (row,) = csv.DictReader(io.StringIO(body))
    assert (row["id"], row["callbackData"], row["state"]) == (ref, callback, "READ")


async def test_a_partner_exports_its_own_and_an_operator_everybodys(world: World) -> None:
    ref, _ = await sent(world)
    stranger = {"Authorization": aiohttp.encode_basic_auth(PARTNER, PASSWORD, "utf-8")}
    assert await exported(world, stranger, extraParam=f"campaign={ref}") == []
    assert (await got(world, EXPORT, {}, extraParam=f"campaign={ref}"))[0] == 401
    of_all = await exported(world, operator(world), extraParam=f"campaign={ref}")
    assert [message["id"] for message in of_all] == [ref]
    of_bank = await exported(world, operator(world), partner=LOGIN, extraParam=f"campaign={ref}")
    assert [message["id"] for message in of_bank] == [ref]
    status, _, refusal = await got(world, EXPORT, extraParam="campaign")
    assert (status, orjson.loads(refusal)["errors"][0]["field"]) == (400, "extraParam")


async def test_more_than_a_page_is_exported_whole_and_each_message_once(world: World) -> None:
    run, phone = world.new_ref(), world.new_phone()  # nobody's phone: these end at once
    message = {"from": SERVICE_NUMBER, "to": phone, "text": "hello", "type": "PUSH", "extraParam": f"run={run}"}
    messages = [
        {**message, "id": f"{run}-{number}", "data": {"callbackData": f"order/{number}"}} for number in range(MANY)
    ]
    status, answer = await ask(world, "POST", "/v3/batch", {"messages": messages})
    assert (status, {result["code"] for result in answer["result"]}) == (200, {"OK"})
    demo = {"Authorization": aiohttp.encode_basic_auth(PARTNER, PASSWORD, "utf-8")}
    lines: list[dict[str, Any]] = []

    async def are_over() -> bool:
        lines[:] = await exported(world, demo, extraParam=f"run={run}")
        return len(lines) == MANY and {line["state"] for line in lines} == {"REFUSED"}

    await eventually(are_over, lambda: f"{MANY} have ended; so far {len(lines)}", 60, 0.5)
    assert {line["callbackData"] for line in lines} == {f"order/{number}" for number in range(MANY)}
    assert {(line["reason"], line["errorCode"]) for line in lines} == {("unknown-phone", 20)}
    assert lines == sorted(lines, key=lambda line: (-line["createdAt"], [-ord(c) for c in line["messageId"]]))
    refused = await exported(world, demo, extraParam=f"run={run}", state="READ")
    assert refused == []
