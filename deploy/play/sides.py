"""The sides of a message on a stack that is provisioned: the bank, the phones, the sandbox between them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from deploy.local.provision import API_KEY, LOGIN, PASSWORD, SERVICE_NUMBER, backend
from deploy.play.bank import Bank
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.device import Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.kinds import Platform

NAMES: dict[Platform, str] = {
    "ios": "iPhone",
    "android": "Android",
    "huawei": "Huawei",
    "rustore": "RuStore",
    "web": "Browser",
}
READS = Habits("read", after_s=0.4)


@dataclass(frozen=True)
class Sides:
    """Opened, until the context ends."""

    bank: Bank
    control: Control
    fleet: Fleet


@asynccontextmanager
async def opened(stack: Mapping[str, Any]) -> AsyncIterator[Sides]:
    """`stack` is `Stack.describe()` of one with the demo partner and application (`deploy/local/provision.py`)."""
    gateway, control_url = stack["public_url"], stack["sandbox"]["control"]
    async with (
        Bank(gateway, LOGIN, PASSWORD, SERVICE_NUMBER) as bank,
        Control(control_url) as control,
        Fleet(gateway, control_url, API_KEY, backend(stack)) as fleet,
    ):
        yield Sides(bank, control, fleet)
