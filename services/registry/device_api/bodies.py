"""What the SDK sends and gets: the JSON of the device API, in camel case. Unknown fields are refused by name. Pure.

Times are UTC milliseconds since the epoch. Wrong types are refused, not converted.
"""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from schemas import ids
from schemas.device_events import Subscription
from schemas.providers import FACTS, Carrier, Platform, Provider, ProviderFacts, PushProviderName
from services.registry.bodies import BUNDLE, MAX_SUBSCRIPTIONS, AnswerModel, Phone, RequestModel, TimeMs, UserId
from services.registry.devices import Device, as_said
from services.registry.identity import MOST_CHARACTERS
from services.runtime.http.field_rules import form
from services.runtime.text.storable import Text

Short = Annotated[Text, Field(max_length=64)]
Named = Annotated[Text, Field(min_length=1, max_length=128)]
PublicKey = Annotated[Text, Field(max_length=120)]


class InstallBody(RequestModel):
    """A new installation, or the same one again."""

    installation_id: UUID
    proof: Annotated[
        Text,
        Field(
            pattern=form(
                r"^[A-Za-z0-9_+/=-]{22,128}$",
                "must be random bytes in hex or base64, 22 to 128 characters: draw 32 bytes",
            ),
            description="at least 16 random bytes (32 advised) in hex or base64, drawn once by the device and kept",
        ),
    ]
    device_id: Named
    platform: Platform
    app_version: Annotated[Text, Field(min_length=1, max_length=64)]
    os_version: Short = ""
    model: Annotated[Text, Field(max_length=128)] = ""
    locale: Short = ""
    time_zone: Annotated[Text, Field(max_length=64, description="IANA name")] = ""
    public_key: PublicKey | None = Field(None, description="P-256, base64url of the uncompressed point (65 bytes)")


class WebKeys(AnswerModel):
    """Keys of a web push subscription, base64url."""

    p256dh: Annotated[Text, Field(alias="p256dh", max_length=120)]
    auth: Annotated[Text, Field(max_length=40)]


class WebSubscription(AnswerModel):
    """PushSubscription.toJSON() of the browser, which may say more."""

    endpoint: Annotated[Text, Field(max_length=2048)]
    expiration_time: TimeMs | None = None
    keys: WebKeys
    application_server_key: Annotated[Text, Field(max_length=120)] | None = Field(
        None, description="what the page subscribed with (options.applicationServerKey); default: the application's"
    )


class TokenBody(RequestModel):
    """A push token; for `web` the subscription instead."""

    provider: PushProviderName
    token: Annotated[Text, Field(min_length=1, max_length=4096)] | None = None
    subscription: WebSubscription | None = None
    environment: Literal["production", "sandbox"] | None = Field(None, description="APNs; default production")
    bundle: Annotated[Text, Field(pattern=BUNDLE)] | None = Field(None, description="APNs; default: the application's")
    variant: Literal["native", "universal"] | None = Field(None, description="RuStore; default: the application's")
    carrier: Carrier | None = Field(None, description="RuStore universal: whose token the SDK has; default rustore")

    @property
    def facts(self) -> ProviderFacts:
        """The row of the token's provider."""
        return FACTS[Provider(self.provider)]


class WebPushView(AnswerModel):
    """What a page needs before it can register a token of `web`."""

    application_server_key: str = Field(description="for pushManager.subscribe(); base64url, 65 bytes")


class PersonalizeBody(RequestModel):
    """Who logs in. With a proof user and phone are its claims; without one, at least one of the two must be given."""

    external_user_id: UserId | None = None
    phone: Phone | None = None
    proof: Annotated[Text, Field(max_length=MOST_CHARACTERS)] | None = Field(
        None, description="a JWT of the customer's backend (docs/device-api.md §2); user and phone must then equal it"
    )
    primary: StrictBool = Field(False, description="claim the mark of the user's primary installation")


class _Subscription(BaseModel):
    """What an entry of settings.subscriptions has, whichever way it goes."""

    id: Named
    type: Literal["setting", "permission"] = "setting"
    name: Annotated[Text, Field(max_length=128)] = ""
    title: Annotated[Text, Field(max_length=256)] = ""
    description: Annotated[Text, Field(max_length=1024)] = ""
    value: StrictBool = True

    def reported(self) -> Subscription:
        return Subscription.checked(**self.model_dump())


class SubscriptionBody(_Subscription, RequestModel):
    """One entry of settings.subscriptions; it replaces the one with its id."""


class SubscriptionView(_Subscription, AnswerModel):
    """One entry as it is kept."""

    SHOWN: ClassVar = ("id", "type", "name", "value")


class SubscriptionState(AnswerModel):
    """A subscription as it counts for one installation."""

    id: str
    type: Literal["setting", "permission"]
    name: str
    title: str
    description: str
    value: bool
    reported: bool = Field(alias="said", description="false: the device has reported nothing, and the default counts")


class SettingsBody(RequestModel):
    """What is left out or null stays as it is."""

    primary: StrictBool | None = None
    push_enabled: StrictBool | None = None
    push_os_enabled: StrictBool | None = None
    subscriptions: Annotated[list[SubscriptionBody], Field(max_length=MAX_SUBSCRIPTIONS)] | None = None


class SessionBody(RequestModel):
    """The app came to the foreground. The same session id again counts once."""

    session_id: UUID | None = None
    app_version: Annotated[Text, Field(min_length=1, max_length=64)] | None = None
    os_version: Short | None = None
    locale: Short | None = None
    time_zone: Annotated[Text, Field(max_length=64)] | None = None
    previous_session_s: Annotated[StrictInt, Field(ge=0, le=31_536_000)] | None = None
    primary: StrictBool = Field(False, description="claim the mark of the user's primary installation")


class TokenView(AnswerModel):
    """The live token, without the token."""

    SHOWN: ClassVar = ("provider", "environment", "bundle", "variant", "registered_at")
    provider: Provider
    environment: str | None = None
    bundle: str | None = None
    variant: str | None = None
    registered_at: int


class ProfileView(AnswerModel):
    """Whom this installation belongs to. `recipientMark`: the SDK drops a push that carries another one."""

    external_user_id: str | None = None
    phone: str | None = Field(None, description="E.164 digits without plus")
    recipient_mark: str = ""
    primary: bool = False
    proved: bool = Field(False, description="the login was proved, and its proof has not been revoked")

    @classmethod
    def of(cls, device: Device) -> "ProfileView":
        return cls(
            external_user_id=device.external_user_id,
            phone=device.phone,
            recipient_mark=_mark_of(device),
            primary=device.primary,
            proved=device.is_proved,
        )


class InstallationView(ProfileView):
    """An installation as it is now; its settings as its app has said them, for an import's word is not shown here."""

    installation_id: str
    application_id: str
    device_id: str
    platform: Platform | None
    app_version: str
    os_version: str
    model: str
    locale: str
    time_zone: str
    public_key: str | None = None
    token: TokenView | None = None
    push_enabled: bool
    push_os_enabled: bool
    subscriptions: list[SubscriptionView]
    launches: int
    installed_at: int | None
    last_used_at: int
    updated_at: int

    @classmethod
    def of(cls, device: Device) -> "InstallationView":
        device = as_said(device)
        return cls.shown(
            device,
            recipient_mark=_mark_of(device),
            proved=device.is_proved,
            token=TokenView.shown(device.token) if device.token is not None else None,
            subscriptions=[SubscriptionView.shown(subscription) for subscription in device.subscriptions],
            launches=device.launches.total,
        )


def _mark_of(device: Device) -> str:
    return ids.recipient_mark_of(device.application_id, device.external_user_id, device.phone)


class InstallAnswer(AnswerModel):
    """`credential` goes into `Authorization: Bearer …` of every later call."""

    credential: str
    installation: InstallationView
