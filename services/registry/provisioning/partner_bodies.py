"""What the API of partners takes and gives, in camel case. `version` is what `If-Match` compares."""

import base64
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints

from schemas.application_events import (
    PartnerChanged,
    SenderChanged,
    TtlUnit,
)
from schemas.topics import DAY_MS, PLANNING_HORIZON_MS
from schemas.values import Channel
from services.registry.bodies import AnswerModel, Id, RequestModel
from services.runtime.credentials import subnet
from services.runtime.http.field_rules import form
from services.runtime.http.web_address import web_address
from services.runtime.text.storable import Text


def _url(text: str) -> str:
    return str(web_address(text))


def _shown(text: str) -> str:
    if not text.isprintable() or text != text.strip() or _NOT_DECODED in text:
        raise ValueError("must hold nothing invisible, and no blank at its ends")
    return text


def _login(text: str) -> str:
    if ":" in text:  # ends the login in Basic authorization (RFC 7617 §2)
        raise ValueError("must hold no colon")
    return text


_NOT_DECODED = "\ufffd"
"""What a path has where it was no UTF-8."""
ServiceNumber = Annotated[
    Text,
    StringConstraints(
        pattern=form(r"^[^/\x00-\x1f\x7f]{1,64}$", "must be 1 to 64 characters without a slash or control characters")
    ),
    AfterValidator(_shown),
]
Login = Annotated[Text, StringConstraints(min_length=1, max_length=64), AfterValidator(_shown), AfterValidator(_login)]
Password = Annotated[Text, StringConstraints(min_length=1, max_length=256)]
"""How long at least, and of what: `secret_rules.py`, like the keys below."""
Subnet = Annotated[Text, StringConstraints(max_length=64), AfterValidator(subnet)]
Url = Annotated[Text, StringConstraints(max_length=2048), AfterValidator(_url)]
Ttl = Annotated[StrictInt, Field(ge=1, le=604_800)]


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


def counted_keys(partner: PartnerChanged) -> dict[str, int]:
    """What views tell of its keys: how many work, and whether reports are signed."""
    report_keys = sum(key is not None for key in (partner.report_key_sealed, partner.report_key_before_sealed))
    return {
        "signs_reports": partner.report_key_sealed is not None,
        "report_keys": report_keys,
        "batch_keys": len(partner.batch_key_digests),
        "api_keys": len(partner.api_key_digests),
    }


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
    report_keys: int
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
            partner, version=partner.event_id, changed_at=partner.at, password=password, **counted_keys(partner)
        )


class BatchKeyBody(RequestModel):
    """A key that is given instead of drawn."""

    key: (
        Annotated[str, StringConstraints(pattern=form(r"^[A-Za-z0-9]{8,30}$", "must be 8 to 30 letters and digits"))]
        | None
    ) = None


class SecretView(AnswerModel):
    """A key, shown this once."""

    key: str
    version: str


class ReportKeyView(SecretView):
    """A key for signed reports, shown this once, in two ways of writing."""

    webhook_secret: str


def webhook_secret_of(key: str) -> str:
    """The key as libraries of Standard Webhooks take it: `whsec_` and the base64 of its bytes."""
    return f"whsec_{base64.b64encode(key.encode()).decode()}"


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
