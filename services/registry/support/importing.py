"""Bringing existing tokens in: `rpns import-devices`. One line is one installation without an app behind it yet.

An imported installation has no proof, so no device can speak for it; when the app is updated it installs itself, and
its token moves to the new installation. Ids are derived from the token, and only what is not known yet is appended:
a file can be imported twice, and never undoes what a device has said since.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AliasChoices, Field, StrictBool, ValidationError

from schemas import ids
from schemas.device_events import DeviceEvent, Installed, Personalized, SettingsChanged, TokenRegistered
from schemas.providers import Platform
from schemas.topics import DEVICE_EVENTS
from services.registry.bodies import BadField, Phone, UserId, phone_digits
from services.registry.device_api.bodies import Short, SubscriptionBody, TokenBody
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.tokens import token_text
from services.registry.devices.fold.shared import token_key
from services.registry.devices.fold.state import Device
from services.registry.support.bodies import BadLine, ImportAnswer
from services.runtime.clock import now_ms
from services.runtime.http.server import field_errors
from services.runtime.lists.lines import MAX_LINE_BYTES, RawLine
from services.runtime.log.kafka import Append
from services.runtime.text.storable import Text

MAX_LINES = 5_000
_BATCH = 200
_NAMES = ids.uuid5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "rpns/import")


class ImportLine(TokenBody):
    """One line: the token as the device API takes it, and what is known of device and owner."""

    platform: Platform | None = Field(None, description="default: the provider's usual one")
    external_user_id: UserId | None = None
    phone: Phone | None = Field(None, validation_alias=AliasChoices("phone", "to"))
    device_id: Annotated[Text, Field(max_length=128)] = ""
    app_version: Annotated[Text, Field(max_length=64)] = "0"
    os_version: Short = ""
    model: Annotated[Text, Field(max_length=128)] = ""
    locale: Short = ""
    time_zone: Annotated[Text, Field(max_length=64)] = ""
    push_enabled: StrictBool | None = None
    push_os_enabled: StrictBool | None = None
    subscriptions: Annotated[list[SubscriptionBody], Field(max_length=100)] = []


@dataclass
class DeviceImport:
    """One import of one application: feed it lines, then read `answer`."""

    commands: DeviceCommands
    application_id: str
    by: str  # who imports, as events say it
    first_line: int = 1
    lines: int = 0
    imported: int = 0
    known: int = 0
    bad: list[BadLine] = field(default_factory=list)

    @property
    def answer(self) -> ImportAnswer:
        return ImportAnswer(lines=self.lines, imported=self.imported, known=self.known, bad=self.bad)

    async def read(self, lines: AsyncIterator[RawLine]) -> None:
        """Import all lines, batch by batch. Raises LogUnavailable, mongo.TRANSIENT_ERRORS: then repeat the whole."""
        batch: list[tuple[ImportLine, str, str | None]] = []
        async for raw in lines:
            self.lines = raw.line
            number = self.first_line - 1 + raw.line
            try:
                batch.append(_parsed(raw))
            except (BadField, ValidationError) as error:
                self.bad += _reasons(number, error)
            if len(batch) >= _BATCH:
                await self._store(batch)
                batch = []
        await self._store(batch)

    async def _store(self, batch: Sequence[tuple[ImportLine, str, str | None]]) -> None:
        """Append what is not known yet, and fold it."""
        commands, devices = self.commands, self.commands.devices
        by_id: dict[str, tuple[ImportLine, str, str | None]] = {}
        for one in batch:
            by_id.setdefault(_id(self.application_id, one[0], one[1]), one)
        self.known += len(batch) - len(by_id)  # the same token twice in the file
        digests = {key: commands.secrets.digests(f"{one[0].provider}/{one[1]}", "token") for key, one in by_id.items()}
        found = await devices.load(by_id)
        names = [digest for several in digests.values() for digest in several]
        held = await devices.holding(self.application_id, names)
        held |= {
            key: holder.rpartition("/")[2]
            for key, holder in (
                await devices.token_holders(token_key(self.application_id, name) for name in names)
            ).items()
        }
        events: list[DeviceEvent] = []
        for key, (line, text, phone) in by_id.items():
            keys = [token_key(self.application_id, digest) for digest in digests[key]]
            others = any(held.get(one, key) != key for one in keys)
            news = [] if others else self._events(key, line, text, phone, digests[key], found.get(key))
            self.known += not news
            self.imported += bool(news)
            events += news
        await commands.sink.append([Append(DEVICE_EVENTS, event.installation_id, event) for event in events])
        if events:
            await devices.apply(events)

    def _events(
        self, key: str, line: ImportLine, text: str, phone: str | None, digests: list[str], device: Device | None
    ) -> list[DeviceEvent]:
        if device is not None and device.proof_hash:
            return []  # the id can be computed by whoever knows the token: what a device has installed is the device's
        known = device.stamps if device is not None else {}
        at = now_ms()

        def about(what: str) -> dict[str, str | int]:
            event_id = ids.event_id_of(key, f"import/{what}")
            ours = {"application_id": self.application_id, "by": self.by}
            return {"event_id": event_id, "at": at, "installation_id": key, **ours}

        news: list[DeviceEvent] = []
        if "device" not in known:
            platform = line.platform or line.facts.platform
            said = {name: getattr(line, name) for name in ("app_version", "os_version", "model", "locale", "time_zone")}
            facts = {"device_id": line.device_id, "platform": platform, "proof_hash": "", **said}
            news.append(Installed.model_validate({**about("installed"), **facts}))
        if "token" not in known:
            news.append(
                TokenRegistered.model_validate(
                    {
                        **about("token"),
                        "provider": line.provider,
                        "sealed": self.commands.secrets.seal(text.encode(), b"token"),
                        "digest": digests[0],
                        "former_digests": digests[1:],
                        **self.commands.token_facts(self.application_id, line),
                    }
                )
            )
        if (line.external_user_id is not None or phone is not None) and "owner" not in known:
            owner = {"external_user_id": line.external_user_id, "phone": phone}
            news.append(Personalized.model_validate({**about("owner"), **owner}))
        settings = {"push_enabled": line.push_enabled, "push_os_enabled": line.push_os_enabled}
        subscriptions = tuple(one.said() for one in line.subscriptions)
        says = bool(subscriptions) or any(value is not None for value in settings.values())
        if says and not {"push_enabled", "push_os_enabled"} & known.keys() and not (device and device.subscriptions):
            news.append(
                SettingsChanged.model_validate({**about("settings"), **settings, "subscriptions": subscriptions})
            )
        return news


def _parsed(raw: RawLine) -> tuple[ImportLine, str, str | None]:
    """The line, its token as text, and its phone. Raises BadField, ValidationError."""
    if raw.content is None:
        raise BadField("line", f"must be at most {MAX_LINE_BYTES} bytes")
    line = ImportLine.model_validate_json(raw.content)
    return line, token_text(line), phone_digits(line.phone)


def _reasons(number: int, error: BadField | ValidationError) -> list[BadLine]:
    if isinstance(error, BadField):
        return [BadLine(line=number, field=error.field, rule=error.rule)]
    faults = field_errors(error.errors(include_url=False, include_context=False, include_input=False), ImportLine)
    return [BadLine(line=number, field=one["field"], rule=one["rule"]) for one in faults[:3]]


def _id(application_id: str, line: ImportLine, text: str) -> str:
    return ids.uuid5(_NAMES, f"{application_id}/{line.provider}/{text}")
