"""Why somebody is not signed in by the company's login. Pure."""

from typing import Literal

Reason = Literal[
    "cancelled",
    "refused",
    "expired",
    "unproved",
    "away",
    "misconfigured",
    "no-groups",
    "no-role",
    "no-name",
    "disabled",
    "slowed-down",
    "unavailable",
]
"""As the console's sign-in page words them (`deploy/console/src/words/sign-in.ts`):

    cancelled       the person, or the login for the person, said no
    refused         the login answered with another error
    expired         this browser has begun no sign-in within ten minutes that the answer belongs to, or it is over
    unproved        the ID token, or the code, does not hold
    away            the login does not answer, or not as a login does
    misconfigured   the login does not know the console, or not by this secret or address
    no-groups       the ID token has no claim with groups
    no-role         none of these groups has a scope here
    no-name         no claim holds a name that the audit trail could tell
    disabled        an administrator has switched the person's account off
    slowed-down     too many answers from this network did not hold
    unavailable     the platform cannot write down who signs in: its log or database is away
"""


class SignInRefused(Exception):
    """`claim` is the one that lacks something. `detail` is for the process's log: never a token, a code or a value of
    a claim."""

    def __init__(self, reason: Reason, detail: str, claim: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.claim = reason, detail, claim
