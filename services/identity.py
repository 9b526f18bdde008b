"""Whether an installation is taken for its owner's. Pure.

    nobody is logged in there                      nothing is claimed, so nothing has to be proved
    logged in with a proof that was not revoked    yes
    the application's `identity` is "off"          as if it were; looked at when it is asked, so a switch acts at once
    otherwise                                      the device says so, and whoever has the app can say so

Source: docs/device-api.md §2.
"""

from typing import Protocol

from schemas.application_events import ApplicationChanged


class LoggedIn(Protocol):
    """What is asked of an installation (`services.installations.Installation`)."""

    @property
    def external_user_id(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def is_proved(self) -> bool: ...


def is_trusted(one: LoggedIn, application: ApplicationChanged | None) -> bool:
    """True where what is its owner's may be shown, and what it says of a push be believed."""
    if one.is_proved or (one.external_user_id is None and one.phone is None):
        return True
    return application is not None and application.identity == "off"
