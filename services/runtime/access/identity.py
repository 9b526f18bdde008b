"""Whether an installation is taken for its owner's. Pure.

    nobody is logged in there                      nothing is claimed, so nothing has to be proved
    logged in with a proof that was not revoked    yes
    the application's `identity` is "off"          as if it were; looked at when it is asked, so a switch acts at once
    otherwise                                      the device says so, and whoever has the app can say so

Source: docs/device-api.md §2.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from schemas.application_events import ApplicationChanged


class LoggedIn(Protocol):
    """What is asked of an installation (`services.runtime.installations.reader.Installation`)."""

    @property
    def external_user_id(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def is_proved(self) -> bool: ...


One = TypeVar("One", bound=LoggedIn)


def is_trusted(one: LoggedIn, application: ApplicationChanged | None) -> bool:
    """True where what is its owner's may be shown, and what it says of a push be believed."""
    if one.is_proved or (one.external_user_id is None and one.phone is None):
        return True
    return application is not None and application.identity == "off"


def trusted_first(found: Sequence[One], application: ApplicationChanged | None) -> tuple[Sequence[One], int]:
    """Those that are trusted before the others, each in the order they were in; and how many these are."""
    trusted = [one for one in found if is_trusted(one, application)]
    if len(trusted) in (0, len(found)):
        return found, len(trusted)
    return [*trusted, *(one for one in found if not is_trusted(one, application))], len(trusted)
