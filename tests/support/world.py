"""What the end-to-end tests stand on: a bank, its customers' phones, the sandbox and the processes between them."""

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.local import Stack
from deploy.play.bank import Bank
from deploy.play.bank import Json as Json
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.kinds import Platform
from schemas.reports import ReportStatus
from tests.support.waiting import WAIT_S, eventually

SENT, DELIVERED, UNDELIVERED, READ = ReportStatus
PLATFORMS: tuple[Platform, ...] = ("ios", "android", "huawei", "rustore")
SERVICES = ("ingest", "registry", "router", "dispatch", "status")
QUICK = Habits("read", after_s=0.05)


@dataclass
class World:
    """`secret` collects what must stand in no log, `sensitive` what must stand nowhere, `alerts` what a test does that
    an operator is told of.
    """

    stack: Stack
    bank: Bank
    control: Control
    fleet: Fleet
    secret: set[str] = field(default_factory=set)
    sensitive: set[str] = field(default_factory=set)
    alerts: set[tuple[str, str]] = field(default_factory=set)  # event of an error-level line, provider
    _count: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_phone(self) -> str:
        """A number that nobody has used."""
        phone = f"7911{next(self._count):07}"
        self.secret.add(phone)
        return phone

    def new_ref(self) -> str:
        """The bank's own id of a new message."""
        return f"e2e-{next(self._count)}-{secrets.token_hex(4)}"

    def new_text(self) -> str:
        text = f"code {secrets.token_hex(6)}"
        self.secret.add(text)
        return text

    async def enrol(self, platform: Platform, phone: str | None, habits: Habits = QUICK, **about: Any) -> Device:
        """A phone that is logged in."""
        device = await self.fleet.enrol(platform, phone=phone, habits=habits, name=platform, **about)
        self.secret |= {device.token, device.who.credential, device.proof}
        return device

    async def new_token(self, device: Device) -> None:
        await device.register_token()
        self.secret.add(device.token)

    async def send(self, phone: str, ref: str | None = None, **about: Any) -> str:
        """One push that is accepted; its id at the bank."""
        ref = ref or self.new_ref()
        answer = await self.bank.send(self.new_text(), phone=phone, ref=ref, **about)
        assert answer.http_status == 200, answer
        return ref

    async def put(self, text: str, phone: str, options: dict[str, Any], **about: Any) -> str:
        """One push with this text and these extraOptions; its id at the bank."""
        given = [{"param_name": name, "param_value": value} for name, value in options.items()]
        answer = await self.bank.send(text, phone=phone, ref=(ref := self.new_ref()), extraOptions=given, **about)
        assert answer.http_status == 200, answer
        return ref

    async def trace(self, ref: str) -> Json:
        """What the platform knows of a message; waits until it knows it."""
        found: list[Json] = []

        async def is_known() -> bool:
            message = await self.bank.message(ref)
            found.extend([message] if message else [])
            return message is not None

        await eventually(is_known, f"the platform knows {ref}")
        return found[0]

    async def reported(self, ref: str, status: int, timeout_s: float = WAIT_S) -> list[Json]:
        """The reports on a message as soon as the last one has this status; they never go backwards."""
        reports: list[Json] = []

        async def has_come() -> bool:
            reports[:] = [entry["report"] for entry in await self.control.reports(ref)]
            return bool(reports) and reports[-1]["status"] == status

        await eventually(has_come, lambda: f"{ref} reported {status}; so far {reports}", timeout_s)
        assert_forward(reports)
        return reports

    async def refused(self, ref: str) -> int:
        """The errorCode of a message that ends undelivered."""
        return int((await self.reported(ref, UNDELIVERED))[-1]["errorCode"])

    async def attempts(self, ref: str) -> list[Json]:
        return [entry for entry in (await self.trace(ref))["trace"] if entry["what"] == "attempt"]

    async def restart(self, name: str) -> None:
        """Start a killed process again; returns when it is ready."""
        await asyncio.to_thread(self.stack.restart, name)


def assert_forward(reports: Sequence[Json]) -> None:
    """A partner never sees a status go backwards."""
    ranks = [ReportStatus(report["status"]).rank for report in reports]
    assert ranks == sorted(ranks), reports
