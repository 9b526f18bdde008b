"""A one-time password on all four kinds of phone; the bank hears that it was read."""

from deploy.play.sides import NAMES, READS
from deploy.sandbox.phone.kinds import Platform
from deploy.tour.scene import Place, Row, course

ORDER = 10
TITLE = "A push to all of a customer's phones"
READ = 9
KINDS: tuple[Platform, ...] = ("ios", "android", "huawei", "rustore")


async def play(place: Place) -> list[Row]:
    phone, ref, text = place.phone(), place.ref(), "Your code is 4711"
    devices = [await place.fleet.enrol(kind, phone=phone, name=NAMES[kind], habits=READS) for kind in KINDS]
    await place.bank.send(text, phone=phone, ref=ref)

    async def all_show_it() -> bool:
        return all(device.shown for device in devices)

    await place.until(all_show_it, "shown on four phones")
    reports = await place.reported(ref, READ)
    shown = {device.name: device.shown[0].text for device in devices}
    return [Row(text, ", ".join(shown), course(reports), set(shown.values()) == {text})]
