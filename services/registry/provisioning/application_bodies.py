"""What the API of applications takes and gives, in camel case. `version` is what `If-Match` compares."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, field_validator

from schemas.application_events import (
    ApplicationChanged,
    CredentialsChanged,
    Identity,
)
from schemas.providers import Provider
from services.registry.bodies import BUNDLE, MAX_SUBSCRIPTIONS, AnswerModel, Id, RequestModel
from services.runtime.cross_origin import allowed_origin
from services.runtime.http.field_rules import form
from services.runtime.text.storable import Text

MAX_ORIGINS = 50
RuStoreVariant = Literal["native", "universal"]
GivenKey = Annotated[
    str, StringConstraints(pattern=form(r"^[\x21-\x7e]{8,128}$", "must be 8 to 128 characters of ASCII without blanks"))
]
Version = Annotated[
    str, StringConstraints(pattern=form(r"^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$", "must be digits and dots, as 2.14.1"))
]
Origin = Annotated[Text, StringConstraints(max_length=512), AfterValidator(allowed_origin)]


class SubscriptionKindBody(RequestModel):
    """An entry of the catalogue of subscriptions. `default` counts where a device has reported nothing."""

    id: Annotated[Text, StringConstraints(min_length=1, max_length=128)]
    type: Literal["setting", "permission"] = "setting"
    name: Annotated[Text, StringConstraints(max_length=128)] = ""
    title: Annotated[Text, StringConstraints(max_length=256)] = ""
    description: Annotated[Text, StringConstraints(max_length=1024)] = ""
    default: StrictBool = True


class ApplicationPatch(RequestModel):
    """What is left out stays as it is."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=128)] | None = None
    min_version: Version | None = Field(None, description="digits and dots; null: none")
    rustore_variant: RuStoreVariant | None = None
    bundle: Annotated[str, StringConstraints(pattern=BUNDLE)] | None = Field(None, description="default APNs topic")
    max_pushes_per_s: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = Field(None, description="per provider")
    enabled: StrictBool | None = None
    subscriptions: Annotated[list[SubscriptionKindBody], Field(max_length=MAX_SUBSCRIPTIONS)] | None = Field(
        None, description="the whole catalogue; ids are unique"
    )

    identity: Identity | None = Field(None, description="whether a login on a device needs a proof")
    allowed_origins: Annotated[list[Origin], Field(max_length=MAX_ORIGINS)] | None = Field(
        None, description="origins whose pages may use the device API: https://host[:port]; null: none"
    )

    @field_validator("allowed_origins")
    @classmethod
    def _each_once(cls, found: Iterable[str] | None) -> list[str]:
        return list(dict.fromkeys(found or ()))

    @field_validator("subscriptions")
    @classmethod
    def _ids_are_unique(cls, found: list[SubscriptionKindBody] | None) -> list[SubscriptionKindBody] | None:
        if found is not None and len({kind.id for kind in found}) < len(found):
            raise ValueError("each id must be unique")
        return found


class ApplicationCreate(ApplicationPatch):
    """A new application; without an API key one is drawn."""

    application_id: Id | None = Field(None, description="default: drawn")
    name: Annotated[Text, StringConstraints(min_length=1, max_length=128)]
    api_key: GivenKey | None = None
    identity: Identity = "required"


class IdentityKeyBody(RequestModel):
    """One of the three: a public key in PEM, public keys as a JWKS, or a secret."""

    kid: Annotated[Text, StringConstraints(max_length=64)] = Field("", description="of `pem` and `secret`")
    pem: Annotated[Text, StringConstraints(min_length=1, max_length=16_384)] | None = None
    jwks: dict[str, object] | None = None
    secret: Annotated[Text, StringConstraints(max_length=256)] | None = Field(None, description="empty: drawn")


class IdentityKeyView(AnswerModel):
    """A key that proofs of login are verified with. A secret is never shown again."""

    kid: str
    alg: str
    public: str | None = Field(None, description="PEM")
    added_at: int


class ApiKeyBody(RequestModel):
    """A new API key. The one before goes on working until it is dropped, or the next rotation."""

    api_key: GivenKey | None = None
    keep_old: StrictBool = True


class SubscriptionKindView(AnswerModel):
    """An entry of the catalogue of subscriptions."""

    id: str
    type: Literal["setting", "permission"]
    name: str
    title: str
    description: str
    default: bool


class ApplicationView(AnswerModel):
    """An application. `apiKey` only in the answer that created or rotated it."""

    application_id: str
    version: str
    changed_at: int
    by: str = Field("", description="who changed it: operator:<name>, bootstrap; empty: before it was noted")
    name: str
    api_key: str | None = None
    api_keys: int = Field(description="how many keys work")
    min_version: str | None
    rustore_variant: RuStoreVariant
    bundle: str | None
    max_pushes_per_s: int
    enabled: bool
    subscriptions: list[SubscriptionKindView]
    identity: Identity
    identity_keys: list[IdentityKeyView]
    allowed_origins: list[str] = Field(description="origins whose pages may use the device API, as browsers say them")
    secret: str | None = Field(None, description="of a key that was drawn, in the answer that drew it only")

    @classmethod
    def of(
        cls, application: ApplicationChanged, api_key: str | None = None, secret: str | None = None
    ) -> "ApplicationView":
        return cls.shown(
            application,
            identity_keys=[IdentityKeyView.shown(key) for key in application.identity_keys],
            subscriptions=[SubscriptionKindView.shown(kind) for kind in application.subscriptions],
            version=application.event_id,
            changed_at=application.at,
            api_key=api_key,
            api_keys=len(application.api_key_digests),
            secret=secret,
        )


class EnabledBody(RequestModel):
    """Switch on or off."""

    enabled: StrictBool


class CredentialsView(AnswerModel):
    """Credentials of an application with a provider, without the credentials."""

    application_id: str
    provider: Provider
    version: str
    changed_at: int
    by: str = Field("", description="who changed it: operator:<name>, bootstrap; empty: before it was noted")
    fingerprint: str
    enabled: bool
    public_key: str | None = Field(None, description="web: what browsers subscribe with (applicationServerKey)")

    @classmethod
    def of(cls, credentials: CredentialsChanged) -> "CredentialsView":
        return cls.shown(credentials, version=credentials.event_id, changed_at=credentials.at)
