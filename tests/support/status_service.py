"""The status service in this process, on the real servers, for its contract tests."""

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from argon2 import PasswordHasher

from deploy.local.ports import free_ports
from schemas import topics
from schemas.application_events import ApplicationChanged, CredentialsChanged, PartnerChanged
from schemas.events import MessageEvent, MessageRequested, ProviderDispatched, ScheduleDue
from schemas.topics import Topic
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from services.runtime.process import Process
from services.runtime.settings import Settings
from services.status.__main__ import start
from tests.support.listening import ADMIN
from tests.support.status_events import Story
from tests.support.waiting import eventually

PASSWORD = "secret"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
BANK_UUID = "7b0f6c7e-6f0b-4a55-9b68-0f4f9d2f0a11"


def partner(partner_id: str = "bank", **changes: object) -> PartnerChanged:
    """A partner whose login is its id."""
    made = PartnerChanged(
        event_id="p", at=0, partner_id=partner_id, uuid=BANK_UUID, login=partner_id, password_hash=_HASH
    )
    return made.replace(**changes)


def topic_of(event: MessageEvent) -> Topic:
    """Where its service would append it."""
    if isinstance(event, MessageRequested | ScheduleDue):
        return topics.MESSAGE_REQUESTED[event.lane]
    if isinstance(event, ProviderDispatched):
        return topics.PROVIDER_DISPATCHED[event.lane]
    return topics.STATUS_EVENTS[event.lane]


@dataclass
class Running:
    """A running service, and a caller of its API."""

    url: str
    operators_url: str
    log: Log
    http: aiohttp.ClientSession
    process: Process
    settings: Settings
    auth: dict[str, str] = field(default_factory=lambda: basic("bank"))

    async def append(self, *events: MessageEvent) -> None:
        await self.log.append([Append(topic_of(event), event.message_id, event) for event in events])

    async def get(self, path: str, auth: dict[str, str] | None = None) -> tuple[int, Any]:
        url = self.operators_url if auth == ADMIN else self.url
        async with self.http.get(url + path, headers=self.auth if auth is None else auth) as answer:
            return answer.status, await answer.json(content_type=None)

    async def until(
        self, story: Story, holds: Callable[[Any], bool], what: str, auth: dict[str, str] | None = None
    ) -> Any:
        """The message once `holds` is true of it. Fails with the last one seen."""
        seen: list[Any] = []

        async def message() -> Any:
            status, found = await self.get(f"/v1/messages/{story.message_id}", auth)
            seen[:] = [found]
            return found if status == 200 and holds(found) else None

        return await eventually(message, lambda: f"{what}: {seen}", look_s=0.02)

    async def until_state(self, story: Story, state: str) -> Any:
        return await self.until(story, lambda message: message["state"] == state, state)


def basic(login: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


@asynccontextmanager
async def running(
    settings: Settings, partners: Sequence[PartnerChanged | ApplicationChanged | CredentialsChanged]
) -> AsyncIterator[Running]:
    """Start the service with these partners and applications, and end it in order."""
    port, operators_port = free_ports(2)
    settings = settings.model_copy(
        update={
            "port": port,
            "operators_port": operators_port,
            "sweep_interval_s": 0.1,
            "dead_letter_hold_s": 0.5,
            "fold_gather_s": 0.04,
        }
    )
    await kafka.create_topics(settings)
    async with kafka.opened_log(settings) as log, AsyncExitStack() as stack, aiohttp.ClientSession() as http:
        await log.append([Append(topics.APPLICATION_EVENTS, partner.entity_key, partner) for partner in partners], 30)
        process = Process("status", settings, stack)
        try:
            await start(process)

            async def is_ready() -> bool:
                return not await process.not_ready()

            await eventually(is_ready, "the service is ready", look_s=0.02)
            yield Running(
                url=f"http://127.0.0.1:{port}",
                operators_url=f"http://127.0.0.1:{operators_port}",
                log=log,
                http=http,
                process=process,
                settings=settings,
            )
        finally:
            process.stop.set()
            await process.finish(10)
    if process.failure is not None:
        raise process.failure
