"""The values that events are made of: the recipient, the content, the chain and its schedule.

Everything here is frozen. A name in a comment is the partner's (`docs/partner-api.md` §1).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Self, dataclass_transform

import msgspec

from schemas.providers import Provider

Lane = Literal["single", "bulk"]
"""Inherited by links, timers, deadlines and receipts: a one-time password never waits behind a mailing."""


StopScope = Literal["partner", "application", "provider", "packet", "mailing"]
"""What can be stopped at once (`schemas.application_events.StopChanged`)."""
OperatorScope = Literal["read", "support", "operator", "admin"]
"""What a token of the operators' API may do (`services/runtime/access/operator_routes.py`)."""


class _ByKeyword(msgspec.StructMeta):
    """Structs whose fields are given by name: msgspec would have every single class say so."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.Struct, metaclass=_ByKeyword, frozen=True, omit_defaults=True):
    """Base of all values and events: immutable; unknown fields of newer writers are ignored.

    A constructor trusts its caller, whom mypy has checked; what comes in from outside goes through `checked`.
    """

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed, unchecked. Raises TypeError for a name that is none of its fields."""
        return msgspec.structs.replace(self, **changes)

    @classmethod
    def checked(cls, **fields: Any) -> Self:
        """The value with these fields, lists made tuples and text made enums.

        Raises TypeError for a name that is none of its fields, msgspec.ValidationError for what does not fit one.
        """
        if not fields.keys() <= frozenset(cls.__struct_fields__):
            unknown = ", ".join(sorted(fields.keys() - frozenset(cls.__struct_fields__)))
            raise TypeError(f"{cls.__name__} has no field {unknown}")
        return msgspec.convert(fields, cls)

    def changed(self, **changes: Any) -> Self:
        """A copy with these fields changed, which come from outside. Raises as `checked` does."""
        return self.checked(**(msgspec.structs.asdict(self) | changes))

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> Self:
        """The value of a document; fields that it does not have are ignored. Raises msgspec.ValidationError."""
        return msgspec.convert(document, cls, strict=False)

    def document(self) -> dict[str, Any]:
        """The value as plain JSON values, to be stored; `stored` reads it."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


class Channel(StrEnum):
    """message.type of the partner protocol. All but PUSH go to the channel platform."""

    PUSH = "PUSH"
    SMS = "SMS"
    VIBER = "VIBER"
    VK = "VK"
    WHATSAPP = "WHATSAPP"
    TELEGRAM = "TELEGRAM"
    FLASHINGCALL = "FLASHINGCALL"
    MAX = "MAX"
    CARDSMOBILE = "CARDSMOBILE"


LIFETIME_S: dict[Channel, tuple[int, int]] = {
    Channel.PUSH: (30, 86_400),
    Channel.VIBER: (30, 86_400),
    Channel.TELEGRAM: (30, 86_400),
    Channel.VK: (60, 86_400),
    Channel.SMS: (60, 2 * 86_400),
    Channel.WHATSAPP: (86_400, 7 * 86_400),
    Channel.FLASHINGCALL: (60, 300),
    # passed on unread: the widest bounds of the others, because a chain needs bounds
    Channel.MAX: (30, 7 * 86_400),
    Channel.CARDSMOBILE: (30, 7 * 86_400),
}
"""The shortest and the longest lifetime of each. Source: `docs/partner-api.md` §1, §5."""


LONGEST_CHAIN = 128
"""Links of one message, the first included: more than anybody has channels for. A link's number is below it."""


class Recipient(Frozen):
    """The recipient. The user id selects the user; the phone serves the other channels of a cascade."""

    phone: str | None = None  # E.164 digits without plus
    external_user_id: str | None = None
    installation_id: str | None = None  # of a segment: an installation where nobody is logged in
    only_installations: tuple[str, ...] = ()  # of a segment: only these of the recipient's; empty: all


class Button(Frozen):
    """One of at most three `content.actions`."""

    title: str
    action: str
    options: str | None = None


class SecureValues(Frozen):
    """SECURE values, sealed at ingest: only their names can be read."""

    names: tuple[str, ...]
    hour: int  # of the key: hours since the epoch, by the end of which the chain is over
    sealed: str  # base64


class Content(Frozen):
    """What a push shows and what it hands to the app."""

    text: str
    title: str | None = None
    content_category: Literal["IMAGE", "HTML"] | None = None
    content_url: str | None = None
    actions: tuple[Button, ...] = ()
    custom_payload: str | None = None  # opaque JSON, unchanged
    enrichment: str | None = None  # RICH, opaque JSON
    live_activity: str | None = None  # LIVE_ACTIVITY, opaque JSON, keys with hyphens
    secure: SecureValues | None = None


class Link(Frozen):
    """One link of a cascade; a message without cascade is a chain of one."""

    channel: Channel
    ttl_ms: int
    sender: str | None = None  # serviceNumber
    application_id: str | None = None  # the sender's: its credentials are used for the link
    content: Content | None = None  # PUSH
    data: str | None = None  # other channels: message.data as opaque JSON
    primary_only: bool = False  # primaryOn
    providers: tuple[Provider, ...] = ()  # SENDING_PLATFORMS; empty: all
    subscriptions: tuple[str, ...] = ()  # deviceSubscriptions; any of
    shorten_links: bool = True
    awaited: Literal["DELIVERED", "READ"] | None = None  # state: which one stops the chain here


class ChannelMessage(Frozen):
    """A message for the channel platform to send."""

    channel: Channel
    phone: str  # E.164 digits without plus
    sender: str | None = None  # serviceNumber
    data: str  # message.data as opaque JSON


class Schedule(Frozen):
    """scheduleInfo. Minutes are minutes of the day; a window may run over midnight; one bound may be absent."""

    begin_minute: int | None = None
    end_minute: int | None = None
    weekdays: tuple[int, ...] = ()  # 1 Monday … 7 Sunday; empty: every day
    deadline: int | None = None  # UTC ms
    recipient_zone: bool = False  # useTimeDiff


class ReportRequest(Frozen):
    """registeredDelivery and notifyUrl of one message."""

    registered_delivery: Literal[0, 1, 2] = 1
    notify_url: str | None = None
