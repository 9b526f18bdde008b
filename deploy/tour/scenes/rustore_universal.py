"""An app with RuStore's universal SDK is pushed to over the universal host."""

from deploy.tour.scene import Place, Row

ORDER = 16
TITLE = "RuStore universal"
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("rustore", phone=phone, variant="universal")
    await place.bank.send("Your code is 4715", phone=phone, ref=ref)
    await place.reported(ref, READ)
    (received,) = await place.control.inbox("rustore", device.token)
    via = received["headers"].get("via", "native")
    shown = " ".join(push.text for push in device.shown)
    is_good = (via, shown) == ("rustore-universal", "Your code is 4715")
    return [Row("Your code is 4715", f"RuStore phone: {shown}", f"read, over {via}", is_good)]
