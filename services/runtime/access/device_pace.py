"""How often devices may call, and what one may add to the log. In this process, by memory alone.

    any call      by network (before anything is looked up), by installation and by application (once it is proved)
    an install    by network and by application as well
    an entry      of a receipts call or of a change of the history, by installation: each becomes a record
    a proof       of login that fails, by network and by installation

Who calls too often is answered 429 with the seconds after which the same call is admitted. Of a service with several
processes each counts for itself. Numbers and their reasons stand here, and nowhere else.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.types import Scope

from services.runtime import telemetry
from services.runtime.access.callers import Network, caller_address, network_of
from services.runtime.http.server import Problem
from services.runtime.pacing.token_bucket import TokenBuckets

log = telemetry.logger("device-pace")
_LOGGED_EVERY_S = 60.0


class Limit(NamedTuple):
    """`burst` calls at once, and `per_s` a second afterwards."""

    burst: int
    per_s: float


INSTALLATION = Limit(120, 5)
"""A start of the app makes about ten calls; a phone that comes back with a day of pushes, two for each at the worst."""
ENTRIES = Limit(1_000, 10)
"""Two full calls of receipts at once: a phone that was off for weeks tells all it has. Nobody opens ten a second."""
ADDRESS = Limit(6_000, 200)
"""Of an IPv4 address. A carrier puts thousands of phones behind one, and a mailing wakes many of them at a time."""
SITE = Limit(600, 20)
"""Of the /64 of an IPv6 address: a phone has one of its own, a household or an office shares one."""
ADDRESS_INSTALLS, SITE_INSTALLS = Limit(1_000, 10), Limit(100, 1)
"""An app is installed once. Phones behind one address that install at the same time were just asked to by a message."""
FAILED_PROOFS = Limit(10, 0.1)
"""A proof fails when a backend's clock or key is wrong, and then at every start of the app; or somebody guesses."""
ADDRESS_FAILED_PROOFS, SITE_FAILED_PROOFS = Limit(200, 2), Limit(20, 0.2)
"""Of all phones behind one address, whose backend may be the one that is wrong."""
APPLICATION = Limit(20_000, 1_000)
"""About what one process can do: beyond that somebody waits, who must not be a customer of another application."""
APPLICATION_INSTALLS = Limit(5_000, 200)
"""The day of a release: 200 a second are 700,000 in an hour, for each process."""


@dataclass
class DevicePace:
    """The paces of one API. `factor` multiplies all of them; without `trusted` proxies nobody knows who is calling.

    `installation` is the pace of a service whose calls cost more than most. Every method raises Problem 429.
    """

    api: str
    trusted: Sequence[Network]
    factor: float = 1.0
    installation: Limit = INSTALLATION
    monotonic_s: Callable[[], float] = time.monotonic
    _paces: dict[str, TokenBuckets] = field(default_factory=dict)
    _logged_at_s: dict[str, float] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)

    def called(self, scope: Scope) -> None:
        """Count any call, before anything is looked up."""
        network = self._network(scope)
        if network:
            self._take("address", ADDRESS, SITE, network)

    def installs(self, scope: Scope, application_id: str) -> None:
        """Count a new installation, of an application whose key is right."""
        network = self._network(scope)
        if network:
            self._take("address-installs", ADDRESS_INSTALLS, SITE_INSTALLS, network)
        self._take("application-installs", APPLICATION_INSTALLS, APPLICATION_INSTALLS, application_id)

    def proved(self, application_id: str, installation_id: str = "") -> None:
        """Count a call with a right key or credential."""
        if installation_id:
            self._take("installation", self.installation, self.installation, installation_id)
        self._take("application", APPLICATION, APPLICATION, application_id)

    def entries(self, installation_id: str, count: int) -> None:
        """Count the entries of one call; all of them or none."""
        self._take("entries", ENTRIES, ENTRIES, installation_id, count)

    def proof_failed(self, scope: Scope, installation_id: str) -> None:
        """Count a proof of login that breaks a rule; good ones are never slowed down for it."""
        self._take("failed-proofs", FAILED_PROOFS, FAILED_PROOFS, installation_id)
        network = self._network(scope)
        if network:
            self._take("address-failed-proofs", ADDRESS_FAILED_PROOFS, SITE_FAILED_PROOFS, network)

    def _network(self, scope: Scope) -> str:
        """Empty when it is unknown: an undeclared proxy would share one pace among all who come through it."""
        return network_of(caller_address(scope, self.trusted)) if self.trusted else ""

    def _take(self, by: str, limit: Limit, of_a_site: Limit, who: str, cost: int = 1) -> None:
        limit = of_a_site if ":" in who else limit
        pace = self._paces.get(f"{by}/{limit}")
        if pace is None:
            burst = max(1, round(limit.burst * self.factor))
            pace = self._paces[f"{by}/{limit}"] = TokenBuckets(limit.per_s * self.factor, burst)
        now_s = self.monotonic_s()
        wait_s = pace.take(who, now_s, cost)
        if wait_s > 0:
            telemetry.DEVICES_SLOWED.labels(self.api, by).inc()
            self._log_refusal(by, who, now_s)
            detail = f"at most {limit.burst} at once and {limit.per_s:g} a second, counted by {by}"
            raise Problem(429, "Too many requests", detail, retry_after_s=math.ceil(wait_s))

    def _log_refusal(self, by: str, who: str, now_s: float) -> None:
        """At most one line a minute for each pace, with what was refused since the one before."""
        self._refused[by] = self._refused.get(by, 0) + 1
        if now_s - self._logged_at_s.get(by, -_LOGGED_EVERY_S) >= _LOGGED_EVERY_S:
            log.warning("devices are slowed down", api=self.api, by=by, who=who, refused=self._refused.pop(by))
            self._logged_at_s[by] = now_s
