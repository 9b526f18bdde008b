"""The providers, with a row of facts for each: everything in which they differ except their code. Pure.

The names in the APIs, the rules of tokens, SENDING_PLATFORMS, the settings of base URLs and the words of the commands
follow from the rows, so that no other code asks which provider it has. How to add one: `docs/providers.md` §0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal


class Provider(StrEnum):
    """Who carries a push; each is a lane of its own. The channel platform carries all channels but PUSH."""

    APNS = "apns"
    FCM = "fcm"
    HMS = "hms"
    RUSTORE = "rustore"
    WEB = "web"
    CHANNEL_PLATFORM = "channel"


class Platform(StrEnum):
    """The build of the SDK."""

    IOS = "ios"
    ANDROID = "android"
    HUAWEI = "huawei"
    RUSTORE = "rustore"
    WEB = "web"


TokenForm = Literal["hexadecimal", "opaque", "subscription"]
"""`opaque`: printable ASCII; `subscription`: what a browser gives, in place of a token."""
TokenField = Literal["environment", "bundle", "variant", "carrier"]
"""What a device reports with its token."""
ApplicationField = Literal["bundle", "rustore_variant"]
"""The application's default for a field that a device leaves out."""
Way = Literal["one", "app", "platform", "carrier", "origin"]
"""What separates the pushes of one application when a provider refuses some: `services/dispatch/policy/ways.py`."""
OtherCarrier = Literal["fcm", "hms", "apns"]
Carrier = Literal["rustore", OtherCarrier]
"""The provider whose token the SDK has, where RuStore passes the push on."""
OWN_CARRIER: Carrier = "rustore"


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The address of a provider, which is a setting. `sandbox`: its name in `sandbox.json`."""

    setting: str
    default: str
    meaning: str
    sandbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """The facts of one provider."""

    title: str  # what its vendor calls it
    folder: str  # below services/dispatch/providers
    platform: Platform | None = None  # of its tokens, unless a device reports another; None: it carries no pushes
    sending_platform: str = ""  # its word in SENDING_PLATFORMS
    token_form: TokenForm = "opaque"
    token_fields: frozenset[TokenField] = frozenset()
    application_field: ApplicationField | None = None
    way: Way = "one"
    absorbs_resends: bool = False  # every push that comes twice is shown once; else its sender knows which
    base_urls: tuple[BaseUrl, ...] = ()


FACTS: Mapping[Provider, ProviderFacts] = MappingProxyType(
    {
        Provider.APNS: ProviderFacts(
            title="APNs",
            folder="apns",
            platform=Platform.IOS,
            sending_platform="Ios",
            token_form="hexadecimal",
            token_fields=frozenset({"environment", "bundle"}),
            application_field="bundle",
            way="app",
            absorbs_resends=True,  # but the start of a Live Activity
            base_urls=(
                BaseUrl("APNS_URL", "https://api.push.apple.com", "APNs production", "apns"),
                BaseUrl("APNS_SANDBOX_URL", "https://api.sandbox.push.apple.com", "APNs development", "apns"),
                BaseUrl(
                    "APNS_BROADCAST_URL",
                    "https://api.push.apple.com",
                    "APNs production, where broadcasts are sent; Apple's page also names api-broadcast.push.apple.com",
                    "apns_broadcast",
                ),
                BaseUrl(
                    "APNS_BROADCAST_SANDBOX_URL",
                    "https://api.sandbox.push.apple.com",
                    "APNs development, where broadcasts are sent",
                    "apns_broadcast",
                ),
                BaseUrl(
                    "APNS_CHANNELS_URL",
                    "https://api-manage-broadcast.push.apple.com:2196",
                    "APNs production, where broadcast channels are managed",
                    "apns_broadcast",
                ),
                BaseUrl(
                    "APNS_CHANNELS_SANDBOX_URL",
                    "https://api-manage-broadcast.sandbox.push.apple.com:2195",
                    "APNs development, where broadcast channels are managed",
                    "apns_broadcast",
                ),
            ),
        ),
        Provider.FCM: ProviderFacts(
            title="FCM",
            folder="fcm",
            platform=Platform.ANDROID,
            sending_platform="Android",
            way="platform",
            absorbs_resends=True,
            base_urls=(BaseUrl("FCM_URL", "https://fcm.googleapis.com", "FCM v1", "fcm"),),
        ),
        Provider.HMS: ProviderFacts(
            title="HMS",
            folder="hms",
            platform=Platform.HUAWEI,
            sending_platform="Huawei",
            base_urls=(
                BaseUrl("HMS_URL", "https://push-api.cloud.huawei.com", "HMS Push Kit", "hms"),
                BaseUrl(
                    "HMS_TOKEN_URL", "https://oauth-login.cloud.huawei.com/oauth2/v3/token", "HMS OAuth", "hms_token"
                ),
            ),
        ),
        Provider.RUSTORE: ProviderFacts(
            title="RuStore",
            folder="rustore",
            platform=Platform.RUSTORE,
            sending_platform="RuStore",
            token_fields=frozenset({"variant", "carrier"}),
            application_field="rustore_variant",
            way="carrier",
            base_urls=(
                BaseUrl("RUSTORE_URL", "https://vkpns.rustore.ru", "RuStore native", "rustore"),
                BaseUrl(
                    "RUSTORE_UNIVERSAL_URL",
                    "https://vkpns-universal.rustore.ru",
                    "RuStore universal",
                    "rustore_universal",
                ),
            ),
        ),
        Provider.WEB: ProviderFacts(
            title="Web Push",
            folder="web_push",
            platform=Platform.WEB,
            sending_platform="Web",
            token_form="subscription",
            way="origin",
            absorbs_resends=True,
        ),
        Provider.CHANNEL_PLATFORM: ProviderFacts(
            title="channel platform", folder="channel_platform", absorbs_resends=True
        ),
    }
)

PUSH_PROVIDERS = tuple(provider for provider in Provider if FACTS[provider].platform is not None)
"""The providers that have tokens."""
BASE_URLS = tuple(base_url for provider in Provider for base_url in FACTS[provider].base_urls)

if TYPE_CHECKING:
    ProviderName = str
    PushProviderName = str
else:  # what an API takes, derived: a type checker cannot follow it, so to it they are text
    ProviderName = Literal[tuple(provider.value for provider in Provider)]
    PushProviderName = Literal[tuple(provider.value for provider in PUSH_PROVIDERS)]
