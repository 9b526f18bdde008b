"""The partner with its two applications, and its customers' phones.

partner torture ─ sender Torture ─▶ application demo   (logins are proved)
                └ sender Second  ─▶ application second (they are not): the one whose key is revoked
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from deploy.local.provision import API_KEY, APPLICATION_ID, admin_of, await_read, backend, channel_account, provision
from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.torture.load.book import Book
from deploy.torture.load.plan import Customer

PARTNER, PASSWORD, BATCH_KEY = "torture", "torture", "torturebatchkey"
SENDER, SECOND_SENDER = "Torture", "Second"
SECOND, SECOND_KEY = "second", "second-key"
SECOND_PROVIDERS = ("fcm", "hms", "rustore")
_HABITS = {
    "reads": Habits("read", 0.2),
    "doubles": Habits("read", 0.1, receipts_sent=2),
    "late": Habits("read", 1.0, delivered_after_s=3.0),  # the one before the other
    "silent": Habits(None, receipts_sent=0),
}
_ENROLLING = 24  # at once
Json = dict[str, Any]


@dataclass(frozen=True)
class Customers:
    """The phones of both applications."""

    fleets: tuple[Fleet, Fleet]
    devices: tuple[Device, ...]

    @property
    def faults(self) -> list[str]:
        """What a good platform never causes."""
        return [fault for fleet in self.fleets for fault in fleet.faults]

    async def drained(self, timeout_s: float) -> None:
        """Until every receipt has been taken. Raises TimeoutError."""
        for fleet in self.fleets:
            await fleet.drained(timeout_s)


def provisioned(stack: Mapping[str, Any], report_url: str) -> None:
    """Make the partner and its applications; returns when every service knows them. Raises StackError."""
    provision(stack)
    admin, credentials = admin_of(stack), stack["sandbox"]["credentials"]
    about = {"login": PARTNER, "reportUrl": report_url, "maxConnections": 5_000, "maxRatePerS": 100_000}
    admin.put_partner(PARTNER, PASSWORD, about)
    admin.put_application(SECOND, SECOND_KEY, {"name": "Second"})
    admin.put_identity_key(SECOND, credentials["identity"])
    for provider in SECOND_PROVIDERS:
        admin.put_credentials(SECOND, provider, credentials[provider])
    admin.put_credentials(SECOND, "channel", channel_account(stack))
    admin.put_sender(PARTNER, SENDER, APPLICATION_ID)
    admin.put_sender(PARTNER, SECOND_SENDER, SECOND)
    admin.call("POST", f"/v1/partners/{PARTNER}/batch-key", {"key": BATCH_KEY})
    changed = admin.call("PATCH", f"/v1/partners/{PARTNER}", {**about, "defaultSender": SENDER})
    await_read(stack, changed["changedAt"])


@asynccontextmanager
async def enrolled(stack: Mapping[str, Any], wanted: Sequence[Customer], book: Book) -> AsyncIterator[Customers]:
    """Everybody's phone, installed and logged in; what happens on them goes into the book."""
    gateway, control = stack["public_url"], stack["sandbox"]["control"]
    async with AsyncExitStack() as exits:
        first = await exits.enter_async_context(Fleet(gateway, control, API_KEY, backend(stack)))
        identity = stack["sandbox"]["credentials"]["identity"]
        proving = Backend(SECOND, identity["kid"], identity["private_key"])
        second = await exits.enter_async_context(Fleet(gateway, control, SECOND_KEY, proving))
        devices = await _enrol((first, second), wanted)
        for fleet in (first, second):
            fleet.listeners.append(book.hear)
        yield Customers((first, second), tuple(devices))


async def _enrol(fleets: tuple[Fleet, Fleet], wanted: Iterable[Customer]) -> list[Device]:
    gate = asyncio.Semaphore(_ENROLLING)

    async def enrol(customer: Customer) -> Device:
        async with gate:
            fleet, habits = fleets[customer.second], _HABITS[customer.habit]
            name = f"{customer.platform} {customer.phone} ({customer.habit})"
            return await fleet.enrol(customer.platform, phone=customer.phone, habits=habits, name=name)

    return list(await asyncio.gather(*(enrol(customer) for customer in wanted)))
