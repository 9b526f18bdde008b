"""What an imported line makes of an installation: the events that follow from it, as far as they tell anything new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, Field, StrictBool

from schemas import ids
from schemas.device_events import DeviceEvent, Installed, Personalized, SettingsChanged, TokenRegistered
from schemas.providers import Platform
from services.registry.bodies import MAX_SUBSCRIPTIONS, BadField, Phone, UserId, phone_digits
from services.registry.device_api import Short, SubscriptionBody, TokenBody, TokenFacts, server_key, token_text
from services.registry.devices import Device
from services.runtime.lists.lines import MAX_LINE_BYTES, RawLine
from services.runtime.text.storable import Text

Made = TypeVar("Made", bound=DeviceEvent)
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
    subscriptions: Annotated[list[SubscriptionBody], Field(max_length=MAX_SUBSCRIPTIONS)] = []


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A line that keeps its rules; `token` is what dispatch will use, `phone` the digits in E.164."""

    line: ImportLine
    token: str
    phone: str | None

    @property
    def token_name(self) -> str:
        """The name that the token's digests are made from."""
        return f"{self.line.provider}/{self.token}"

    def installation_id(self, application_id: str) -> str:
        """The id, the same for the same token, so that a file can be imported twice."""
        return ids.uuid5(_NAMES, f"{application_id}/{self.token_name}")


@dataclass(frozen=True, slots=True)
class Import:
    """What all events of an import have in common. `by` is the operator, as events say it; `at` UTC ms."""

    application_id: str
    by: str
    at: int

    def event(self, kind: type[Made], installation_id: str, what: str, **facts: Any) -> Made:
        """The event with these facts; the same again for the same installation. Raises as `Frozen.checked`."""
        return kind.checked(
            event_id=ids.event_id_of(installation_id, f"import/{what}"),
            at=self.at,
            installation_id=installation_id,
            application_id=self.application_id,
            by=self.by,
            **facts,
        )


def parsed(raw: RawLine) -> ParsedLine:
    """The line. Raises BadField, pydantic.ValidationError."""
    if raw.content is None:
        raise BadField("line", f"must be at most {MAX_LINE_BYTES} bytes")
    line = ImportLine.model_validate_json(raw.content)
    server_key(line)
    return ParsedLine(line, token_text(line), phone_digits(line.phone))


def events_of(
    imported: Import,
    parsed_line: ParsedLine,
    device: Device | None,
    *,
    sealed: str,
    digests: Sequence[str],
    facts: TokenFacts,
) -> list[DeviceEvent]:
    """The events; none where a device has installed the id, which anybody who knows the token could compute."""
    if device is not None and device.proof_hash:
        return []
    known, line = device.stamps if device is not None else {}, parsed_line.line
    installation_id = parsed_line.installation_id(imported.application_id)
    found: list[DeviceEvent] = []
    if "device" not in known:
        installed = imported.event(
            Installed,
            installation_id,
            "installed",
            device_id=line.device_id,
            platform=line.platform or line.facts.platform,
            proof_hash="",
            app_version=line.app_version,
            os_version=line.os_version,
            model=line.model,
            locale=line.locale,
            time_zone=line.time_zone,
        )
        found.append(installed)
    if "token" not in known:
        registered = imported.event(
            TokenRegistered,
            installation_id,
            "token",
            provider=line.provider,
            sealed=sealed,
            digest=digests[0],
            former_digests=digests[1:],
            environment=facts.environment,
            bundle=facts.bundle,
            variant=facts.variant,
            server_key=facts.server_key,
        )
        found.append(registered)
    user, phone = line.external_user_id, parsed_line.phone
    if (user is not None or phone is not None) and "owner" not in known:
        found.append(imported.event(Personalized, installation_id, "owner", external_user_id=user, phone=phone))
    if not {"push_enabled", "push_os_enabled"} & known.keys() and not (device and device.subscriptions):
        found += _settings(imported, line, installation_id)
    return found


def _settings(imported: Import, line: ImportLine, installation_id: str) -> list[SettingsChanged]:
    subscriptions = [entry.reported() for entry in line.subscriptions]
    if not subscriptions and line.push_enabled is None and line.push_os_enabled is None:
        return []
    changed = imported.event(
        SettingsChanged,
        installation_id,
        "settings",
        push_enabled=line.push_enabled,
        push_os_enabled=line.push_os_enabled,
        subscriptions=subscriptions,
    )
    return [changed]
