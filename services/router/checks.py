"""The checks that an installation has to pass before a link goes to it. Pure. Source: `docs/partner-api.md` §3."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.application_events import ApplicationChanged
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Link
from services.runtime.installations.model import Installation
from services.runtime.text.versions import version_key

_WEB = Provider.WEB


@dataclass(frozen=True, slots=True)
class UsableProviders:
    """The providers that an application can push over."""

    application: ApplicationChanged | None
    providers: frozenset[Provider]  # those with credentials that are switched on
    web_key: str | None = None  # what browsers subscribe with now


def provider_of(installation: Installation, slots: Sequence[str]) -> Provider | None:
    """The provider that these slots of the installation are reached over; a Live Activity needs no push token."""
    if not slots or slots[0]:
        return Provider.APNS if slots else None
    return installation.token.provider if installation.token else None


def why_not(
    installation: Installation,
    link: Link,
    usable: UsableProviders,
    slots: Sequence[str] = ("",),
    is_primary: bool | None = None,
) -> Reason | None:
    """The first check that the installation does not pass; None when the link goes to these `slots` of it.

    The system's permission to notify is not that to show activities: an activity that has a token may be updated.
    """
    application, provider = usable.application, provider_of(installation, slots)
    if link.primary_only and not (installation.primary if is_primary is None else is_primary):
        return Reason.NOT_PRIMARY
    is_live = link.content is not None and link.content.live_activity is not None
    if provider is None:
        return Reason.NO_PRIMARY if link.primary_only and not is_live else Reason.NO_ACTIVE_INSTALLATION
    if link.providers and provider not in link.providers:
        return Reason.OTHER_PROVIDER
    if provider not in usable.providers:
        return Reason.NO_APPLICATION
    if (
        provider is _WEB
        and (token := installation.token) is not None
        and token.server_key not in (None, usable.web_key)
    ):
        return Reason.KEY_GONE
    if (
        application is not None
        and application.min_version
        and _below(installation.app_version, application.min_version)
    ):
        return Reason.BELOW_MIN_VERSION
    if link.subscriptions and not _subscribed(installation, link, application):
        return Reason.SUBSCRIPTION_OFF
    if not installation.push_enabled:
        return Reason.PUSH_DISABLED
    return None if installation.push_os_enabled or is_live else Reason.PUSH_OS_DISABLED


def _subscribed(installation: Installation, link: Link, application: ApplicationChanged | None) -> bool:
    """Any of the names: on by the device's word, else by the catalogue's default; a name that nobody knows is off."""
    if not installation.subscriptions.isdisjoint(link.subscriptions):
        return True
    catalogue = application.subscriptions if application is not None else ()
    unsaid = (kind for kind in catalogue if kind.default and kind.id not in installation.subscriptions_off)
    return any(kind.id in link.subscriptions or kind.name in link.subscriptions for kind in unsaid)


def _below(version: str, least: str) -> bool:
    return version_key(version) < version_key(least)
