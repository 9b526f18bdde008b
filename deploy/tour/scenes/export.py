"""What the bank handed over with a message comes back: found by a pair of extraParam, and exported."""

import csv

import aiohttp

from deploy.local.provision import LOGIN, PASSWORD
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 140
TITLE = "Search by extraParam, export with callbackData"
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref, text = place.phone(), place.ref(), "Your card is ready"
    device = await place.fleet.enrol("android", phone=phone, habits=READS)
    body = place.bank.request(text, phone=phone, ref=ref, callbackData=f"order/{ref}")
    await place.bank.post({**body, "extraParam": f"campaign={ref},branch=12"})
    await place.reported(ref, READ)
    url = f"{place.gateway}/v1/messages/export?format=csv&for=program&extraParam=campaign%3D{ref}"
    headers = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        rows = list(csv.DictReader((await answer.text()).splitlines()))
    found = [(row["state"], row["callbackData"]) for row in rows]
    reported = "; ".join(f"exported: {state}, callbackData {data}" for state, data in found)
    is_good = found == [("READ", f"order/{ref}")]
    return [Row(f"{text} (callbackData order/…)", device.shown[0].text, reported, is_good)]
