"""Partners, senders, applications and credentials (topic `application-events`, compacted; every event is a full state).

    key                              event
    partner/<partner_id>             PartnerChanged
    sender/<partner_id>/<name>       SenderChanged
    application/<application_id>     ApplicationChanged
    credentials/<application_id>/<provider>   CredentialsChanged
    stop/<scope>/<id>                StopChanged; without a value: it has ended (packets and mailings, after 37 days)
    erasure/<erasure_id>             RecipientForgotten
    operator/<operator_id>           OperatorTokenChanged
    account/<account_id>             AccountChanged

`by` says who caused the event: "operator:<name>" (whose token or account it was), "bootstrap" (RPNS_ADMIN_TOKEN), or
"partner:<login>". Older records name an operator just "operator", a partner just by its login, or nobody ("").

Every process reads this topic from its start to the end it had when the process began, before it reports ready, and
follows it from then on (`services/runtime/directory.py`).
"""

from typing import Literal, NamedTuple

from schemas.events import Event
from schemas.providers import Provider
from schemas.values import Channel, Frozen, OperatorScope, StopScope


def author_for_partners(by: str) -> str:
    """Who caused an event, as a partner is told: not which operator it was."""
    if by == "bootstrap" or by.startswith("operator:"):
        return "operator"
    return by.removeprefix("partner:")


_SCOPED = frozenset({"sender", "credentials", "stop"})


class EntityKey(NamedTuple):
    """The key of an event, by the table above. `scope`: what stands before the id of senders, credentials and stops."""

    kind: str
    scope: str
    id: str

    @classmethod
    def parse(cls, text: str) -> "EntityKey":
        kind, _, rest = text.partition("/")
        if kind not in _SCOPED:
            return cls(kind, "", rest)
        scope, _, id_ = rest.partition("/")
        return cls(kind, scope, id_)


TtlUnit = Literal["SECONDS", "MINUTES", "HOURS"]
Identity = Literal["required", "accepted", "off"]
"""How logins on devices count: only with proof; also without, but for less; or always as if they were proved."""
ProofAlgorithm = Literal["ES256", "EdDSA", "RS256", "HS256"]


class PartnerChanged(Event, tag="partner-changed"):
    """A partner as it is from now on."""

    partner_id: str
    uuid: str  # the namespace of its message ids
    login: str
    password_hash: str  # argon2
    subnets: tuple[str, ...] = ()  # CIDR; empty: from anywhere
    report_url: str | None = None
    report_key_sealed: str | None = None  # HMAC-SHA256 key of signed reports
    default_sender: str | None = None
    default_ttl_s: dict[Channel, int] = {}
    default_ttl_unit: dict[Channel, TtlUnit] = {}
    reject_duplicates: bool = False
    max_connections: int = 100  # requests at once
    max_rate_per_s: int = 1000
    utc_offset_min: int = 180
    link_shortener: bool = False
    batch_key_digests: tuple[str, ...] = ()
    batch_channel: Channel = Channel.SMS
    enabled: bool = True
    planning_horizon_days: int = 30  # how far ahead a deadline may lie; no more than the log keeps
    api_key_digests: tuple[str, ...] = ()  # of keys that are accepted instead of the password
    report_key_before_sealed: str | None = None  # still signs beside the newest, until somebody ends it
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"partner/{self.partner_id}"


class SenderChanged(Event, tag="sender-changed"):
    """A service number (sender name) of a partner, and the application that it sends for."""

    partner_id: str
    service_number: str
    application_id: str | None = None
    enabled: bool = True
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"sender/{self.partner_id}/{self.service_number}"


class SubscriptionKind(Frozen):
    """An entry of an application's catalogue of subscriptions. `default` counts until a device says otherwise."""

    id: str
    type: Literal["setting", "permission"] = "setting"
    name: str = ""
    title: str = ""
    description: str = ""
    default: bool = True


class IdentityKey(Frozen):
    """A key that proofs of login are verified with: a public key, or a secret shared with the customer's backend."""

    kid: str = ""  # empty for at most one key of an application
    alg: ProofAlgorithm  # fixed by the key's type
    public: str | None = None  # PEM, SubjectPublicKeyInfo
    sealed: str | None = None  # HS256: the secret, sealed under the master key
    added_at: int = 0  # UTC ms


class ApplicationChanged(Event, tag="application-changed"):
    """A mobile (or web) application."""

    application_id: str
    name: str
    api_key_digests: tuple[str, ...]  # several while a key is being rotated
    min_version: str | None = None
    rustore_variant: Literal["native", "universal"] = "native"
    bundle: str | None = None  # APNs default topic
    max_pushes_per_s: int = 2000  # for each provider
    enabled: bool = True
    subscriptions: tuple[SubscriptionKind, ...] = ()  # the catalogue
    identity: Identity = "accepted"  # of older records; new applications set it themselves
    identity_keys: tuple[IdentityKey, ...] = ()
    allowed_origins: tuple[str, ...] = ()  # of pages that may use the device API, as browsers write them
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"application/{self.application_id}"


class CredentialsChanged(Event, tag="credentials-changed"):
    """An application's credentials for a provider; `sealed` holds JSON under the master key."""

    application_id: str
    provider: Provider
    sealed: str
    fingerprint: str  # only tells two credentials apart
    enabled: bool = True
    public_key: str | None = None  # Web Push: what browsers subscribe with, base64url of the uncompressed point
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"credentials/{self.application_id}/{self.provider.value}"


OWNED: tuple[StopScope, ...] = ("packet", "mailing")
"""Scopes of which each thing belongs to a partner; their ids are `OwnedId`s."""


class OwnedId(NamedTuple):
    """The id of a packet or mailing in a stop: `<partner id>/<own id>`, so that a stop touches nobody else's."""

    partner_id: str
    own_id: str

    def __str__(self) -> str:
        return f"{self.partner_id}/{self.own_id}"

    @classmethod
    def parse(cls, text: str) -> "OwnedId":
        """The parts of the text; `own_id` is empty for one without a slash."""
        partner_id, _, own_id = text.partition("/")
        return cls(partner_id, own_id)


class StopChanged(Event, tag="stop-changed"):
    """A stop: something is paused, is cancelled for good, or is running again.

    `id` is the partner's or application's id, the provider's name, or an `OwnedId`. A packet or mailing can be
    cancelled; all others can only be paused.
    """

    scope: StopScope
    id: str
    state: Literal["running", "paused", "cancelled"]
    by: str = ""
    reason: str = ""  # in the words of its author
    is_known: bool = True  # False: no message of the packet was known yet, so the id may be invented

    @property
    def entity_key(self) -> str:
        return f"stop/{self.scope}/{self.id}"


class RecipientForgotten(Event, tag="recipient-forgotten"):
    """The keys of a recipient were destroyed: their data in the log cannot be opened any more. Does not say whose."""

    erasure_id: str
    destroyed: tuple[str, ...]  # "<generation>/<path>" in the key trees
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"erasure/{self.erasure_id}"


class OperatorTokenChanged(Event, tag="operator-token-changed"):
    """A named token of the operators' API was made or revoked. Only the digest of the token is kept."""

    operator_id: str
    name: str
    scopes: tuple[OperatorScope, ...]
    digest: str  # HMAC-SHA256 under the master key
    created_at: int
    expires_at: int | None = None
    revoked: bool = False
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"operator/{self.operator_id}"


class EndedSession(Frozen):
    """A session that somebody has ended before its time."""

    session_id: str
    until: int  # UTC ms; afterwards it would have ended by itself, and is not kept here


class AccountChanged(Event, tag="account-changed"):
    """A named operator who signs in to the console, as it is from now on."""

    account_id: str
    name: str
    scopes: tuple[OperatorScope, ...]
    created_at: int
    password_hash: str = ""  # argon2; empty: it has none
    is_one_time: bool = False  # the password opens no session, it only lets its holder set another
    password_expires_at: int | None = None  # UTC ms; of a password for once
    enabled: bool = True
    sessions_since: int = 0  # UTC ms; those that began before have ended
    ended_sessions: tuple[EndedSession, ...] = ()
    deleted: bool = False  # and off, without name, password and scopes; the company's login may make its own anew
    by: str = ""

    @property
    def entity_key(self) -> str:
        return f"account/{self.account_id}"
