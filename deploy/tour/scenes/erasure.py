"""A customer is forgotten: what the log holds of them does not open any more, and nobody else is touched."""

import asyncio
from typing import Any

import aiohttp

from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 90
TITLE = "Forgetting a customer"
READ = 9
_CLEANED_S = 120.0
"""What cannot be cleaned at once is tried again after half a minute."""


async def play(place: Place) -> list[Row]:
    gone, stays = place.phone(), place.phone()
    refs = {phone: place.ref() for phone in (gone, stays)}
    for phone, ref in refs.items():
        await place.fleet.enrol("android", phone=phone, habits=READS)
        await place.bank.send("Your balance is 100", phone=phone, ref=ref)
    for ref in refs.values():
        await place.reported(ref, READ)
    erasure = await asyncio.to_thread(place.admin.call, "POST", "/v1/erasures", {"phone": gone})
    headers = {"Authorization": f"Bearer {place.stack['env']['RPNS_ADMIN_TOKEN']}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def asked(rest: str = "") -> Any:
            url = f"{place.stack['operators_url']}/v1/erasures/{erasure['erasureId']}{rest}"
            async with session.get(url) as answer:
                return await answer.json()

        async def is_done() -> bool:
            erasure.update(await asked())
            return bool(erasure["state"] == "done")

        await place.until(is_done, lambda: f"everything is cleaned; so far {erasure}", _CLEANED_S)
        records = await asked("/records")
    theirs, opened = sum(topic["records"] for topic in records), sum(topic["opened"] for topic in records)
    others = sum(topic["ofOthersOpened"] for topic in records)
    is_gone = theirs > 0 == opened and not any(key["derivable"] for key in erasure["keys"])
    kept = [await place.message(ref) for ref in refs.values()]
    states = [message["state"] if message else None for message in kept]
    proof = f"{theirs} records of theirs in the log, {opened} open; {others} of others open"
    return [
        Row("rpns forget --phone", proof, f"keys destroyed: {len(erasure['keys'])}", is_gone and others > 0),
        Row(
            "their message, and another's",
            "",
            "states stay: " + ", ".join(map(str, states)),
            states == ["READ", "READ"],
        ),
    ]
