"""A schedule as it runs: the loop, what is outside, the instances, and a diary of everything."""

import asyncio
import contextvars
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import orjson

from schemas import codec, ids
from schemas.application_events import ApplicationChanged, CredentialsChanged, PartnerChanged
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.kafka import Log
from services.runtime.settings import Settings
from tests.simulation import services
from tests.simulation.clock import VirtualLoop
from tests.simulation.faults import Faults
from tests.simulation.instance import Instance
from tests.simulation.ledgers import Finding
from tests.simulation.outside import APPLICATION, PARTNER, PARTNER_UUID, Partner, Phones
from tests.simulation.plan import Schedule
from tests.simulation.servers.broker import Broker, Stored
from tests.simulation.servers.clients import MemoryProducer
from tests.simulation.servers.documents import stored
from tests.simulation.servers.replica_set import Server

_SETTINGS = Settings.from_environment({"RPNS_MASTER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
_SECRETS = Secrets(_SETTINGS.master_key)
_CREDENTIALS = _SECRETS.seal(orjson.dumps({}), b"credentials")
_TOKEN = _SECRETS.seal(b"token", b"token")
_LONGEST_S = 1_500.0
_LOOK_S = 2.0
Take = Callable[[str, Any], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the diary. `what` may be a record, which is read only when somebody asks."""

    at_s: float
    what: str | Stored
    message_id: str | None


class World:
    """Everything of one schedule."""

    def __init__(self, schedule: Schedule, loop: VirtualLoop) -> None:
        self.schedule, self.loop = schedule, loop
        self.chance = random.Random(f"{schedule.seed}/world")
        self.diary: list[Note] = []
        self.findings: list[Finding] = []
        self.settings, self.secrets, self.directory = _SETTINGS, _SECRETS, Directory()
        self.faults, self.broker, self.server = Faults(self), Broker(self), Server(self)
        self.partner, self.phones = Partner(self), Phones(self)
        self.instances: dict[str, Instance] = {}
        self.starts = 0
        self._receipts: dict[str, tuple[Instance, Take]] = {}
        self._restarting: set[str] = set()
        self.begin_s = loop.time()
        self.context = contextvars.copy_context()  # of nobody's process
        self.ingest = Log(MemoryProducer(Instance(self, "ingest")), "", 10.0)

    # -- what happens

    def note(self, what: str, message_id: str | None) -> None:
        self.diary.append(Note(self.loop.time() - self.begin_s, what, message_id))

    def logged(self, record: Stored) -> None:
        self.diary.append(Note(self.loop.time() - self.begin_s, record, None))

    def announce_partner(self) -> None:
        changed = PartnerChanged(
            event_id=ids.uuid7(),
            at=self.loop.now_ms,
            partner_id=PARTNER,
            uuid=PARTNER_UUID,
            login=PARTNER,
            password_hash="",
            report_url=self.partner.url,
        )
        self.directory.apply(changed.entity_key, codec.encode(changed))

    def opened_receipts(self, instance: Instance, take: Take) -> None:
        self._receipts[instance.name] = instance, take

    def receipts(self) -> tuple[Instance, Take] | None:
        """Any registry that is up."""
        found = [pair for pair in self._receipts.values() if pair[0].is_alive and not pair[0].stop.is_set()]
        return self.chance.choice(found) if found else None

    def start(self, name: str) -> None:
        self.starts += 1
        instance = self.instances[name] = Instance(self, name)
        instance.context.run(services.start, instance)
        self.note(f"{name} starts", None)

    async def restart(self, name: str, after_s: float, *, in_order: bool) -> None:
        if name in self._restarting:
            return
        self._restarting.add(name)
        instance = self.instances[name]
        if in_order:
            await instance.finish()
        else:
            await instance.killed_within(self.chance.randrange(8), 5.0 if instance.failure is None else 0.0)
        self.note(f"{name} is gone", None)
        await asyncio.sleep(after_s)
        self._restarting.discard(name)
        self.start(name)

    def died(self, instance: Instance) -> None:
        """Its own fault: a supervisor starts it again."""
        self.findings.append(Finding("died", f"{instance.name}: {instance.failure!r}"))
        self.loop.create_task(self.restart(instance.name, 1.0, in_order=False))

    # -- from begin to end

    async def live(self) -> None:
        self._provision()
        for name in self.schedule.instances:
            self.start(name)
        asks = [self.loop.create_task(self.partner.ask(request)) for request in self.schedule.requests]
        await asyncio.gather(self.faults.run(), *asks)
        self.note("quiet from here on", None)
        while not self._is_settled():
            if self.loop.time() - self.begin_s > _LONGEST_S:
                self.findings.append(Finding("stuck", self._unsettled()))
                break
            await asyncio.sleep(_LOOK_S)

    def _is_settled(self) -> bool:
        return not self.phones.saying and not self._unsettled()

    def _unsettled(self) -> str:
        """What is still to happen."""
        owed = [
            f"{document['_id']}: {name}"
            for document in self.server.all_of("messages")
            for name in ("deadline_at", "owed_at")
            if name in document
        ]
        for name in ("router_timers", "dispatch_timers", "failure_timers"):
            owed += [f"{name}: {document['_id']}" for document in self.server.all_of(name)]
        owed += [f"reports: {document['_id']}" for document in self.server.all_of("reports") if "due_at" in document]
        if not self.broker.is_read():
            owed.append("records that are not read")
        return "; ".join(owed)

    def _provision(self) -> None:
        self.announce_partner()
        application = ApplicationChanged(
            event_id="a", at=0, application_id=APPLICATION, name="App", api_key_digests=(), identity="off"
        )
        changed: list[Any] = [application]
        changed += [
            CredentialsChanged(
                event_id="c", at=0, application_id=APPLICATION, provider=provider, sealed=_CREDENTIALS, fingerprint="1"
            )
            for provider in services.PROVIDERS
        ]
        for event in changed:
            self.directory.apply(event.entity_key, codec.encode(event))
        installations = self.server.collection("installations")
        for request in self.schedule.requests:
            for phone in request.phones:
                name = ids.uuid5(PARTNER_UUID, f"{request.ref}/{phone.number}")
                self.phones.by_installation[name] = phone
                token = {
                    "provider": phone.provider.value,
                    "sealed": _TOKEN,
                    "digest": f"digest-{name}",
                    "registered_at": 1,
                    "worked": True,
                }
                document = {
                    "_id": name,
                    "application_id": APPLICATION,
                    "platform": "android",
                    "token": token,
                    "owner": {"external_user_id": f"user-{request.number}"},
                    "proof": {"signed_at": 1},
                }
                self.server.put(installations, name, stored(document))
