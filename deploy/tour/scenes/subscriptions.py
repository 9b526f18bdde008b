"""A message for those who want the news: by word, or by the catalogue's default."""

import asyncio

from deploy.local.provision import APPLICATION_ID, await_read
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row, course

ORDER = 60
TITLE = "Subscriptions"
READ, UNDELIVERED = 9, 5
CATALOGUE = [{"id": "news", "title": "News", "default": True}, {"id": "offers", "title": "Offers", "default": False}]


async def play(place: Place) -> list[Row]:
    about = {"subscriptions": CATALOGUE}
    changed = await asyncio.to_thread(place.admin.call, "PATCH", f"/v1/applications/{APPLICATION_ID}", about)
    await asyncio.to_thread(await_read, place.stack, changed["changedAt"])
    phone = place.phone()
    silent, declined = [await place.fleet.enrol("android", phone=phone, habits=READS) for _ in range(2)]
    await declined.change_settings(subscriptions=[{"id": "news", "value": False}])
    wanted, unwanted = place.ref(), place.ref()
    await place.bank.send("The news of November", phone=phone, ref=wanted, deviceSubscriptions=["news"])
    await place.bank.send("An offer", phone=phone, ref=unwanted, deviceSubscriptions=["offers"])
    reported = course(await place.reported(wanted, READ))
    code = (await place.reported(unwanted, UNDELIVERED))[-1]["errorCode"]
    counts = (len(silent.shown), len(declined.shown))
    return [
        Row(
            "to subscription news",
            f"{counts[0]} on the phone that has said nothing, {counts[1]} on the one that said no",
            reported,
            counts == (1, 0),
        ),
        Row("to subscription offers, off by default", "nothing", f"not delivered, code {code}", code == "25"),
    ]
