"""The support desk types a phone number and reads which devices there are and how they are used."""

import asyncio

from deploy.tour.scene import Place, Row

ORDER = 62
TITLE = "Devices of a customer"
STARTS = 3


async def play(place: Place) -> list[Row]:
    phone = place.phone()
    devices = [await place.fleet.enrol(kind, phone=phone) for kind in ("ios", "huawei")]
    for _ in range(STARTS):
        await devices[0].start_session(primary=True)
    path = f"/v1/installations?phone={phone}"
    found = await asyncio.to_thread(place.admin.call, "GET", path, {})
    (card,) = found["cards"]
    lines = [
        f"{entry['platform']} {entry['appVersion']}, {entry['timeZone']}, {entry['usage']['launches']} starts"
        + (", primary" if entry["primary"] else "")
        for entry in found["installations"]
    ]
    is_good = card["launches"] == STARTS and [entry["primary"] for entry in found["installations"]] == [True, False]
    return [Row("GET /v1/installations?phone=…", "nothing is sent", "; ".join(lines), is_good)]
