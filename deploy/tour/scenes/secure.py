"""Values that no cloud sees: fetched, sealed inside the push, and hidden where neither is possible."""

import secrets

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deploy.sandbox.phone.device import Habits
from deploy.tour.scene import Place, Row

ORDER = 31
TITLE = "SECURE: no cloud sees the code"
READ = 9
TEXT = "Code %code%"


async def play(place: Place) -> list[Row]:
    phone, ref, code = place.phone(), place.ref(), secrets.token_hex(6)
    cut_off, enrol = Habits("read", 0.2, fetches=False), place.fleet.enrol
    fetching = await enrol("ios", phone=phone, name="iPhone", habits=Habits("read", 0.2))
    key = generate_private_key(SECP256R1())
    keyed = await enrol("huawei", phone=phone, name="Huawei with a key", habits=cut_off, private_key=key)
    neither = await enrol("android", phone=phone, name="Android cut off", habits=cut_off)
    options = [{"param_name": "SECURE", "param_value": {"code": code}}]
    await place.bank.send(TEXT, phone=phone, ref=ref, extraOptions=options)

    async def all_show_it() -> bool:
        return all(device.shown for device in (fetching, keyed, neither)) and not fetching.shown[0].more

    await place.until(all_show_it, "shown on three phones")
    reports = await place.reported(ref, READ)
    clouds = orjson.dumps(await place.control.received())
    unseen = code.encode() not in clouds and all(report["text"] == TEXT for report in reports)
    expected = {fetching: f"Code {code}", keyed: f"Code {code}", neither: "Code •••"}
    return [
        Row(
            f"{TEXT}, code {code}",
            f"{device.name}: {device.shown[0].text}",
            f"text: {reports[-1]['text']}",
            unseen and device.shown[0].text == text,
        )
        for device, text in expected.items()
    ]
