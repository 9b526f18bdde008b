"""What an imported line makes of an installation: the events that follow from it, as far as they tell anything new.

A later import may forbid what an earlier one has not, and allows nothing that was forbidden: which file is the newer
one nobody can tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, Field, StrictBool

from schemas import ids
from schemas.device_events import DeviceEvent, Installed, Personalized, SettingsChanged, TokenRegistered
from schemas.providers import Platform
from services.registry.bodies import MAX_SUBSCRIPTIONS, BadField, Phone, UserId, phone_digits
from services.registry.device_api import (
    Short,
    SubscriptionBody,
    TokenBody,
    TokenFacts,
    server_key,
    token_name,
    token_text,
)
from services.registry.devices import Device, Forbidden, import_id, taken_over
from services.runtime.lists.lines import MAX_LINE_BYTES, RawLine
from services.runtime.text.storable import Text

Made = TypeVar("Made", bound=DeviceEvent)


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
        return token_name(self.line.provider, self.token)

    def installation_id(self, application_id: str) -> str:
        """The id, the same for the same token, so that a file can be imported twice."""
        return import_id(application_id, self.token_name)

    @property
    def forbidden(self) -> Forbidden:
        """What the line forbids."""
        return Forbidden(
            push=self.line.push_enabled is False,
            system=self.line.push_os_enabled is False,
            subscriptions=tuple(entry.reported() for entry in self.line.subscriptions if not entry.value),
        )


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

    def events_for(self, parsed_line: "ParsedLine", made: Device | None, apps: Sequence[Device]) -> list[DeviceEvent]:
        """What the line tells the app's own installations that have its token; `made`: what imports made of it."""
        found: list[DeviceEvent] = []
        for app in apps:
            found += parsed_line.forbidden.events_for(app, self.at, self.by)
            found += taken_over(app, [made]) if made is not None and made.is_imported else ()
        return found


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
    """The events, as far as they tell anything new of the installation `device` that an import has made, or makes."""
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
    device = device or Device(installation_id=installation_id, application_id=imported.application_id)
    prohibitions = parsed_line.forbidden.events_for(device, imported.at, imported.by)
    return [*found, *_allowed(imported, line, device), *prohibitions]


def _allowed(imported: Import, line: ImportLine, device: Device) -> list[SettingsChanged]:
    """What the line allows and nobody has spoken of. What an import has forbidden, no import allows again."""
    kept = {subscription.id for subscription in device.subscriptions}
    on = [entry.reported() for entry in line.subscriptions if entry.value and entry.id not in kept]
    push = True if line.push_enabled and "push_enabled" not in device.stamps else None
    system = True if line.push_os_enabled and "push_os_enabled" not in device.stamps else None
    if not on and push is None and system is None:
        return []
    what = f"allows/{push}/{system}/{'/'.join(sorted(entry.id for entry in on))}"
    changed = imported.event(
        SettingsChanged,
        device.installation_id,
        what,
        push_enabled=push,
        push_os_enabled=system,
        subscriptions=on or None,
    )
    return [changed]
