"""What the provisioning API takes and gives, in camel case. `version` is what `If-Match` compares."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, field_validator

from schemas.application_events import (
    ApplicationChanged,
    CredentialsChanged,
    Identity,
    PartnerChanged,
    SenderChanged,
    TtlUnit,
)
from schemas.providers import Provider
from schemas.topics import DAY_MS, PLANNING_HORIZON_MS
from schemas.values import Channel
from services.registry.bodies import MAX_SUBSCRIPTIONS, AnswerModel, Id, RequestModel
from services.runtime.http.web_address import web_address
from services.runtime.text.storable import Text


def _subnet(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError("must be a network, for instance 192.0.2.0/24") from None


def _url(text: str) -> str:
    return str(web_address(text))


ServiceNumber = Annotated[Text, StringConstraints(pattern=r"^[^/\x00-\x1f\x7f]{1,64}$")]
Login = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=256)]
"""How long at least, and of what: `secret_rules.py`, like the keys below."""
GivenKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,128}$")]
Subnet = Annotated[Text, StringConstraints(max_length=64), AfterValidator(_subnet)]
Url = Annotated[Text, StringConstraints(max_length=2048), AfterValidator(_url)]
Ttl = Annotated[StrictInt, Field(ge=1, le=604_800)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$")]


class PartnerPatch(RequestModel):
    """What is left out stays as it is."""

    login: Login | None = None
    subnets: Annotated[list[Subnet], Field(max_length=100)] | None = Field(None, description="CIDR; empty: anywhere")
    report_url: Url | None = None
    default_sender: ServiceNumber | None = None
    default_ttl_s: dict[Channel, Ttl] | None = None
    default_ttl_unit: dict[Channel, TtlUnit] | None = None
    reject_duplicates: StrictBool | None = None
    max_connections: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    max_rate_per_s: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    utc_offset_min: Annotated[StrictInt, Field(ge=-900, le=900)] | None = None
    link_shortener: StrictBool | None = None
    batch_channel: Channel | None = None
    planning_horizon_days: Annotated[StrictInt, Field(ge=1, le=PLANNING_HORIZON_MS // DAY_MS)] | None = None
    enabled: StrictBool | None = None


class PartnerCreate(PartnerPatch):
    """A new partner; without a password one is drawn."""

    partner_id: Id | None = Field(None, description="default: the login, if it has the form of an id")
    login: Login
    password: Password | None = None


class PasswordBody(RequestModel):
    """A new password; without one it is drawn."""

    password: Password | None = None


class PartnerView(AnswerModel):
    """A partner. `password` only in the answer that created or rotated it."""

    partner_id: str
    version: str
    changed_at: int
    by: str = Field("", description="who changed it: operator:<name>, bootstrap; empty: before it was noted")
    login: str
    password: str | None = None
    subnets: list[str]
    report_url: str | None
    signs_reports: bool
    default_sender: str | None
    default_ttl_s: dict[Channel, int]
    default_ttl_unit: dict[Channel, TtlUnit]
    reject_duplicates: bool
    max_connections: int
    max_rate_per_s: int
    utc_offset_min: int
    link_shortener: bool
    batch_channel: Channel
    planning_horizon_days: int
    batch_keys: int
    api_keys: int
    enabled: bool

    @classmethod
    def of(cls, partner: PartnerChanged, password: str | None = None) -> "PartnerView":
        return cls.shown(
            partner,
            version=partner.event_id,
            changed_at=partner.at,
            password=password,
            signs_reports=partner.report_key_sealed is not None,
            batch_keys=len(partner.batch_key_digests),
            api_keys=len(partner.api_key_digests),
        )


class BatchKeyBody(RequestModel):
    """A key that is given instead of drawn."""

    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,30}$")] | None = None


class SecretView(AnswerModel):
    """A key, shown this once."""

    key: str
    version: str


class SenderBody(RequestModel):
    """A service number and the application that it belongs to."""

    application_id: Id | None = None
    enabled: StrictBool = True


class SenderView(AnswerModel):
    """A service number of a partner."""

    partner_id: str
    service_number: str
    version: str
    changed_at: int
    by: str = Field("", description="who changed it")
    application_id: str | None
    enabled: bool

    @classmethod
    def of(cls, sender: SenderChanged) -> "SenderView":
        return cls.shown(sender, version=sender.event_id, changed_at=sender.at)


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
    rustore_variant: Literal["native", "universal"] | None = None
    bundle: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,155}$")] | None = Field(
        None, description="default APNs topic"
    )
    max_pushes_per_s: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = Field(None, description="per provider")
    enabled: StrictBool | None = None
    subscriptions: Annotated[list[SubscriptionKindBody], Field(max_length=MAX_SUBSCRIPTIONS)] | None = Field(
        None, description="the whole catalogue; ids are unique"
    )

    identity: Identity | None = Field(None, description="whether a login on a device needs a proof")

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
    rustore_variant: str
    bundle: str | None
    max_pushes_per_s: int
    enabled: bool
    subscriptions: list[SubscriptionKindBody]
    identity: Identity
    identity_keys: list[IdentityKeyView]
    secret: str | None = Field(None, description="of a key that was drawn, in the answer that drew it only")

    @classmethod
    def of(
        cls, application: ApplicationChanged, api_key: str | None = None, secret: str | None = None
    ) -> "ApplicationView":
        return cls.shown(
            application,
            identity_keys=[IdentityKeyView.shown(key) for key in application.identity_keys],
            subscriptions=[kind.model_dump() for kind in application.subscriptions],
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
