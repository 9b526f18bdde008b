"""A parcel on the lock screen, started, moved on and ended by the bank; then nobody to update."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.tour.scene import Place, Row

ORDER = 70
TITLE = "Live Activities"
TYPE = "ParcelAttributes"
UNDELIVERED = 5


async def play(place: Place) -> list[Row]:
    phone, began = place.phone(), datetime.now(UTC)
    device = await place.fleet.enrol("ios", phone=phone)
    await device.activities.allow_start(TYPE)

    async def send(text: str, after_s: int, **aps: Any) -> str:
        state = {"timestamp": (began + timedelta(seconds=after_s)).isoformat(), **aps}
        options = [{"param_name": "LIVE_ACTIVITY", "param_value": state}]
        await place.bank.send(text, phone=phone, ref=(ref := place.ref()), extraOptions=options)
        return ref

    await send("Packed", 0, event="start", attributes_type=TYPE, attributes={"order": 7}, content_state={"at": "home"})
    await place.fleet.until(lambda: any(activity.token for activity in device.activities.active))
    (parcel,) = device.activities.active

    async def is_registered() -> bool:
        return bool((await place.fleet.api.activities(device.who))["activities"])

    await place.until(is_registered, "the activity's token is registered")
    await send("-", 1, event="update", content_state={"at": "your street"})
    await place.fleet.until(lambda: parcel.state == {"at": "your street"})
    moved = str(parcel.state)
    past = (began - timedelta(hours=1)).isoformat()
    await send("-", 2, event="end", content_state={"at": "your door"}, dismissal_date=past)
    await place.fleet.until(lambda: parcel.phase == "dismissed")
    late = await send("-", 3, event="update", content_state={"at": "nowhere"})
    code = (await place.reported(late, UNDELIVERED))[-1]["errorCode"]
    return [
        Row(
            "start", f"{parcel.attributes}, alert {parcel.alerts[0]['body']}", "sent", parcel.attributes == {"order": 7}
        ),
        Row("update", moved, "sent", moved == str({"at": "your street"})),
        Row("end, dismissed at once", parcel.phase, "sent", parcel.state == {"at": "your door"}),
        Row("update of what has ended", "nothing", f"not delivered, code {code}", code == "22"),
    ]
