"""An installation as router, dispatch and status see it, and the address by which they look for it. Pure."""

from typing import NamedTuple

from schemas import ids
from schemas.providers import Platform, Provider
from schemas.values import Recipient


class Token(NamedTuple):
    """The live token; `sealed` opens with `Secrets.open(sealed, b"token")`."""

    provider: Provider
    sealed: str
    digest: str
    registered_at: int
    environment: str | None
    bundle: str | None
    variant: str | None
    worked: bool
    worked_under: str = ""  # credentials and way on which a provider took it last; empty: not known
    server_key: str | None = None  # web: what the subscription was made for


class LiveToken(NamedTuple):
    """A token of a Live Activity; its slot is named in `schemas/live.py`."""

    slot: str
    token: Token
    owner: str  # ids.owner_key_of the user logged in when it was registered; empty: nobody
    expires_at: int | None  # UTC ms; nothing is sent after it


class Installation(NamedTuple):
    """What router and dispatch need to know of one installation. (A tuple costs a fifth of a frozen dataclass.)"""

    installation_id: str
    application_id: str
    platform: Platform
    app_version: str
    time_zone: str
    last_used_at: int
    token: Token | None
    external_user_id: str | None
    phone: str | None
    primary: bool
    push_enabled: bool
    push_os_enabled: bool
    subscriptions: frozenset[str]  # ids and names of those that are on
    public_key: str | None
    proof_hash: str = ""  # empty: nobody can prove to be this installation
    subscriptions_off: frozenset[str] = frozenset()  # ids of those that the device said are off
    live: tuple[LiveToken, ...] = ()
    is_proved: bool = False  # somebody has vouched for the owner
    replaces: tuple[str, ...] = ()

    def token_of(self, slot: str, now: int) -> Token | None:
        """The live token of a slot at `now` (UTC ms); the push token when `slot` is empty."""
        if not slot:
            return self.token
        live = next((live for live in self.live if live.slot == slot), None)
        return None if live is None or (live.expires_at is not None and live.expires_at <= now) else live.token


class Address(NamedTuple):
    """Whom to look for in one application: by user id, by phone, or by installation, never by two of them."""

    application_id: str
    external_user_id: str | None
    phone: str | None
    installation_id: str | None = None

    @classmethod
    def of(cls, application_id: str, recipient: Recipient) -> "Address":
        """The user id selects the user; the phone is looked for only where no user id was given."""
        if recipient.external_user_id is not None:
            return cls(application_id, recipient.external_user_id, None)
        if recipient.phone is not None:
            return cls(application_id, None, recipient.phone)
        return cls(application_id, None, None, recipient.installation_id)

    @property
    def record_id(self) -> str:
        """`_id` of the record that says whether this recipient was ever seen."""
        if self.external_user_id is not None:
            return ids.user_record_id(self.application_id, self.external_user_id)
        if self.installation_id is not None:
            return f"{self.application_id}/i/{self.installation_id}"  # nobody's: there is no such record
        return ids.phone_record_id(self.application_id, self.phone or "")
