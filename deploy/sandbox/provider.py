"""The facts of a provider that the sandbox plays: `PROVIDER` in the `__init__` of its folder, without any server.

Its servers are put together in `wiring.py` beside it. A folder with both adds a provider.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Read = tuple[dict[str, Any], str | None, str]
"""The SDK's part of a payload, and the title and text of its notification."""


@dataclass(frozen=True)
class Phone:
    """The kind of phone, or browser, that the provider's pushes reach."""

    platform: str
    model: str
    read: Callable[[dict[str, Any]], Read]
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(64)


@dataclass(frozen=True)
class Provider:
    """A provider. `name` is the name of its inbox; `parts` are its servers, each with its own port."""

    name: str
    parts: tuple[str, ...]
    phone: Phone | None = None
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways to read an unclear specification, the default first; `*` means any whole number (`docs/providers.md` §6)."""
