"""A push that arrives saves the SMS; a push that nobody can get lets it out at once."""

from typing import Any

from deploy.cli.show import STATUSES
from deploy.play.bank import Json
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row, course

ORDER = 40
TITLE = "Cascade: push, then SMS"
DELIVERED, READ = 2, 9


async def play(place: Place) -> list[Row]:
    return [await _saved(place), await _sent(place)]


async def _saved(place: Place) -> Row:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("android", phone=phone, name="Android", habits=READS)
    await place.bank.post(_body(place, phone, ref))
    reports = await place.reported(ref, READ)
    sms = await place.control.channel_messages(phone)
    shown = ", ".join(push.text for push in device.shown)
    reported = " → ".join(f"{report['type']} {course([report])}" for report in reports)
    return Row("push, else SMS; the phone is on", f"Android: {shown}; no SMS", reported, not sms and bool(device.shown))


async def _sent(place: Place) -> Row:
    phone, ref = place.phone(), place.ref()
    await place.bank.post(_body(place, phone, ref))
    (sms,) = await place.control.channel_messages(phone, 1)
    reported: list[Any] = []

    async def has_come() -> bool:
        reported[:] = [(report["type"], report["status"], report["errorCode"]) for report in await place.reports(ref)]
        return ("SMS", DELIVERED, "0") in reported and ("PUSH", 5, "20") in reported

    await place.until(has_come, lambda: f"PUSH 5 and SMS 2 for {ref}; so far {reported}")
    words = ", ".join(
        f"{kind} {STATUSES[status].english}" + (f", code {code}" if code != "0" else "")
        for kind, status, code in reported
    )
    return Row("push, else SMS; no phone has the app", f"SMS: {sms['data']['text']}", words, True)


def _body(place: Place, phone: str, ref: str) -> Json:
    text = "Your code is 4711"
    body = place.bank.request(text, phone=phone, ref=ref)
    sms = {"type": "SMS", "data": {"text": text, "ttl": 2, "ttlUnit": "MINUTES"}}
    return body | {"cascadeChainLink": {"state": "DELIVERED", "message": sms}}
