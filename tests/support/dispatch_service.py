"""Dispatch over APNs on real servers, without a process of its own: targets go in, outcomes are read from the log."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas import codec, ids, topics
from schemas.application_events import ApplicationChanged, CredentialsChanged, StopChanged
from schemas.events import ProviderDispatched, TargetResolved
from schemas.providers import Provider
from schemas.values import Content, Lane
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.senders import Open, Senders
from services.dispatch.delivery.target_lookup import Item
from services.dispatch.delivery.work import DispatchWork
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.policy import Conclusion
from services.dispatch.providers.apns import sender
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.concurrent_consumer import ConcurrentConsumer
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo import Database
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers
from services.runtime.settings import Settings
from tests.support.apns_harness import TOPIC, Sandbox
from tests.support.deliveries import DELIVERIES
from tests.support.log_reader import events_of
from tests.support.senders import pointed_at

PROVIDER = Provider.APNS
OUTCOMES = topics.PROVIDER_DISPATCHED


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Service:
    """A running dispatch of one provider."""

    settings: Settings
    sandbox: Sandbox
    database: Database
    sink: Log
    directory: Directory
    secrets: Secrets
    work: DispatchWork
    timers: Timers
    _versions: int = field(default=0)

    async def install(self, *installation_ids: str, application_id: str = "app", **changes: Any) -> None:
        """Installations of user "u" with a live APNs token each; `changes` are fields of the token."""
        for installation_id in installation_ids:
            token = {
                "provider": PROVIDER.value,
                "sealed": self.secrets.seal(device_token(installation_id).encode(), b"token"),
                "digest": f"digest-{installation_id}",
                "registered_at": 1,
                "worked": True,
            }
            document = {
                "application_id": application_id,
                "platform": "ios",
                "token": {**token, **changes},
                "owner": {"external_user_id": "u"},
            }
            await self.database["installations"].replace_one({"_id": installation_id}, document, upsert=True)

    def provision(
        self, application_id: str = "app", enabled: bool = True, max_pushes_per_s: int = 10_000, **changes: Any
    ) -> None:
        """Credentials as the registry would announce them; `changes` are fields of the credentials."""
        self._versions += 1
        key = self.sandbox.credentials
        given = {"team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key, "topic": TOPIC}
        sealed = self.secrets.seal(orjson.dumps({**given, **changes}), b"credentials")
        application = ApplicationChanged(
            event_id="a",
            at=0,
            application_id=application_id,
            name="Demo",
            api_key_digests=(),
            max_pushes_per_s=max_pushes_per_s,
        )
        credentials = CredentialsChanged(
            event_id="c",
            at=0,
            application_id=application_id,
            provider=PROVIDER,
            sealed=sealed,
            fingerprint=str(self._versions),
            enabled=enabled,
        )
        for entity in (application, credentials):
            self.directory.apply(entity.entity_key, codec.encode(entity))

    def stop(self, scope: str, name: str, state: str) -> None:
        """A stop button, as the registry would announce it."""
        about = {"event_id": ids.uuid7(), "at": now_ms(), "scope": scope, "id": name, "state": state}
        event = StopChanged.stored(about)
        self.directory.apply(event.entity_key, codec.encode(event))

    async def send(self, *targets: TargetResolved) -> None:
        await self.sink.append(
            [
                Append(topics.TARGET_RESOLVED[PROVIDER][delivery.lane], delivery.installation_id, delivery)
                for delivery in targets
            ]
        )

    async def outcomes(self, count: int, lane: Lane = "single") -> list[ProviderDispatched]:
        """The first `count` of a lane, in the order of time. Raises TimeoutError."""
        events = await events_of(self.settings, OUTCOMES[lane], count, 30)
        return sorted((event for event in events if isinstance(event, ProviderDispatched)), key=lambda event: event.at)


def device_token(installation_id: str) -> str:
    return ids.uuid5(ids.uuid5("0" * 32, "device"), installation_id).replace("-", "") * 2


def target(installation_id: str, application_id: str = "app", **changes: Any) -> TargetResolved:
    """A delivery to an installation of user "u"."""
    message_id, now = ids.uuid7(), now_ms()
    fields: dict[str, Any] = {
        "event_id": ids.event_id_of(message_id, installation_id),
        "at": now,
        "message_id": message_id,
        "partner_id": "bank",
        "delivery_id": DELIVERIES.of(message_id, 0, installation_id),
        "installation_id": installation_id,
        "application_id": application_id,
        "provider": PROVIDER,
        "content": Content(title="Your code", text="123456"),
        "expires_at": now + 60_000,
        "recipient_mark": ids.recipient_mark_of(application_id, "u", None),
        "planned_at": now,
    }
    return TargetResolved(**(fields | changes))


@asynccontextmanager
async def serving(
    settings: Settings, sandbox: Sandbox, open_sender: Open = sender.open_sender
) -> AsyncIterator[Service]:
    """Both lanes, timers and the watch over credentials; one application is provisioned."""
    settings = pointed_at(settings, APNS_URL=f"https://localhost:{sandbox.port}")
    settings = settings.model_copy(update={"provider_ca_file": str(sandbox.ca)})
    wanted = [*OUTCOMES.values(), *topics.TARGET_RESOLVED[PROVIDER].values(), *topics.STATUS_EVENTS.values()]
    await kafka.create_topics(settings, wanted)
    stop, secrets, directory = asyncio.Event(), Secrets(settings.master_key), Directory()
    async with kafka.opened_log(settings) as sink, mongo.database(settings) as database:
        timers, attempts = Timers(database["dispatch_timers"], sink), Attempts(database)
        await timers.prepare()
        await attempts.prepare()
        senders = Senders(PROVIDER, directory, secrets, settings, open_sender)
        stops = Stops(directory, timers)
        work = DispatchWork(
            PROVIDER,
            senders,
            installations=Installations(database),
            attempts=attempts,
            secrets=secrets,
            secure_values=DeviceSecureValues(HourKeys(database["hour_keys"], secrets)),
            sink=sink,
            timers=timers,
            stops=stops,
            ended=EndedActivities(database),
        )
        service = Service(
            settings=settings,
            sandbox=sandbox,
            database=database,
            sink=sink,
            directory=directory,
            secrets=secrets,
            work=work,
            timers=timers,
        )
        service.provision()
        running = [asyncio.create_task(timers.run(stop, 0.1)), asyncio.create_task(work.watch.run(stop))]
        running.append(asyncio.create_task(stops.run(stop)))
        for lane, topic in topics.TARGET_RESOLVED[PROVIDER].items():
            consumer: ConcurrentConsumer[Item, Conclusion] = ConcurrentConsumer(
                settings=settings, log=sink, topic=topic, group=f"dispatch-{lane}", work=work, stop=stop
            )
            running.append(asyncio.create_task(consumer.run()))
        try:
            yield service
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*running), 30)
            await senders.close()
            await database.client.drop_database(settings.mongo_database)
