"""The interface between the sandbox and a provider's folder, whose `wiring.py` has a `WIRING`."""

import importlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from deploy.sandbox.faults.orders import Faults, Orderable
from deploy.sandbox.http.access_tokens import Bearers
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.keys import Secret
from deploy.sandbox.providers import FOLDERS
from deploy.sandbox.tls.authority import server_context


class Server(Protocol):
    async def start(self, host: str, port: int) -> int: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Bench:
    """What every server is given."""

    inbox: Inbox
    faults: Faults
    credentials: Mapping[str, Any]
    data_dir: Path

    def tls(self, *protocols: str) -> ssl.SSLContext:
        """What the protocols are offered over, by ALPN; HTTP/1.1 where none is named."""
        return server_context(self.data_dir, protocols or ("http/1.1",))


@dataclass(frozen=True)
class ProviderServers:
    """The servers of one provider, not listening yet. `routes`: what the control API has for this provider alone."""

    servers: Mapping[str, Server]
    bearers: Bearers | None = None
    routes: list[web.RouteDef] = field(default_factory=list)


@dataclass(frozen=True)
class Wiring:
    """How a provider is put together. `endpoints`: further addresses by name, each a part and a path."""

    secrets: Mapping[str, Secret]
    orderable: Mapping[str, Orderable]
    open: Callable[[Bench], ProviderServers]
    endpoints: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def secrets() -> dict[str, Secret]:
    """The credentials of all providers, by their name in `sandbox.json`."""
    return {name: secret for wiring in wirings().values() for name, secret in wiring.secrets.items()}


def wirings() -> dict[str, Wiring]:
    """The wiring of every provider, by the provider's name."""
    return {provider.name: importlib.import_module(f"{folder}.wiring").WIRING for folder, provider in FOLDERS.items()}
