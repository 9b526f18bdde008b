"""The parts of a running sandbox, put together: also usable in a test, without the process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.sandbox.channel_platform.reports import Reporter
from deploy.sandbox.channel_platform.server import ChannelServer
from deploy.sandbox.control.server import ControlServer
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.keys import Start, described, load_credentials
from deploy.sandbox.partner.receiver import PartnerServer, Reports
from deploy.sandbox.providers import PARTS
from deploy.sandbox.tls.authority import ensure_certificates
from deploy.sandbox.wiring import Bench, Server, secrets, wirings


class Sandbox:
    """Start it with the ports of the parts that are wanted, read `description`, stop it."""

    def __init__(self, data_dir: Path, keep_payloads: bool = True) -> None:
        self.inbox = Inbox(keep_payloads)
        self.faults = Faults()
        self.reports = Reports()
        self.description: dict[str, Any] = {}
        """addresses by name, ca_file, credentials: the content of sandbox.json"""
        self._data_dir = data_dir
        self._started: list[Server] = []
        self._channels: Reporter | None = None
        self._wirings = wirings()

    @property
    def channels(self) -> Reporter:
        """What the channel platform has taken. Raises AssertionError before `start`."""
        assert self._channels is not None
        return self._channels

    async def start(self, host: str, ports: Mapping[str, int]) -> None:
        """Starts the parts named in `ports` (0 = a free port); OSError when one cannot listen."""
        self.description["ca_file"] = str(ensure_certificates(self._data_dir).resolve())
        servers = self._servers()
        for part in PARTS:
            if part in ports:
                try:
                    port = await servers[part].start(host, ports[part])
                except OSError as error:
                    raise OSError(f"{part} on {host}:{ports[part]}: {error.strerror or error}") from error
                self._started.append(servers[part])
                self.description |= self._addresses(part, host, port)
        # again, now that the ports are known: a service account names its token endpoint
        self.description["credentials"] = described(self._credentials())

    async def stop(self) -> None:
        while self._started:
            await self._started.pop().stop()

    def _credentials(self) -> dict[str, Any]:
        return load_credentials(self._data_dir, secrets(), Start(self.description))

    def _servers(self) -> dict[str, Server]:
        bench = Bench(self.inbox, self.faults, self._credentials(), self._data_dir)
        providers = {name: wiring.open(bench) for name, wiring in self._wirings.items()}
        servers = {part: server for provider in providers.values() for part, server in provider.servers.items()}
        channels = servers["channels"]
        assert isinstance(channels, ChannelServer)
        self._channels = channels.reporter
        bearers = {name: provider.bearers for name, provider in providers.items() if provider.bearers is not None}
        routes = [route for provider in providers.values() for route in provider.routes]
        control = ControlServer(
            self.inbox, self.faults, self.reports, bearers=bearers, routes=routes, description=self.description
        )
        return {**servers, "partner": PartnerServer(self.reports, self.faults), "control": control}

    def _addresses(self, part: str, host: str, port: int) -> dict[str, str]:
        if part in ("partner", "control"):
            return {part: f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"}
        base = f"https://localhost:{port}"  # a name of the certificate, whatever address is listened on
        endpoints = [pair for wiring in self._wirings.values() for pair in wiring.endpoints.items()]
        return {part: base, **{name: base + path for name, (owner, path) in endpoints if owner == part}}
