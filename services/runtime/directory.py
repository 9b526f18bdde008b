"""Partners, senders, applications and credentials in memory: the fold of `application-events`.

Every process reads the topic from its start to the end it had when the process began, before it reports ready or
joins a group, and follows it from then on. So a rotated key or a switched-off partner takes effect within a second.
Folding a record, and each look-up, costs the same however many partners there are.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from schemas import codec
from schemas.application_events import (
    OWNED,
    AccountChanged,
    ApplicationChanged,
    CredentialsChanged,
    EntityKey,
    OperatorTokenChanged,
    OwnedId,
    PartnerChanged,
    RecipientForgotten,
    SenderChanged,
    StopChanged,
)
from schemas.providers import Provider
from schemas.topics import APPLICATION_EVENTS
from schemas.values import StopScope
from services.runtime import telemetry
from services.runtime.directory_index import Names
from services.runtime.log import kafka

if TYPE_CHECKING:
    from services.runtime.process import Process

log = telemetry.logger("directory")


class Directory:
    """Look-ups by the names that requests carry. Read it at each use: it changes under way."""

    def __init__(self) -> None:
        self.partners: dict[str, PartnerChanged] = {}
        self.applications: dict[str, ApplicationChanged] = {}
        self.senders: dict[tuple[str, str], SenderChanged] = {}
        self.credentials: dict[tuple[str, Provider], CredentialsChanged] = {}
        self.stops: dict[tuple[StopScope, str], StopChanged] = {}  # also those that were lifted: state "running"
        self._stops_of: dict[str, dict[tuple[StopScope, str], StopChanged]] = {}
        self._holding: dict[tuple[StopScope, str], StopChanged] = {}  # of those, the ones that stop something
        self.operators: dict[str, OperatorTokenChanged] = {}  # also those that were revoked
        self.accounts: dict[str, AccountChanged] = {}  # also those that are switched off or deleted
        self.forgotten: dict[str, RecipientForgotten] = {}  # by erasure id
        self._erasure_waits: list[asyncio.Event] = []
        self.outdated: set[str] = set()  # keys whose newest state only a newer release understands
        self.version = 0
        self.newest_at = 0  # UTC ms
        self._logins, self._api_keys, self._batch_keys, self._operators = Names(), Names(), Names(), Names()
        self._origins, self._accounts = Names(), Names()
        self._senders_of: dict[str, dict[str, SenderChanged]] = {}
        self._credentials_of: dict[str, dict[Provider, CredentialsChanged]] = {}

    def enabled_partner(self, partner_id: str) -> PartnerChanged | None:
        """The partner, if it is known and not switched off."""
        found = self.partners.get(partner_id)
        return found if found is not None and found.enabled else None

    def partner_by_login(self, login: str) -> PartnerChanged | None:
        return self.partners.get(self._logins.holder(login))

    def partner_by_batch_key(self, digest: str) -> PartnerChanged | None:
        """The partner of a batch key, by `Secrets.digest(key, "batch-key")`."""
        return self.partners.get(self._batch_keys.holder(digest))

    def application_by_api_key(self, digest: str) -> ApplicationChanged | None:
        """The application of an API key, by `Secrets.digest(key, "api-key")`."""
        return self.applications.get(self._api_keys.holder(digest))

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether any application that is switched on allows pages of that origin."""
        return bool(self._origins.holder(origin))

    def operator_by_digest(self, digest: str) -> OperatorTokenChanged | None:
        """The token with `Secrets.digest(token, "operator-token")`; also when it was revoked or has expired."""
        return self.operators.get(self._operators.holder(digest))

    def account_by_name(self, name: str) -> AccountChanged | None:
        """The account; also when it is switched off."""
        return self.accounts.get(self._accounts.holder(name))

    def sender(self, partner_id: str, service_number: str) -> SenderChanged | None:
        """The partner's sender of that name; None also when it is switched off."""
        found = self.senders.get((partner_id, service_number))
        return found if found is not None and found.enabled else None

    def senders_of(self, partner_id: str) -> list[SenderChanged]:
        """All of a partner's, by name; also those that are switched off."""
        found = self._senders_of.get(partner_id, {})
        return [found[name] for name in sorted(found)]

    def credentials_of(self, application_id: str) -> list[CredentialsChanged]:
        """All of an application's, by provider; also those that are switched off."""
        found = self._credentials_of.get(application_id, {})
        return [found[provider] for provider in sorted(found)]

    def stop_of(
        self,
        partner_id: str,
        application_id: str | None = None,
        packet_id: int | None = None,
        mailing_id: str | None = None,
    ) -> StopChanged | None:
        """What keeps a message from being planned; one that cancels it before one that only holds it up."""
        if not self._holding:
            return None
        named: tuple[tuple[StopScope, str | None], ...] = (
            ("packet", None if packet_id is None else str(OwnedId(partner_id, str(packet_id)))),
            ("mailing", None if mailing_id is None else str(OwnedId(partner_id, mailing_id))),
            ("partner", partner_id),
            ("application", application_id),
        )
        found = [stop for scope, name in named if name is not None and (stop := self.stopped(scope, name))]
        return next((stop for stop in found if stop.state == "cancelled"), found[0] if found else None)

    def stopped(self, scope: StopScope, name: str) -> StopChanged | None:
        """The stop, while it holds."""
        return self._holding.get((scope, name))

    def stops_of_partner(self, partner_id: str) -> list[StopChanged]:
        """The stops of its packets and mailings, also the lifted ones, in no order."""
        return list(self._stops_of.get(partner_id, {}).values())

    def holding(self) -> list[StopChanged]:
        """All stops that hold, in no order."""
        return list(self._holding.values())

    def next_erasure(self) -> asyncio.Event:
        """An event that is set when somebody is forgotten after this call."""
        wait = asyncio.Event()
        self._erasure_waits.append(wait)
        return wait

    def apply(self, key: str, value: bytes | None) -> None:
        """Fold one record; the newest of a key wins. What cannot be read is logged and left out: of what only a newer
        release understands the state before stays, and nobody here may change it.

        No value ends a stop; nothing else is ever ended so.
        """
        self.outdated.discard(key)
        if value is None:
            self._end_stop(key)
            return
        try:
            event = codec.decode(APPLICATION_EVENTS, value)
        except codec.Newer as error:
            self.outdated.add(key)
            telemetry.OUTDATED.labels("directory").inc()
            log.error("outdated: a newer release wrote what this one lacks", error=str(error))  # noqa: TRY400
            return
        except codec.Undecodable:
            log.exception("a record of application-events cannot be read", key=key)
            return
        if event is None:
            return  # a type of a newer release
        match event:
            case PartnerChanged():
                self.partners[event.partner_id] = event
                self._logins.put(event.partner_id, [event.login])
                self._batch_keys.put(event.partner_id, event.batch_key_digests)
            case ApplicationChanged():
                self.applications[event.application_id] = event
                self._api_keys.put(event.application_id, event.api_key_digests)
                self._origins.put(event.application_id, event.allowed_origins if event.enabled else ())
                telemetry.IDENTITY_OFF.labels(event.application_id).set(event.identity == "off")
            case SenderChanged():
                self.senders[event.partner_id, event.service_number] = event
                self._senders_of.setdefault(event.partner_id, {})[event.service_number] = event
            case CredentialsChanged():
                self.credentials[event.application_id, event.provider] = event
                self._credentials_of.setdefault(event.application_id, {})[event.provider] = event
            case StopChanged():
                self._stop(event)
            case OperatorTokenChanged():
                self.operators[event.operator_id] = event
                self._operators.put(event.operator_id, [event.digest])
            case AccountChanged():
                self.accounts[event.account_id] = event
                self._accounts.put(event.account_id, () if event.deleted else [event.name])
            case RecipientForgotten():
                self.forgotten[event.erasure_id] = event
                waits, self._erasure_waits = self._erasure_waits, []
                for wait in waits:
                    wait.set()
        self.version += 1
        self.newest_at = max(self.newest_at, event.at)
        telemetry.DIRECTORY_NEWEST.set(self.newest_at / 1000)

    def _stop(self, event: StopChanged) -> None:
        key = event.scope, event.id
        self.stops[key] = event
        if event.scope in OWNED:
            self._stops_of.setdefault(OwnedId.parse(event.id).partner_id, {})[key] = event
        if event.state == "running":
            self._holding.pop(key, None)
        else:
            self._holding[key] = event

    def _end_stop(self, key: str) -> None:
        kind, scope, name = EntityKey.parse(key)
        found = self.stops.pop((cast(StopScope, scope), name), None) if kind == "stop" else None
        if found is None:
            return
        self._holding.pop((found.scope, found.id), None)
        if found.scope in OWNED:
            partner_id = OwnedId.parse(found.id).partner_id
            own = self._stops_of[partner_id]
            del own[found.scope, found.id]
            if not own:
                del self._stops_of[partner_id]
        self.version += 1


async def follow_directory(process: "Process") -> Directory:
    """A directory that is complete up to now and stays current. Raises LogUnavailable when the log is away."""
    directory, caught_up = Directory(), asyncio.Event()
    await kafka.create_topics(process.settings)
    process.spawn(kafka.follow(process.settings, APPLICATION_EVENTS, directory.apply, caught_up), "directory")
    stopping = asyncio.ensure_future(process.stop.wait())
    waiting = asyncio.ensure_future(caught_up.wait())
    await asyncio.wait({stopping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not waiting.done():
        waiting.cancel()
        raise kafka.LogUnavailable("application-events could not be read to its end")
    return directory
