"""How strong passwords and keys must be that somebody gives instead of letting them be drawn.

On a stack of one machine (`RPNS_ALLOW_WEAK_SECRETS`) short ones are taken, so that `demo` opens the demo. What was set
before a rule was made goes on working until it is changed.
"""

from dataclasses import dataclass

from services.runtime.http.server import Problem
from services.runtime.text.visible import visible

MIN_PASSWORD, MIN_WEAK_PASSWORD = 12, 4
MIN_KEY = 20
MIN_DIFFERENT = 5
MIN_DIFFERENT_IN_KEY = 8


@dataclass(frozen=True, slots=True)
class SecretRules:
    """Each method raises Problem 400 that names field and rule, never the value."""

    allow_weak: bool = False

    def check_password(self, password: str | None, login: str, field: str = "password") -> None:
        """A partner's password, or an operator's; None is drawn. What can be neither seen nor typed does not count."""
        if password is None:
            return
        least, counted = MIN_WEAK_PASSWORD if self.allow_weak else MIN_PASSWORD, visible(password)
        if len(counted) < least:
            if len(password) >= least:
                raise _broken(field, f"must have at least {least} characters, not counting invisible ones")
            raise _broken(field, f"must have at least {least} characters")
        if self.allow_weak:
            return
        if counted.casefold() == login.casefold():
            raise _broken(field, "must not be the login")
        if len(set(counted)) < MIN_DIFFERENT:
            raise _broken(field, f"must have at least {MIN_DIFFERENT} different characters")

    def check_key(self, field: str, key: str | None) -> None:
        """A key of an application or for packets; None is drawn."""
        if key is None or self.allow_weak:
            return
        if len(key) < MIN_KEY or len(set(key)) < MIN_DIFFERENT_IN_KEY:
            rule = f"must have at least {MIN_KEY} characters, {MIN_DIFFERENT_IN_KEY} of them different"
            raise _broken(field, rule)


STRICT = SecretRules()


def _broken(field: str, rule: str) -> Problem:
    return Problem(400, "Invalid request", errors=[{"field": field, "rule": rule}])
