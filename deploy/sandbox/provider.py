"""What the sandbox knows of a provider before any server is there: `PROVIDER` in the `__init__` of its folder.

The code is in `wiring.py` beside it (`deploy/sandbox/wiring.py`). To add a provider is to add a folder with both.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Read = tuple[dict[str, Any], str | None, str]
"""Of a payload: the SDK's part, title and text of the notification."""


@dataclass(frozen=True)
class Phone:
    """A phone, or a browser, that its pushes come to."""

    platform: str
    model: str
    read: Callable[[dict[str, Any]], Read]
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(64)


@dataclass(frozen=True)
class Provider:
    """`name`: of its inbox. `parts`: its servers, each on a port of its own."""

    name: str
    parts: tuple[str, ...]
    phone: Phone | None = None
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Readings of what is unclear, the default first; `*` stands for a whole number (`docs/providers.md` §6)."""
