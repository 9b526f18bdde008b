"""What is known of one installation. Pure values; `fold.py` folds events into them.

The document in collection `installations` has the fields of `Device`, and `_id` for the id. All of them are written,
also those that hold their default, so that the database can be asked for them.
"""

from typing import Any, Literal

import msgspec

from schemas.device_events import LoginProof, Subscription
from schemas.providers import Platform, Provider
from schemas.values import Frozen
from services.registry.devices.fold.launches import Launches

Stamp = str
"""`at` with leading zeros and the event id: stamps compare as text, in the database as well."""


def holder(stamp: Stamp, installation_id: str) -> str:
    """The value of a register that names an installation; the greatest wins."""
    return f"{stamp}/{installation_id}"


class Token(Frozen, omit_defaults=False):
    """The live token; `sealed` opens with `Secrets.open(sealed, b"token")`."""

    provider: Provider
    sealed: str
    digest: str
    environment: Literal["production", "sandbox"] | None = None
    bundle: str | None = None
    variant: Literal["native", "universal"] | None = None
    registered_at: int
    worked: bool = False
    worked_under: str = ""  # credentials and way on which a provider took it last
    server_key: str | None = None  # web: what the subscription was made for


class LiveToken(Frozen, omit_defaults=False):
    """A token of a Live Activity, sealed as `Token` is. `expires_at` (UTC ms): after it nothing is sent."""

    sealed: str
    digest: str
    environment: Literal["production", "sandbox"] = "production"
    bundle: str | None = None
    attributes_type: str = ""
    owner: str = ""  # whose the installation was; empty: nobody's, or a push-to-start token
    registered_at: int
    expires_at: int | None = None


class Owner(Frozen, omit_defaults=False):
    """Whom the installation belongs to: a user, a phone, or both."""

    external_user_id: str | None = None
    phone: str | None = None


class Mark(Frozen, omit_defaults=False):
    """What is known of a token by its digest: retired (up to `cutoff`, UTC ms), seen to work, or accepted `under`.

    Or that a proof of login was used, and when it was signed (`cutoff`).
    """

    digest: str
    stamp: Stamp
    cutoff: int = 0
    under: str = ""


class LiveSlot(Frozen, omit_defaults=False):
    """The register of one slot (`schemas/live.py`); without a token the activity has ended."""

    slot: str
    stamp: Stamp
    token: LiveToken | None = None


class KeptSubscription(Subscription, omit_defaults=False):
    """A subscription, and when it was reported."""

    stamp: Stamp = ""

    @classmethod
    def of(cls, subscription: Subscription, stamp: Stamp) -> "KeptSubscription":
        return cls.checked(**msgspec.structs.asdict(subscription), stamp=stamp)

    def reported(self) -> Subscription:
        """As the device reported it."""
        return msgspec.convert(self, Subscription, from_attributes=True)


class PermissionReport(Frozen, omit_defaults=False):
    """A report on whether the operating system lets pushes through, and whose it is."""

    stamp: Stamp
    allowed: bool
    source: Literal["sdk", "provider"] = "sdk"


class PermissionChange(Frozen, omit_defaults=False):
    """The system has begun to forbid pushes, or to allow them again."""

    at: int
    allowed: bool
    source: Literal["sdk", "provider"]


class PrimaryClaim(Frozen, omit_defaults=False):
    """The last claim (or release) of the primary mark. `card`: the owner's record; None: nobody was logged in."""

    value: bool
    card: str | None = None


class Device(Frozen, omit_defaults=False):
    """The folded installation; the document in `installations` has the same fields, and `_id` for the id."""

    installation_id: str
    application_id: str
    first_stamp: Stamp = ""  # of the first install
    proof_hash: str = ""
    installed_at: int | None = None
    last_used_at: int = 0
    updated_at: int = 0
    device_id: str = ""
    platform: Platform | None = None
    model: str = ""
    public_key: str | None = None
    app_version: str = ""
    os_version: str = ""
    locale: str = ""
    time_zone: str = ""
    token: Token | None = None
    owner: Owner | None = None
    primary: bool = False
    claim: PrimaryClaim | None = None
    push_enabled: bool = True
    push_os_enabled: bool = True
    subscriptions: tuple[KeptSubscription, ...] = ()
    stamps: dict[str, Stamp] = {}
    retired: tuple[Mark, ...] = ()
    worked: tuple[Mark, ...] = ()
    accepted: tuple[Mark, ...] = ()
    launches: Launches = Launches()
    os_said: tuple[PermissionReport, ...] = ()  # the newest on push_os_enabled, ascending
    os_changes: tuple[PermissionChange, ...] = ()  # what follows from them
    live: tuple[LiveSlot, ...] = ()  # Live Activities, by slot
    live_retired: tuple[Mark, ...] = ()
    proof: LoginProof | None = None  # of the owner's login; None: unproved, or nobody is logged in
    proofs_used: tuple[Mark, ...] = ()  # the newest ones
    replaces: tuple[str, ...] = ()  # installations of the same device that gave way to the owner's login here
    replaced_by: str = ""  # the installation that it gave way to
    waiting_token: Token | None = None  # registered while a proved installation held it

    @property
    def external_user_id(self) -> str | None:
        return self.owner.external_user_id if self.owner is not None else None

    @property
    def phone(self) -> str | None:
        return self.owner.phone if self.owner is not None else None

    @property
    def is_proved(self) -> bool:
        return self.proof is not None

    @property
    def is_imported(self) -> bool:
        """Whether an import has made it: no app speaks for it."""
        return self.installed_at is not None and not self.proof_hash

    @property
    def claims_primary(self) -> bool:
        return self.claim is not None and self.claim.value

    @property
    def waits_for_primary(self) -> bool:
        """Whether it claimed the mark where it could not have it: the next login makes the claim again."""
        return self.claim is not None and self.claim.value and self.claim.card is None

    def live_token(self, slot: str) -> LiveToken | None:
        return next((entry.token for entry in self.live if entry.slot == slot), None)

    @property
    def token_retired_at(self) -> int | None:
        """UTC ms; when a provider's word ended its last token. None: it has one, never had, or the app removed it."""
        if self.token is not None:
            return None
        ended = [mark.stamp for mark in self.retired if mark.stamp > self.stamps.get("token", "")]
        return int(max(ended).partition("/")[0]) if ended and "token" in self.stamps else None

    def is_newer(self, register: str, stamp: Stamp) -> bool:
        """Whether an event with this stamp may write the register."""
        return stamp > self.stamps.get(register, "")

    def written(self, register: str, stamp: Stamp, **values: Any) -> "Device":
        """The installation with these values, unless the register holds something newer. Raises as `replace` does."""
        if not self.is_newer(register, stamp):
            return self
        return self.replace(**values, stamps={**self.stamps, register: stamp})
