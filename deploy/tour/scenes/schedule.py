"""Schedules: an open window sends at once, also in the recipient's zone; one that opens behind the deadline expires."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from deploy.play.bank import Json
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row, course

ORDER = 110
TITLE = "Windows, zones and deadlines"
MOSCOW, TOKYO = timezone(timedelta(hours=3)), ZoneInfo("Asia/Tokyo")
READ, UNDELIVERED = 9, 5
HOUR = timedelta(hours=1)
TIMEOUT = "7"


async def play(place: Place) -> list[Row]:
    here, there = datetime.now(MOSCOW), datetime.now(TOKYO)
    return [
        await _sent(place, "window open in UTC+3", "Europe/Moscow", _window(here - HOUR, here + HOUR), False),
        await _sent(
            place, "window open in Tokyo, useTimeDiff", "Asia/Tokyo", _window(there - HOUR, there + HOUR), True
        ),
        await _expired(place, _window(here + 2 * HOUR, here + 3 * HOUR)),
    ]


def _window(opens: datetime, closes: datetime) -> Json:
    return {"timeBegin": f"{opens:%H:%M}", "timeEnd": f"{closes:%H:%M}"}


async def _sent(place: Place, what: str, zone: str, schedule: Json, theirs: bool) -> Row:
    phone, ref = place.phone(), place.ref()
    device = await place.fleet.enrol("android", phone=phone, habits=READS, time_zone=zone)
    body = place.bank.request(what, phone=phone, ref=ref)
    answer = await place.bank.post(body | {"scheduleInfo": schedule, "useTimeDiff": theirs})
    assert answer.http_status == 200, answer
    reported = course(await place.reported(ref, READ))
    return Row(what, f"{len(device.shown)}×", reported, len(device.shown) == 1)


async def _expired(place: Place, schedule: Json) -> Row:
    phone, ref, what = place.phone(), place.ref(), "window opens behind the deadline"
    device = await place.fleet.enrol("android", phone=phone, habits=READS)
    schedule |= {"deadline": (datetime.now(UTC) + timedelta(seconds=3)).isoformat(timespec="seconds")}
    answer = await place.bank.post(place.bank.request(what, phone=phone, ref=ref) | {"scheduleInfo": schedule})
    assert answer.http_status == 200, answer
    last = (await place.reported(ref, UNDELIVERED))[-1]
    as_expected = last["errorCode"] == TIMEOUT and not device.shown
    return Row(what, "nothing", f"not delivered, code {last['errorCode']}", as_expected)
