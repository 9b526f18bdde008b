"""What happens to installations (topic `device-events`, key installation id), and their folded state.

Facts that span installations — who owns a token, who holds the primary mark, who uses an installation — are
last-writer-wins registers by (`at`, `event_id`). Tokens are sealed under the master key; `digest` identifies a token
without revealing it. Sources: `docs/device-api.md`, docs/design.md §6.
"""

from typing import Literal

from schemas.events import Event
from schemas.providers import Platform, Provider
from schemas.values import Frozen


class DeviceEvent(Event):
    """An event of one installation; `at` is the server's time."""

    installation_id: str
    application_id: str
    by: str = ""  # who imported it (schemas/application_events.py), or installation:<id> where an import's word went
    # along with a token; empty: the device itself reported it


class Installed(DeviceEvent, tag="installed"):
    """A new installation, or the same one again: a repeat only updates what the device reports about itself."""

    device_id: str
    platform: Platform
    proof_hash: str  # SHA-256 of the device's random proof, hex
    app_version: str
    os_version: str = ""
    model: str = ""
    locale: str = ""
    time_zone: str = ""  # IANA
    public_key: str | None = None  # P-256, base64url of the uncompressed point


class TokenRegistered(DeviceEvent, tag="token-registered"):
    """The latest token wins; the same token on two installations belongs to the newer one."""

    provider: Provider
    sealed: str  # base64; the token (or the web push subscription) under the master key
    digest: str
    former_digests: tuple[str, ...] = ()  # under former master keys
    environment: Literal["production", "sandbox"] | None = None  # APNs
    bundle: str | None = None  # APNs
    variant: Literal["native", "universal"] | None = None  # RuStore
    server_key: str | None = None  # web: the applicationServerKey that the subscription was made for
    waits: bool = False  # a proved installation holds the token; a proved login moves it here


class TokenRemoved(DeviceEvent, tag="token-removed"):
    """The app unregistered its token."""


class TokenRetired(DeviceEvent, tag="token-retired"):
    """A provider reported the token as dead. Applies only while the token is current and not newer than `dead_at`."""

    digest: str
    dead_at: int | None = None
    detail: str = ""
    slot: str = ""  # which of the installation's tokens (schemas/live.py)


class TokenWorked(DeviceEvent, tag="token-worked"):
    """A provider accepted the token or the device confirmed a push, for the first time since it was registered.

    `under` names the credentials and the way by which a provider accepted it; a device's receipt does not tell them.
    """

    digest: str
    under: str = ""


class LiveTokenRegistered(DeviceEvent):
    """A token of a Live Activity: the latest of its slot wins. It is sealed like the push token."""

    sealed: str
    digest: str
    environment: Literal["production", "sandbox"] = "production"
    bundle: str | None = None
    attributes_type: str


class ActivityTokenRegistered(LiveTokenRegistered, tag="activity-token-registered"):
    """The update token of an activity that is shown. A later one replaces it."""

    activity_id: str
    owner: str = ""  # ids.owner_key_of: who was logged in; the activity does not pass to another owner


class PushToStartTokenRegistered(LiveTokenRegistered, tag="push-to-start-token-registered"):
    """A server may start activities of this type on the installation (iOS 17.2 and newer)."""


class ActivityEnded(DeviceEvent, tag="activity-ended"):
    """The activity has ended. The same id may be started again later."""

    activity_id: str


class PushToStartTokenRemoved(DeviceEvent, tag="push-to-start-token-removed"):
    """Servers may not start activities of this type any more."""

    attributes_type: str


class LoginProof(Frozen, omit_defaults=False):
    """What is kept of a proof of login that the customer's backend signed; never the proof itself."""

    signed_at: int  # UTC ms, as it says
    kid: str = ""  # of the key that it was signed with
    digest: str  # keyed; identifies the proof


class Personalized(DeviceEvent, tag="personalized"):
    """A user, a phone, or both logged in: the installation is theirs."""

    external_user_id: str | None = None
    phone: str | None = None  # E.164 digits without plus
    proof: LoginProof | None = None  # None: nobody but the device says so
    replaces: tuple[str, ...] = ()  # installations of the same device and owner that give way


class Depersonalized(DeviceEvent, tag="depersonalized"):
    """The owner logged out."""


class InstallationReplaced(DeviceEvent, tag="installation-replaced"):
    """The app was installed anew on the device and its owner logged in there: this installation is nobody's now."""

    by_installation_id: str


class ProofRevoked(DeviceEvent, tag="proof-revoked"):
    """The proof of the owner's login was revoked: the installation counts as unproved from now on."""


class OwnerProofsRevoked(Event, tag="owner-proofs-revoked"):
    """All proofs of a user's or a phone's logins were revoked, on every installation; the latest such event counts.

    A proof that was signed before proves nothing, whether it was used or not. Names one of the two.
    """

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


class SettingsChanged(DeviceEvent, tag="settings-changed"):
    """Only what is not None changed. `primary` true claims the mark of the user's one primary installation."""

    primary: bool | None = None
    claimed_for: str | None = None  # id of the record of the owner whose mark is claimed; None: nobody was logged in
    push_enabled: bool | None = None
    push_os_enabled: bool | None = None
    subscriptions: tuple[Subscription, ...] | None = None  # each replaces the one with its name
    source: Literal["sdk", "provider"] = "sdk"  # a provider may report that the system forbids pushes


class AppStarted(DeviceEvent, tag="app-started"):
    """The app came to the foreground."""

    app_version: str | None = None
    os_version: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    session_s: int | None = None  # length of the previous session


class InstallationChanged(DeviceEvent, tag="installation-changed"):
    """The folded state of one installation, for readers outside (topic `installations`, compacted). Holds no token."""

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
    replaced_by: str = ""  # the installation of the same device that it gave way to
