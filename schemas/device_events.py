"""What happens to installations (topic `device-events`, key installation id), and their folded state.

Facts that span installations — who owns a token, who holds the primary mark, who uses an installation — are
last-writer-wins registers by (`at`, `event_id`). Tokens are sealed under the master key; `digest` identifies a token
without revealing it. Sources: `docs/device-api.md`, docs/design.md §6.
"""

from typing import Any, Literal, Self

from schemas.events import Event
from schemas.providers import Platform, Provider
from schemas.values import Frozen


class DeviceEvent(Event):
    """An event of one installation; `at` is the server's time."""

    installation_id: str
    application_id: str
    by: str = ""  # who imported it (schemas/application_events.py); empty: the device itself reported it

    @classmethod
    def checked(cls, **fields: Any) -> Self:
        """The event with these fields. Raises TypeError for a field that it does not have, pydantic.ValidationError."""
        if unknown := fields.keys() - cls.model_fields.keys():
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
        return cls.model_validate(fields)


class Installed(DeviceEvent):
    """A new installation, or the same one again: a repeat only updates what the device reports about itself."""

    type: Literal["installed"] = "installed"
    device_id: str
    platform: Platform
    proof_hash: str  # SHA-256 of the device's random proof, hex
    app_version: str
    os_version: str = ""
    model: str = ""
    locale: str = ""
    time_zone: str = ""  # IANA
    public_key: str | None = None  # P-256, base64url of the uncompressed point


class TokenRegistered(DeviceEvent):
    """The latest token wins; the same token on two installations belongs to the newer one."""

    type: Literal["token-registered"] = "token-registered"
    provider: Provider
    sealed: str  # base64; the token (or the web push subscription) under the master key
    digest: str
    former_digests: tuple[str, ...] = ()  # under former master keys
    environment: Literal["production", "sandbox"] | None = None  # APNs
    bundle: str | None = None  # APNs
    variant: Literal["native", "universal"] | None = None  # RuStore
    server_key: str | None = None  # web: the applicationServerKey that the subscription was made for
    waits: bool = False  # a proved installation holds the token; a proved login moves it here


class TokenRemoved(DeviceEvent):
    """The app unregistered its token."""

    type: Literal["token-removed"] = "token-removed"


class TokenRetired(DeviceEvent):
    """A provider reported the token as dead. Applies only while the token is current and not newer than `dead_at`."""

    type: Literal["token-retired"] = "token-retired"
    digest: str
    dead_at: int | None = None
    detail: str = ""
    slot: str = ""  # which of the installation's tokens (schemas/live.py)


class TokenWorked(DeviceEvent):
    """A provider accepted the token or the device confirmed a push, for the first time since it was registered.

    `under` names the credentials and the way by which a provider accepted it; a device's receipt does not tell them.
    """

    type: Literal["token-worked"] = "token-worked"
    digest: str
    under: str = ""


class LiveTokenRegistered(DeviceEvent):
    """A token of a Live Activity: the latest of its slot wins. It is sealed like the push token."""

    sealed: str
    digest: str
    environment: Literal["production", "sandbox"] = "production"
    bundle: str | None = None
    attributes_type: str


class ActivityTokenRegistered(LiveTokenRegistered):
    """The update token of an activity that is shown. A later one replaces it."""

    type: Literal["activity-token-registered"] = "activity-token-registered"
    activity_id: str
    owner: str = ""  # ids.owner_key_of: who was logged in; the activity does not pass to another owner


class PushToStartTokenRegistered(LiveTokenRegistered):
    """A server may start activities of this type on the installation (iOS 17.2 and newer)."""

    type: Literal["push-to-start-token-registered"] = "push-to-start-token-registered"


class ActivityEnded(DeviceEvent):
    """The activity has ended. The same id may be started again later."""

    type: Literal["activity-ended"] = "activity-ended"
    activity_id: str


class PushToStartTokenRemoved(DeviceEvent):
    """Servers may not start activities of this type any more."""

    type: Literal["push-to-start-token-removed"] = "push-to-start-token-removed"
    attributes_type: str


class LoginProof(Frozen):
    """What is kept of a proof of login that the customer's backend signed; never the proof itself."""

    signed_at: int  # UTC ms, as it says
    kid: str = ""  # of the key that it was signed with
    digest: str  # keyed; identifies the proof


class Personalized(DeviceEvent):
    """A user, a phone, or both logged in: the installation is theirs."""

    type: Literal["personalized"] = "personalized"
    external_user_id: str | None = None
    phone: str | None = None  # E.164 digits without plus
    proof: LoginProof | None = None  # None: nobody but the device says so
    replaces: tuple[str, ...] = ()  # installations of the same device and owner that give way


class Depersonalized(DeviceEvent):
    """The owner logged out."""

    type: Literal["depersonalized"] = "depersonalized"


class InstallationReplaced(DeviceEvent):
    """The app was installed anew on the device and its owner logged in there: this installation is nobody's now."""

    type: Literal["installation-replaced"] = "installation-replaced"
    by_installation_id: str


class ProofRevoked(DeviceEvent):
    """The proof of the owner's login was revoked: the installation counts as unproved from now on."""

    type: Literal["proof-revoked"] = "proof-revoked"


class OwnerProofsRevoked(Event):
    """All proofs of a user's or a phone's logins were revoked, on every installation; the latest such event counts.

    A proof that was signed before proves nothing, whether it was used or not. Names one of the two.
    """

    type: Literal["owner-proofs-revoked"] = "owner-proofs-revoked"
    application_id: str
    external_user_id: str | None = None
    phone: str | None = None  # E.164 digits without plus
    by: str = ""


class Subscription(Frozen):
    """One entry of settings.subscriptions."""

    id: str
    type: Literal["setting", "permission"] = "setting"
    name: str = ""
    title: str = ""
    description: str = ""
    value: bool = True


class SettingsChanged(DeviceEvent):
    """Only what is not None changed. `primary` true claims the mark of the user's one primary installation."""

    type: Literal["settings-changed"] = "settings-changed"
    primary: bool | None = None
    claimed_for: str | None = None  # id of the record of the owner whose mark is claimed; None: nobody was logged in
    push_enabled: bool | None = None
    push_os_enabled: bool | None = None
    subscriptions: tuple[Subscription, ...] | None = None  # each replaces the one with its name
    source: Literal["sdk", "provider"] = "sdk"  # a provider may report that the system forbids pushes


class AppStarted(DeviceEvent):
    """The app came to the foreground."""

    type: Literal["app-started"] = "app-started"
    app_version: str | None = None
    os_version: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    session_s: int | None = None  # length of the previous session


class InstallationChanged(DeviceEvent):
    """The folded state of one installation, for readers outside (topic `installations`, compacted). Holds no token."""

    type: Literal["installation-changed"] = "installation-changed"
    platform: Platform
    app_version: str
    provider: Provider | None = None  # of the live token
    external_user_id: str | None = None
    phone: str | None = None
    primary: bool = False
    push_enabled: bool = True
    push_os_enabled: bool = True
    subscriptions: tuple[Subscription, ...] = ()
    time_zone: str = ""
    installed_at: int
    last_used_at: int
    proof: LoginProof | None = None  # of its owner's login
