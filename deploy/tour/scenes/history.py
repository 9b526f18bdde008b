"""A phone that was off pulls its history when it starts; a new phone of the same customer sees it too."""

from deploy.sandbox.phone.device import Habits
from deploy.tour.scene import Place, Row

ORDER = 32
TITLE = "History in the app"
DELIVERED = 2
TEXTS = ("Your card is ready", "Your statement is ready")


async def play(place: Place) -> list[Row]:
    phone, refs = place.phone(), [place.ref() for _ in TEXTS]
    device = await place.fleet.enrol("ios", phone=phone, name="iPhone", habits=Habits(None, pulls=True))
    device.go_offline()
    for ref, text in zip(refs, TEXTS, strict=True):
        await place.bank.send(text, phone=phone, ref=ref)

    async def has_both() -> bool:
        return len(await device.pull()) == len(TEXTS)

    await place.until(has_both, "two entries")
    statuses = [(await place.reported(ref, DELIVERED))[-1]["status"] for ref in refs]
    new = await place.fleet.enrol("android", phone=phone, name="new phone", habits=Habits(None))
    seen = await place.fleet.api.mark_history(new.who, "Seen", [push.message_id for push in await new.pull()])
    await device.depersonalize()
    hidden = await device.pull()
    texts, both = {push.text for push in new.inbox}, statuses == [DELIVERED] * 2
    return [
        Row(
            "two pushes to a phone that is off",
            "iPhone pulls both on start",
            "both delivered" if both else f"statuses {statuses}",
            both,
        ),
        Row("a new phone logs in", f"new phone: {len(texts)} entries, seen", "", texts == set(TEXTS) and all(seen)),
        Row("logged out", f"iPhone: {len(hidden)} entries", "", hidden == []),
    ]
