"""A long address in a text is short on the phone; following it leads there, and the bank sees the click."""

import aiohttp

from deploy.local.provision import PARTNER_ID, await_read
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 120
TITLE = "A short link, and who followed it"
LONG = "https://www.bank.example/offers/2027/spring?utm_source=push&utm_medium=mobile"
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("android", phone=phone, habits=READS)
    await _switch(place, True)
    try:
        await place.bank.send(f"Your offer: {LONG}", phone=phone, ref=ref)
        await place.reported(ref, READ)
    finally:
        await _switch(place, False)
    shown = device.shown[0].text
    short = shown.removeprefix("Your offer: ")
    async with aiohttp.ClientSession() as http, http.get(short, allow_redirects=False) as answer:
        leads_to = answer.headers.get("Location", "nowhere")
    clicks: list[str] = []

    async def is_told() -> bool:
        message = await place.message(ref)
        clicks[:] = [entry["detail"] for entry in message["trace"] if entry["what"] == "click"] if message else []
        return bool(clicks)

    await place.until(is_told, "a click in the trace")
    is_good = short.startswith(place.gateway) and leads_to == LONG
    return [Row(f"Your offer: {LONG}", shown, f"click: {', '.join(clicks)}", is_good)]


async def _switch(place: Place, on: bool) -> None:
    changed = place.admin.call("PATCH", f"/v1/partners/{PARTNER_ID}", {"linkShortener": on})
    await_read(place.stack, changed["changedAt"])
