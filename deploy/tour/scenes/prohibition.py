"""The operating system forbids pushes: the bank hears why, the operator sees on how many devices."""

import asyncio

from deploy.local.provision import APPLICATION_ID
from deploy.sandbox.phone.device import Habits
from deploy.tour.scene import Place, Row

ORDER = 65
TITLE = "Forbidden by the system"
UNDELIVERED = 5


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("ios", phone=phone, habits=Habits(allows_pushes=False))
    await place.bank.send("Your code is 4712", phone=phone, ref=ref)
    code = (await place.reported(ref, UNDELIVERED))[-1]["errorCode"]
    counted = await asyncio.to_thread(place.admin.call, "GET", f"/v1/applications/{APPLICATION_ID}/prohibitions", {})
    today = counted["days"][-1]
    reported = f"not delivered, code {code}; switched off today by {today['forbiddenBySdk']}"
    is_good = (code, len(device.shown)) == ("24", 0) and today["forbiddenBySdk"] > 0
    return [Row("Your code is 4712", "nothing", reported, is_good)]
