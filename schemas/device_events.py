"""What happens to installations (topic `device-events`, key installation id), and their folded state.

Facts that span installations — who owns a token, who holds the primary mark, who uses an installation — are
last-writer-wins registers by (`at`, `event_id`). Tokens are sealed under the master key; `digest` names a token
without telling it. Sources: `docs/device-api.md`, docs/design.md §6.
"""

from typing import Literal

from schemas.events import Event
from schemas.providers import Platform, Provider
from schemas.values import Frozen


class DeviceEvent(Event):
    """An event of one installation; `at` is the server's time."""

    installation_id: str
    application_id: str
    by: str = ""  # who imported it, as in schemas/application_events.py; nobody: the device itself said so


class Installed(DeviceEvent):
    """A new installation, or the same one again: repeats change nothing but what the device says of itself."""

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
    former_digests: tuple[str, ...] = ()  # its names under former master keys
    environment: Literal["production", "sandbox"] | None = None  # APNs
    bundle: str | None = None  # APNs
    variant: Literal["native", "universal"] | None = None  # RuStore
    server_key: str | None = None  # web: the applicationServerKey that the subscription was made for
    waits: bool = False  # a proved installation holds the token: it moves here with a proved login


class TokenRemoved(DeviceEvent):
    """The app took its token back."""

    type: Literal["token-removed"] = "token-removed"


class TokenRetired(DeviceEvent):
    """A provider said that the token is dead. Applies only while the token is current and not newer than `dead_at`."""

    type: Literal["token-retired"] = "token-retired"
    digest: str
    dead_at: int | None = None
    detail: str = ""
    slot: str = ""  # which of the installation's tokens (schemas/live.py)


class TokenWorked(DeviceEvent):
    """A provider accepted the token or the device confirmed a push, for the first time since it was registered.

    `under` names the credentials and the way on which a provider accepted it; a device's word says nothing of them.
    """

    type: Literal["token-worked"] = "token-worked"
    digest: str
    under: str = ""


class LiveTokenRegistered(DeviceEvent):
    """A token of a slot: the latest wins. It is sealed as the push token is, and belongs to this installation alone."""

    sealed: str
    digest: str
    environment: Literal["production", "sandbox"] = "production"
    bundle: str | None = None
    attributes_type: str


class ActivityTokenRegistered(LiveTokenRegistered):
    """An activity is shown; its update token. A token registered later is the activity's new one."""

    type: Literal["activity-token-registered"] = "activity-token-registered"
    activity_id: str
    owner: str = ""  # ids.owner_key_of: whose the installation was; another's activity is not the new owner's


class PushToStartTokenRegistered(LiveTokenRegistered):
    """A server may start activities of this type on the installation (iOS 17.2 and newer)."""

    type: Literal["push-to-start-token-registered"] = "push-to-start-token-registered"


class ActivityEnded(DeviceEvent):
    """The activity is not shown any more. The same id may be started again later."""

    type: Literal["activity-ended"] = "activity-ended"
    activity_id: str


class PushToStartTokenRemoved(DeviceEvent):
    """The app lets no server start activities of this type any more."""

    type: Literal["push-to-start-token-removed"] = "push-to-start-token-removed"
    attributes_type: str


class LoginProof(Frozen):
    """What is kept of a proof of login, which the customer's backend has signed; never the proof itself."""

    signed_at: int  # UTC ms, as it says
    kid: str = ""  # of the key that it was signed with
    digest: str  # keyed; names the proof


class Personalized(DeviceEvent):
    """The installation belongs to this user, this phone, or both."""

    type: Literal["personalized"] = "personalized"
    external_user_id: str | None = None
    phone: str | None = None  # E.164 digits without plus
    proof: LoginProof | None = None  # None: the device says so, and nobody has vouched for it
    replaces: tuple[str, ...] = ()  # installations of the same device and owner that give way


class Depersonalized(DeviceEvent):
    """Logged out."""

    type: Literal["depersonalized"] = "depersonalized"


class InstallationReplaced(DeviceEvent):
    """The same device has been installed anew and its owner has logged in there: this installation is nobody's."""

    type: Literal["installation-replaced"] = "installation-replaced"
    by_installation_id: str


class ProofRevoked(DeviceEvent):
    """The proofs of the owner's logins have ended: what was logged in with one counts as unproved from now on."""

    type: Literal["proof-revoked"] = "proof-revoked"


class OwnerProofsRevoked(Event):
    """The proofs of this user's or this phone's logins have ended, on whatever installation: the last word counts.

    What was signed before proves nothing, be it used already or not. Names one of the two.
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
    claimed_for: str | None = None  # card of the owner whose mark is claimed; None: nobody was logged in
    push_enabled: bool | None = None
    push_os_enabled: bool | None = None
    subscriptions: tuple[Subscription, ...] | None = None  # those named replace their namesakes
    source: Literal["sdk", "provider"] = "sdk"  # who said so: a provider may tell that the system forbids pushes


class AppStarted(DeviceEvent):
    """The app came to the foreground."""

    type: Literal["app-started"] = "app-started"
    app_version: str | None = None
    os_version: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    session_s: int | None = None  # length of the session before


class InstallationChanged(DeviceEvent):
    """Topic `installations` (compacted): the folded state of one installation, for readers outside. Tells no token."""

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
    proof: LoginProof | None = None  # of the login of whoever owns it
