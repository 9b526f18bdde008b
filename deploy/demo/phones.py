"""The customers' phones: new numbers and installations in every demo, whatever earlier ones have left on the stack."""

import asyncio
import secrets
from dataclasses import dataclass

from deploy.play.sides import NAMES, READS
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.kinds import Platform


@dataclass(frozen=True)
class Customer:
    """Somebody with a phone number, which ends with `number`, and the phones that are logged in with it."""

    number: int
    platforms: tuple[Platform, ...] = ()
    habits: Habits = READS


FOUR_PHONES = Customer(1, ("ios", "android", "huawei", "rustore"))
CLICKS = Customer(2, ("android",), Habits("clicked", after_s=0.6))
FORBIDS = Customer(3, ("ios",), Habits(allows_pushes=False))
HUAWEI = Customer(4, ("huawei",), Habits("dismissed", after_s=0.4))
BUSY = Customer(5, ("rustore",))
REINSTALLED = Customer(6, ("ios",))
NOBODY = Customer(99)
EVERYBODY = (FOUR_PHONES, CLICKS, FORBIDS, HUAWEI, BUSY, REINSTALLED)


class Numbers:
    """The phone numbers of one demo: a range that nobody has used before."""

    def __init__(self) -> None:
        self._range = f"79{secrets.randbelow(10**7):07}"

    def of(self, customer: Customer) -> str:
        """Digits without plus."""
        return f"{self._range}{customer.number:02}"


async def enrol(fleet: Fleet, numbers: Numbers) -> dict[tuple[Customer, Platform], Device]:
    """Every phone, installed and logged in."""
    wanted = [(customer, platform) for customer in EVERYBODY for platform in customer.platforms]
    devices = await asyncio.gather(
        *(
            fleet.enrol(
                platform,
                phone=numbers.of(customer),
                name=NAMES[platform],
                habits=customer.habits,
            )
            for customer, platform in wanted
        )
    )
    return dict(zip(wanted, devices, strict=True))
