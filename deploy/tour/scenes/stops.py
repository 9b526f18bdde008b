"""A provider is paused and resumed; a message that waits for tomorrow is cancelled."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp

from deploy.local.provision import LOGIN, PASSWORD
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row, course

ORDER = 90
TITLE = "Stop buttons"
READ, UNDELIVERED = 9, 5


async def play(place: Place) -> list[Row]:
    return [await _paused(place), await _cancelled(place)]


async def _set(place: Place, state: str) -> None:
    await asyncio.to_thread(place.admin.call, "PUT", "/v1/stops/provider/rustore", {"state": state})


async def _paused(place: Place) -> Row:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("rustore", phone=phone, habits=READS)
    await _set(place, "paused")
    try:

        async def is_parked() -> bool:
            probe = place.ref()
            await place.bank.send("Held up", phone=phone, ref=probe)

            async def was_tried() -> bool:
                message = await place.message(probe) or {"trace": []}
                return any(entry["what"] == "attempt" for entry in message["trace"])

            await place.until(was_tried, "an attempt, or a word on why there is none")
            trace = (await place.message(probe) or {"trace": []})["trace"]
            return any("provider is paused" in (entry["detail"] or "") for entry in trace)

        await place.until(is_parked, "dispatch knows of the pause")
        await place.bank.send("Sent while RuStore is paused", phone=phone, ref=ref)
    finally:
        await _set(place, "running")
    reported = course(await place.reported(ref, READ))
    texts = [push.text for push in device.shown]
    shown = texts.count("Sent while RuStore is paused")
    return Row("while RuStore is paused", f"{shown}×, once it is resumed", reported, shown == 1)


async def _cancelled(place: Place) -> Row:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("android", phone=phone, habits=READS)
    opens = datetime.now(UTC) + timedelta(hours=3 + 2)  # windows are in UTC+3
    schedule = {"timeBegin": f"{opens:%H:%M}", "timeEnd": f"{opens + timedelta(hours=1):%H:%M}"}
    body = place.bank.request("For later", phone=phone, ref=ref) | {"scheduleInfo": schedule}
    await place.bank.post(body)

    async def is_scheduled() -> bool:
        message = await place.message(ref)
        return message is not None and any(entry["what"] == "scheduled" for entry in message["trace"])

    await place.until(is_scheduled, "the message is scheduled")
    auth = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    async with (
        aiohttp.ClientSession(headers=auth) as session,
        session.post(f"{place.gateway}/v1/messages/{ref}/cancel") as answer,
    ):
        answer.raise_for_status()
    code = (await place.reported(ref, UNDELIVERED))[-1]["errorCode"]
    is_good = code == "7" and not device.shown
    return Row("for later, then cancelled", "nothing", f"not delivered, code {code}, at once", is_good)
