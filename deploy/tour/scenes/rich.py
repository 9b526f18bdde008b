"""A push that the phone enriches after it has arrived, and one whose enrichment cannot be fetched."""

from deploy.sandbox.phone.device import Device, Habits
from deploy.tour.scene import Place, Row, course

ORDER = 30
TITLE = "RICH: the push is shown at once and grows afterwards"
READ = 9
RICH = {"title": "March", "content-category": "IMAGE", "content-url": "https://bank.example/march.png"}


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    online = await place.fleet.enrol("ios", phone=phone, name="iPhone", habits=Habits("read", 0.2))
    cut_off = await place.fleet.enrol("android", phone=phone, name="Android", habits=Habits("read", 0.2, fetches=False))
    options = [{"param_name": "RICH", "param_value": RICH}]
    await place.bank.send("It is ready", phone=phone, ref=ref, title="Statement", extraOptions=options)

    async def both_show_it() -> bool:
        return bool(cut_off.shown) and bool(online.shown) and not online.shown[0].more

    await place.until(both_show_it, "shown, and on one phone enriched")
    reports = await place.reported(ref, READ)
    fetched, kept = online.shown[0], cut_off.shown[0]
    is_good = (fetched.title, fetched.url, kept.title, kept.url) == ("March", RICH["content-url"], "Statement", None)
    return [
        Row(
            "Statement, RICH: March and a picture",
            _seen(online),
            course(reports),
            is_good and fetched.text == "It is ready",
        ),
        Row("the same, nothing can be fetched", _seen(cut_off), "", is_good),
    ]


def _seen(device: Device) -> str:
    push = device.shown[0]
    return f"{device.name}: {push.title}: {push.text}" + (f" + {push.category}" if push.url else "")
