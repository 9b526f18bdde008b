"""What is sent to whom, and what must become of it: the demo is a check as well, one row of the last table for each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.cli.show import STATUSES
from deploy.demo.phones import BUSY, CLICKS, FORBIDS, FOUR_PHONES, HUAWEI, NOBODY, REINSTALLED, Customer
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.device import Device
from schemas.reports import ReportStatus

_, DELIVERED, UNDELIVERED, READ = ReportStatus
CODES = {
    20: "phone not found",
    22: "no active installation",
    24: "forbidden by the phone's system",
    28: "provider error",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a message: the last report to the bank, and what was seen on the phones."""

    status: int | None
    error_code: int = 0
    shown: int = 0
    repeated: int = 0  # requests that were recognised as a repetition
    attempts: int = 0  # at providers, for the phones of the demo
    token_is_gone: bool = False
    mt_nums: int = 1  # different ones that the bank was answered

    def words(self) -> str:
        reported = "no report" if self.status is None else STATUSES[self.status].english
        parts = [f"{reported} ({self.error_code})" if self.error_code else reported]
        if self.shown:
            parts.append(f"shown {self.shown}×")
        if self.attempts > max(self.shown, 1):
            parts.append(f"{self.attempts} attempts")
        if self.repeated:
            parts.append(f"{self.repeated} repeat")
        if self.mt_nums > 1:
            parts.append(f"{self.mt_nums} mtNums")
        if self.token_is_gone:
            parts.append("retired")
        return ", ".join(parts)


Preparation = Callable[[Control, Device], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """One message."""

    title: str
    to: Customer
    text: str
    expected: Outcome
    data: dict[str, Any] = field(default_factory=dict)  # of message.data
    posts: int = 1  # how often the same request is made
    before: Preparation | None = None
    trouble: str = ""  # what `before` does


async def _provider_is_busy_once(control: Control, device: Device) -> None:
    await control.order(device.provider, "status", status=503, token=device.token, times=1)


async def _app_is_deleted(control: Control, device: Device) -> None:
    await control.apns_device(device.token, "dead")


RICH = {
    "title": "New statement",
    "content": {
        "contentCategory": "IMAGE",
        "contentUrl": "https://bank.example/statement.png",
        "actions": [
            {"title": "Open", "action": "open-app"},
            {"title": "Pay", "action": "link", "options": "https://bank.example/pay"},
        ],
    },
    "customPayload": {"screen": "statement", "month": 11},
}

SCENES = (
    Scene(
        "Code to four kinds of phone",
        FOUR_PHONES,
        "Your code is 4711",
        Outcome(READ, shown=4, attempts=4),
    ),
    Scene(
        "Rich push, image and buttons",
        CLICKS,
        "November is ready",
        Outcome(READ, shown=1, attempts=1),
        RICH,
    ),
    Scene(
        "Pushes forbidden by the system",
        FORBIDS,
        "Your code is 4712",
        Outcome(UNDELIVERED, 24),
    ),
    Scene("Unknown phone number", NOBODY, "Your code is 4713", Outcome(UNDELIVERED, 20)),
    Scene(
        "Request sent twice",
        HUAWEI,
        "Your code is 4714",
        Outcome(DELIVERED, shown=1, attempts=1, repeated=1),
        posts=2,
    ),
    Scene(
        "Provider busy for a moment",
        BUSY,
        "Your code is 4715",
        Outcome(READ, shown=1, attempts=2),
        before=_provider_is_busy_once,
        trouble="RuStore will answer 503 once",
    ),
    Scene(
        "App deleted from the phone",
        REINSTALLED,
        "Your code is 4716",
        Outcome(UNDELIVERED, 28, attempts=1, token_is_gone=True),
        before=_app_is_deleted,
        trouble="APNs knows that the token is dead",
    ),
    Scene(
        "Next message to that phone",
        REINSTALLED,
        "Your code is 4717",
        Outcome(UNDELIVERED, 22),
    ),
)
