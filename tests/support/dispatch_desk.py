"""Dispatch of any provider over the real wire to a sandbox in this process; log, database and timers are left out.

What goes in is an installation and a delivery to it, what comes out is what dispatch concludes. `learn` does what the
registry does with a conclusion: it notes under which credentials a token has worked.
"""

import asyncio
import base64
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from deploy.local.settings import sandbox_urls
from schemas import codec, ids
from schemas.application_events import ApplicationChanged, CredentialsChanged
from schemas.events import ProviderDispatched, TargetResolved
from schemas.providers import Platform, Provider
from schemas.topics import TARGET_RESOLVED
from schemas.values import Content
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.senders import Senders, module_of
from services.dispatch.delivery.target_lookup import ReadyPush
from services.dispatch.delivery.work import DispatchWork
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.policy import Conclusion
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.installations.model import Installation, Token
from services.runtime.installations.reader import Installations
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Log
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers
from services.runtime.settings import Settings
from tests.support.sandbox_http import Bench

APPLICATION = "app"


class Noted:
    """The notes of attempts, in memory."""

    def __init__(self) -> None:
        self._noted: set[tuple[str, int]] = set()

    async def note(self, delivery_id: str, attempt: int) -> bool:
        is_new = (delivery_id, attempt) not in self._noted
        self._noted.add((delivery_id, attempt))
        return is_new

    async def is_noted(self, delivery_id: str, attempt: int) -> bool:
        return (delivery_id, attempt) in self._noted


@dataclass
class Known:
    """The registry's installations, in memory."""

    by_id: dict[str, Installation] = field(default_factory=dict)

    async def to_push(self, wanted: Iterable[str]) -> dict[str, Installation]:
        return {name: self.by_id[name] for name in wanted if name in self.by_id}


@dataclass
class Desk:
    """A dispatch of one provider, with one application."""

    provider: Provider
    settings: Settings
    secrets: Secrets
    directory: Directory
    known: Known
    work: DispatchWork
    _versions: int = 0

    def provision(self, credentials: dict[str, Any], **about: Any) -> None:
        """Credentials as the registry would announce them; `about` are fields of the application."""
        self._versions += 1
        sealed = self.secrets.seal(orjson.dumps(credentials), b"credentials")
        application = ApplicationChanged(
            event_id="a",
            at=0,
            application_id=APPLICATION,
            name="Demo",
            api_key_digests=(),
            max_pushes_per_s=10_000,
            **about,
        )
        credentials_event = CredentialsChanged(
            event_id="c",
            at=0,
            application_id=APPLICATION,
            provider=self.provider,
            sealed=sealed,
            fingerprint=orjson.dumps(credentials, option=orjson.OPT_SORT_KEYS).decode(),
        )
        for entity in (application, credentials_event):
            self.directory.apply(entity.entity_key, codec.encode(entity))

    def install(self, name: str, token: str, platform: Platform = Platform.ANDROID, **changes: Any) -> None:
        """An installation of user "u"; `changes` are fields of its token."""
        is_apns = self.provider is Provider.APNS
        made = Token(
            provider=self.provider,
            sealed=self.secrets.seal(token.encode(), b"token"),
            digest=f"digest-{name}",
            registered_at=1,
            environment="sandbox" if is_apns else None,
            bundle=None,
            variant=None,
            worked=False,
        )
        self.known.by_id[name] = Installation(
            installation_id=name,
            application_id=APPLICATION,
            platform=Platform.IOS if is_apns else platform,
            app_version="1",
            time_zone="",
            last_used_at=1,
            token=made._replace(**changes),
            external_user_id="u",
            phone=None,
            primary=False,
            push_enabled=True,
            push_os_enabled=True,
            subscriptions=frozenset(),
            public_key=None,
        )

    async def push(self, name: str, text: str = "123456", ttl_ms: int = 60_000) -> ProviderDispatched:
        """One delivery, from the log to what is concluded."""
        target = self._target(name, text, ttl_ms)
        topic = TARGET_RESOLVED[self.provider]["single"]
        (item,) = await self.work.prepare([Record(topic=topic, partition=0, offset=0, key=name, event=target, raw=b"")])
        done = await self.work.perform(item)
        assert isinstance(item, ReadyPush | Conclusion)
        self.learn(done.event)
        return done.event

    def learn(self, event: ProviderDispatched) -> None:
        """As `services/registry/devices/consumers.py` does."""
        installation = self.known.by_id[event.installation_id]
        if event.outcome != "accepted" or installation.token is None:
            return
        under = event.worked_under or installation.token.worked_under
        token = installation.token._replace(worked=True, worked_under=under)
        self.known.by_id[event.installation_id] = installation._replace(token=token)

    def _target(self, name: str, text: str, ttl_ms: int) -> TargetResolved:
        message_id, now = ids.uuid7(), time.time_ns() // 1_000_000
        return TargetResolved(
            event_id=ids.event_id_of(message_id, name),
            at=now,
            message_id=message_id,
            partner_id="bank",
            delivery_id=ids.uuid5(message_id, name),
            installation_id=name,
            application_id=APPLICATION,
            provider=self.provider,
            content=Content(title="Your code", text=text),
            expires_at=now + ttl_ms,
            recipient_mark=ids.recipient_mark_of(APPLICATION, "u", None),
            planned_at=now,
        )


def settings_of(bench: Bench) -> Settings:
    """The addresses of this sandbox."""
    environment = sandbox_urls(bench.urls) | {
        "RPNS_ALLOW_PRIVATE_ADDRESSES": "1",
        "RPNS_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
    }
    return Settings.from_environment(environment)


def credentials_of(bench: Bench, provider: Provider) -> dict[str, Any]:
    """Those that the sandbox takes."""
    given = dict(bench.urls["credentials"][provider.value])
    return {**given, "topic": given["topics"][0]} if provider is Provider.APNS else given


@asynccontextmanager
async def desk_of(bench: Bench, provider: Provider, known: Known | None = None) -> AsyncIterator[Desk]:
    """`known`: the installations that another desk knew, as after a restart."""
    settings, directory = settings_of(bench), Directory()
    secrets = Secrets(settings.master_key)
    senders = Senders(provider, directory, secrets, settings, module_of(provider).open_sender)
    known = known or Known()
    nobody: Any = None
    work = DispatchWork(
        provider,
        senders,
        installations=cast(Installations, known),
        attempts=cast(Attempts, Noted()),
        secrets=secrets,
        secure_values=cast(DeviceSecureValues, nobody),
        sink=cast(Log, nobody),
        timers=cast(Timers, nobody),
        stops=cast(Stops, nobody),
        ended=cast(EndedActivities, nobody),
    )
    desk = Desk(provider=provider, settings=settings, secrets=secrets, directory=directory, known=known, work=work)
    desk.provision(credentials_of(bench, provider))
    try:
        yield desk
    finally:
        await senders.close()


async def side_by_side(desk: Desk, *names: str) -> list[ProviderDispatched]:
    """Pushes to all of them at once, in any order."""
    order = random.sample(names, len(names))
    done = dict(zip(order, await asyncio.gather(*(desk.push(name) for name in order)), strict=True))
    return [done[name] for name in names]
