"""Lifetime: each provider gets what is left of it; too short a one is refused."""

from typing import Any

from deploy.play.sides import NAMES, READS
from deploy.sandbox.phone.kinds import Platform
from deploy.tour.scene import Place, Row

ORDER = 120
TITLE = "The lifetime, as the providers get it"
KINDS: tuple[Platform, ...] = ("ios", "android", "huawei", "rustore")
TTL_S = 600
READ = 9


async def play(place: Place) -> list[Row]:
    phone, ref = place.phone(), place.ref()
    devices = [await place.fleet.enrol(kind, phone=phone, name=NAMES[kind], habits=READS) for kind in KINDS]
    await place.bank.send("Ten minutes to live", phone=phone, ref=ref, ttl=TTL_S)
    await place.reported(ref, READ)
    left = {}
    for device in devices:
        (push,) = await place.control.inbox(device.provider, device.token, count=1)
        left[device.name] = _left_s(push)
    reported = ", ".join(f"{name} {seconds} s" for name, seconds in left.items())
    as_expected = all(0 < seconds <= TTL_S for seconds in left.values())
    refused = await place.bank.send("Too short", phone=phone, ttl=29)
    return [
        Row(f"ttl {TTL_S} s", reported, "read", as_expected),
        Row("ttl 29 s", "", f"error {refused.error_code}", refused.error_code == 11),
    ]


def _left_s(push: dict[str, Any]) -> int:
    """Seconds for which the provider was asked to keep the push."""
    if push["provider"] == "apns":
        return int(push["headers"]["apns-expiration"]) - int(push["at_ms"]) // 1000
    return int(push["payload"]["message"]["android"]["ttl"].removesuffix("s"))
