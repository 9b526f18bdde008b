"""The registry's API on real Kafka and MongoDB, called over ASGI, with a directory that follows its topic."""

import asyncio
import secrets as random_secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import APIRouter

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.topics import APPLICATION_EVENTS, DEVICE_EVENTS, INSTALLATIONS, STATUS_EVENTS
from services.registry.api import application
from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.commands import DeviceCommands
from services.registry.devices.store import DeviceStore
from services.registry.provisioning import STRICT
from services.registry.provisioning.service import Provisioning
from services.registry.provisioning.store import ProvisioningLock
from services.registry.receipts import ReceiptFastPath
from services.registry.receipts.service import ReceiptService
from services.registry.receipts.worked_tokens import WorkedTokens
from services.registry.sign_in import Accounts, Entrance, Passwords, SignInPace, account_routes, session_routes
from services.registry.support.audience_store import AudienceStore
from services.runtime import mongo
from services.runtime.access.callers import networks
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.logins import Logins
from services.runtime.access.partner_auth import caller
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo import Database
from services.runtime.mongo.stop_targets import StopTargets
from services.runtime.settings import Settings
from tests.support.listening import BothListeners

API_KEY = "key-of-the-app"


@dataclass
class Phone:
    """One installation as its SDK sees it."""

    client: httpx.AsyncClient
    installation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    proof: str = field(default_factory=lambda: random_secrets.token_urlsafe(32))
    credential: str = ""

    async def install(self, api_key: str = API_KEY, **changes: Any) -> httpx.Response:
        body = {
            "installationId": self.installation_id,
            "proof": self.proof,
            "deviceId": f"device of {self.installation_id}",
            "platform": "ios",
            "appVersion": "1.2.3",
        }
        headers = {"X-Api-Key": api_key}
        answer = await self.client.post("/sdk/api/v1/installations", json=body | changes, headers=headers)
        if answer.is_success:
            self.credential = answer.json()["credential"]
        return answer

    async def call(self, method: str, path: str = "", body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.credential}"} | more.pop("headers", {})
        url = f"/sdk/api/v1/installations/{self.installation_id}{path}"
        sent: dict[str, Any] = {} if body is None else {"json": body}
        return await self.client.request(method, url, headers=headers, **sent, **more)

    async def log_in(self, user: str | None = None, phone: str | None = None, **more: Any) -> httpx.Response:
        """As the SDK does it; `more` is of the body: `proof`, `primary`."""
        body = {"externalUserId": user, "phone": f"+{phone}" if phone else None, **more}
        given = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/personalize", given)

    async def ok(self, method: str, path: str = "", body: Any = None) -> Any:
        """The answer's body; anything but success fails the test."""
        answer = await self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass
class Registry:
    """What a test holds on to."""

    settings: Settings
    client: httpx.AsyncClient
    listeners: BothListeners
    devices: DeviceStore
    database: Database
    directory: Directory
    secrets: Secrets
    sink: Log
    worked: WorkedTokens

    def phone(self) -> Phone:
        return Phone(self.client)

    async def installed(self, **changes: Any) -> Phone:
        phone = self.phone()
        answer = await phone.install(**changes)
        assert answer.status_code == 201, answer.text
        return phone


@asynccontextmanager
async def registry(settings: Settings) -> AsyncIterator[Registry]:
    """Everything but the consumers, with one application, `app`, and its key."""
    async with AsyncExitStack() as stack:
        topics = [APPLICATION_EVENTS, DEVICE_EVENTS, INSTALLATIONS, *STATUS_EVENTS.values()]
        await kafka.create_topics(settings, topics)
        sink = await stack.enter_async_context(kafka.opened_log(settings))
        database = await stack.enter_async_context(mongo.database(settings))
        stack.push_async_callback(database.client.drop_database, settings.mongo_database)
        secrets, directory, caught_up = Secrets(settings.master_key), Directory(), asyncio.Event()
        app = ApplicationChanged(
            event_id=ids.uuid7(),
            at=1,
            application_id="app",
            name="App",
            api_key_digests=(secrets.digest(API_KEY, "api-key"),),
            bundle="com.example.app",
        )
        await sink.append([Append(APPLICATION_EVENTS, app.entity_key, app)])
        following = asyncio.create_task(kafka.follow(settings, APPLICATION_EVENTS, directory.apply, caught_up))
        stack.push_async_callback(_ended, following)
        await asyncio.wait_for(caught_up.wait(), 20)
        devices = DeviceStore(database)
        await devices.prepare()
        pace = DevicePace("registry", networks("127.0.0.1/32"), settings.device_pace)
        auth = RegistryAuth(devices, directory, secrets, pace)
        provisioning = Provisioning(directory, sink, ProvisioningLock(database))
        audiences = AudienceStore(database)
        await audiences.prepare()
        logins = Logins(directory, secrets)
        stack.callback(logins.close)
        callers = caller(logins, ())
        commands = DeviceCommands(devices, sink, directory, secrets)
        worked = WorkedTokens(commands)
        receipts = ReceiptService(sink, secrets.delivery_ids, worked)
        api = application(
            commands=commands,
            provisioning=provisioning,
            auth=auth,
            audiences=audiences,
            targets=StopTargets(database),
            callers=callers,
            receipts=receipts,
            more=sign_in_routes(stack, directory, secrets, sink, database),
        )
        listeners = BothListeners(api, directory, secrets)
        front = ReceiptFastPath(listeners, receipts=receipts, secrets=secrets, directory=directory, pace=pace)
        transport = httpx.ASGITransport(app=front, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://registry"))
        yield Registry(
            settings=settings,
            client=client,
            listeners=listeners,
            devices=devices,
            database=database,
            directory=directory,
            secrets=secrets,
            sink=sink,
            worked=worked,
        )


def sign_in_routes(
    stack: AsyncExitStack, directory: Directory, secrets: Secrets, sink: Log, database: Database
) -> list[APIRouter]:
    """As the process opens them."""
    accounts = Accounts(Provisioning(directory, sink, ProvisioningLock(database, "accounts")), has_other_admins=False)
    passwords = Passwords(directory, SignInPace())
    stack.callback(passwords.close)
    return [
        account_routes(accounts, passwords),
        session_routes(accounts, Entrance(directory, secrets, ()), passwords, STRICT),
    ]


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
