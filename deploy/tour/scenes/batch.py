"""A packet of a hundred pushes and one mistake: answered one by one, and its states."""

import aiohttp

from deploy.local.provision import BATCH_KEY, SERVICE_NUMBER
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 70
TITLE = "Packet of messages"
COUNT = 100


async def play(place: Place) -> list[Row]:
    phone = place.phone()
    device = await place.fleet.enrol("android", phone=phone, habits=READS)
    about = {"from": SERVICE_NUMBER, "type": "PUSH", "validity": 60, "text": "Your card is ready"}
    messages = [{**about, "to": phone, "id": place.ref()} for _ in range(COUNT)] + [{**about, "to": "12"}]
    url, headers = f"{place.gateway}/v3/batch", {"Authorization": f"Key {BATCH_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, json={"messages": messages}) as answer:
            result = (await answer.json())["result"]
        counts: dict[str, int] = {}

        async def are_read() -> bool:
            async with session.get(f"{url}/{result[0]['packetId']}") as answer:
                counts.clear()
                counts.update((await answer.json())["counts"] if answer.status == 200 else {})
            return counts == {"READ": COUNT}

        await place.until(are_read, lambda: f"{COUNT} messages read; so far {counts}")
    codes = [entry["code"] for entry in result]
    words = ", ".join(f"{count} {state}" for state, count in counts.items())
    reported = (
        f"{codes.count('OK')} OK, {codes.count('REJECTED')} REJECTED ({result[-1]['reasons'][0]['ref']}); {words}"
    )
    is_good = codes == ["OK"] * COUNT + ["REJECTED"] and len(device.shown) == COUNT
    return [Row(f"{COUNT + 1} messages in one packet", f"{len(device.shown)} on the phone", reported, is_good)]
