"""What became of a push, and how long that took, is in the figures a moment later."""

from typing import Any

import aiohttp

from deploy.local.provision import LOGIN, PASSWORD
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 130
TITLE = "Statistics: counted once, by outcome"
READ = 9
OUTCOMES = ("planned", "sent", "delivered", "read")


async def play(place: Place) -> list[Row]:
    phone, ref, text = place.phone(), place.ref(), "How many have read this?"
    device = await place.fleet.enrol("huawei", phone=phone, habits=READS)
    before = await _counts(place)
    await place.bank.send(text, phone=phone, ref=ref)
    await place.reported(ref, READ)
    added: dict[str, int] = {}

    async def are_counted() -> bool:
        now = await _counts(place)
        added.update({name: now.get(name, 0) - before.get(name, 0) for name in OUTCOMES})
        return all(count >= 1 for count in added.values())

    await place.until(are_counted, lambda: f"one more of each: {added}")
    reported = ", ".join(f"{name} +{count}" for name, count in added.items())
    return [Row(text, device.shown[0].text, reported, set(added.values()) == {1})]


async def _counts(place: Place) -> dict[str, int]:
    url = f"{place.gateway}/v1/statistics?groupBy=outcome&provider=hms"
    headers = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        rows: list[Any] = (await answer.json())["rows"]
    return {str(row["group"]["outcome"]): int(row["count"]) for row in rows}
