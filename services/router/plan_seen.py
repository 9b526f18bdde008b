"""What the plan sees of a customer's devices: a contract, so that the decision knows no database. Pure."""

from collections.abc import Sequence
from typing import Protocol

from schemas.values import Provider
from services.router.plan_live import LiveSeen


class TokenSeen(Protocol):
    """Of a live token: who carries it."""

    @property
    def provider(self) -> Provider: ...


class InstallationSeen(Protocol):
    """What the plan needs to know of an installation (`services.installations.Installation`)."""

    @property
    def installation_id(self) -> str: ...
    @property
    def app_version(self) -> str: ...
    @property
    def token(self) -> TokenSeen | None: ...
    @property
    def external_user_id(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def primary(self) -> bool: ...
    @property
    def push_enabled(self) -> bool: ...
    @property
    def push_os_enabled(self) -> bool: ...
    @property
    def subscriptions(self) -> frozenset[str]: ...
    @property
    def subscriptions_off(self) -> frozenset[str]: ...
    @property
    def live(self) -> Sequence[LiveSeen]: ...
