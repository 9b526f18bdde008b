"""Accounts at the channel platform, by the unguessable part of the address that the platform reports to.

They are the credentials that dispatch posts with; several applications may share an account, and so its part. An
application that is switched off still gets the reports of what it sent before.
"""

from dataclasses import dataclass
from functools import cached_property

import orjson

from schemas.providers import Provider
from services.runtime import telemetry
from services.runtime.access.callers import Network, networks
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.directory import Directory

log = telemetry.logger("channel")


@dataclass(frozen=True)
class Account:
    """An account: the applications it is for, and the networks that its reports come from."""

    applications: frozenset[str]
    subnets: frozenset[str]

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        return networks(",".join(sorted(self.subnets)))


class ChannelAccounts:
    """The accounts that the directory knows."""

    def __init__(self, directory: Directory, secrets: Secrets) -> None:
        self._directory, self._secrets = directory, secrets
        self._version = -1
        self._by_callback: dict[str, Account] = {}

    def by_callback(self, callback: str) -> Account | None:
        """The account with this unguessable part."""
        if self._version != self._directory.version:
            self._version = self._directory.version
            self._by_callback = self._read()
        return self._by_callback.get(callback)

    def _read(self) -> dict[str, Account]:
        found: dict[str, Account] = {}
        for (application_id, provider), credentials in self._directory.credentials.items():
            if provider is not Provider.CHANNEL_PLATFORM:
                continue
            try:
                shown = orjson.loads(self._secrets.open(credentials.sealed, b"credentials"))
                callback, subnets = str(shown["callback"]), frozenset(map(str, shown["subnets"]))
                networks(",".join(subnets))
            except (CannotOpen, KeyError, TypeError, ValueError):
                log.exception("an account of the channel platform cannot be used", application=application_id)
                continue
            known = found.get(callback, Account(frozenset(), frozenset()))
            found[callback] = Account(known.applications | {application_id}, known.subnets | subnets)
        return found
