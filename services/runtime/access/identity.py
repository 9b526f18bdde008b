"""Whether an installation is taken for its owner's. Pure.

    nobody is logged in there                      nothing is claimed, so nothing has to be proved
    logged in with a proof that was not revoked    yes
    the application's `identity` is "off"          as if it were; looked at when it is asked, so a switch acts at once
    otherwise                                      only the device says so, and anybody with the app can

Source: docs/device-api.md §2.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from schemas.application_events import ApplicationChanged


class LoggedIn(Protocol):
    """What the rule needs of an installation (`services.runtime.installations.reader.Installation`)."""

    @property
    def external_user_id(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def is_proved(self) -> bool: ...


Found = TypeVar("Found", bound=LoggedIn)


def is_trusted(installation: LoggedIn, application: ApplicationChanged | None) -> bool:
    """True where its owner's data may be shown, and its receipts are believed."""
    if installation.is_proved or (installation.external_user_id is None and installation.phone is None):
        return True
    return application is not None and application.identity == "off"


def trusted_first(found: Sequence[Found], application: ApplicationChanged | None) -> tuple[Sequence[Found], int]:
    """The trusted installations before the others, otherwise in their order; and how many are trusted."""
    trusted = [installation for installation in found if is_trusted(installation, application)]
    if len(trusted) in (0, len(found)):
        return found, len(trusted)
    return [*trusted, *(installation for installation in found if not is_trusted(installation, application))], len(
        trusted
    )
