"""The customers' phones. They are the same installations in every demo, so the stack does not fill up with them."""

import asyncio
from dataclasses import dataclass

from deploy.sandbox.device import Device, Habits
from deploy.sandbox.device_kinds import Platform
from deploy.sandbox.fleet import Fleet

NAMES: dict[Platform, str] = {
    "ios": "iPhone",
    "android": "Android",
    "huawei": "Huawei",
    "rustore": "RuStore",
    "web": "Browser",
}
PROVIDER_NAMES = {"apns": "APNs", "fcm": "FCM", "hms": "HMS", "rustore": "RuStore", "web": "Web Push"}


READS = Habits("read", after_s=0.4)


@dataclass(frozen=True)
class Customer:
    """Somebody with a phone number, and the phones that are logged in with it."""

    phone: str
    platforms: tuple[Platform, ...] = ()
    habits: Habits = READS


FOUR_PHONES = Customer("79000000001", ("ios", "android", "huawei", "rustore"))
CLICKS = Customer("79000000002", ("android",), Habits("clicked", after_s=0.6))
FORBIDS = Customer("79000000003", ("ios",), Habits(allows_pushes=False))
HUAWEI = Customer("79000000004", ("huawei",), Habits("dismissed", after_s=0.4))
BUSY = Customer("79000000005", ("rustore",))
REINSTALLED = Customer("79000000006", ("ios",))
NOBODY = Customer("79000000099")
EVERYBODY = (FOUR_PHONES, CLICKS, FORBIDS, HUAWEI, BUSY, REINSTALLED)


async def enrol(fleet: Fleet) -> dict[str, Device]:
    """Every phone, installed and logged in; by "<phone>/<platform>"."""
    wanted = [(customer, platform) for customer in EVERYBODY for platform in customer.platforms]
    keys = [f"{customer.phone}/{platform}" for customer, platform in wanted]
    devices = await asyncio.gather(
        *(
            fleet.enrol(
                platform,
                phone=customer.phone,
                seed=f"{customer.phone}/{platform}/0",
                name=NAMES[platform],
                habits=customer.habits,
            )
            for customer, platform in wanted
        )
    )
    return dict(zip(keys, devices, strict=True))
