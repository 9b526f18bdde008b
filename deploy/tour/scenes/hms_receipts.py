"""Huawei's own receipts: delivered though the SDK is silent, and forbidden by the system."""

from deploy.local.provision import APPLICATION_ID
from deploy.tour.scene import Place, Row, course

ORDER = 66
TITLE = "Receipts of Huawei"
DELIVERED, UNDELIVERED = 2, 5
WORDS = {0: "delivered", 6: "notifications off"}


async def play(place: Place) -> list[Row]:
    return [await _row(place, 0, DELIVERED, "0"), await _row(place, 6, UNDELIVERED, "24")]


async def _row(place: Place, status: int, expected: int, code: str) -> Row:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("huawei", phone=phone)
    device.go_offline()  # its SDK says nothing
    await place.bank.send("Your code is 4714", phone=phone, ref=ref)
    await place.control.inbox("hms", device.token, count=1)
    url = f"{place.gateway}/gateway/hms/receipts/{APPLICATION_ID}"
    answer = await place.control.hms_receipt(url, device.token, status)
    report = (await place.reported(ref, expected))[-1]
    reported = f"Huawei: {WORDS[status]} ─▶ {course([report])}, code {report['errorCode']}"
    is_good = answer["answer"] == {"code": "0", "message": "success"} and report["errorCode"] == code
    return Row("Your code is 4714", "(the SDK is silent)", reported, is_good)
