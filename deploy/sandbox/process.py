"""The parts of a running sandbox, put together: also usable in a test, without the process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from deploy.sandbox.apns.broadcast import ApnsBroadcastServer
from deploy.sandbox.apns.server import ApnsServer
from deploy.sandbox.channels.reports import Reporter
from deploy.sandbox.channels.server import ChannelServer
from deploy.sandbox.control.server import ControlServer
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.fcm.server import TOKEN_PATH, FcmServer
from deploy.sandbox.hms.server import TOKEN_PATH as HMS_TOKEN_PATH
from deploy.sandbox.hms.server import HmsServer
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.keys import load_credentials
from deploy.sandbox.partner.receiver import PartnerServer, Reports
from deploy.sandbox.rustore.server import RustoreServer
from deploy.sandbox.rustore.universal import RustoreUniversalServer
from deploy.sandbox.tls.authority import ensure_certificates, server_context
from deploy.sandbox.web_push.server import WebPushServer

# A further provider is a name here, a server in `_servers` and an address in `_addresses`. Control comes last:
# whoever can ask it finds everything listening.
PARTS = (
    "apns",
    "apns_broadcast",
    "fcm",
    "hms",
    "rustore",
    "rustore_universal",
    "web",
    "channels",
    "partner",
    "control",
)


class Server(Protocol):
    async def start(self, host: str, port: int) -> int: ...

    async def stop(self) -> None: ...


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
                self.description |= _addresses(part, host, port)
        # now that the port is known the service account can name its token endpoint
        credentials = load_credentials(self._data_dir, self.description.get("fcm_token", _NOWHERE))
        self.description["credentials"] = credentials.model_dump(mode="json")

    async def stop(self) -> None:
        while self._started:
            await self._started.pop().stop()

    def _servers(self) -> dict[str, Server]:
        inbox, faults = self.inbox, self.faults
        known = load_credentials(self._data_dir, _NOWHERE)
        tls = server_context(self._data_dir, ("http/1.1",))
        apns = ApnsServer(inbox, faults, known.apns, server_context(self._data_dir, ("h2",)))
        fcm = FcmServer(inbox, faults, known.fcm, tls)
        hms = HmsServer(inbox, faults, known.hms, tls)
        web = WebPushServer(inbox, faults, known.web_secret, tls)
        channels = ChannelServer(faults, known.channels, tls)
        self._channels = channels.reporter
        bearers = {"fcm": fcm.bearers, "hms": hms.bearers}
        broadcast = ApnsBroadcastServer(inbox, faults, apns.keys, server_context(self._data_dir, ("h2",)))
        return {
            "apns": apns,
            "apns_broadcast": broadcast,
            "fcm": fcm,
            "hms": hms,
            "rustore": RustoreServer(inbox, faults, known.rustore, tls),
            "rustore_universal": RustoreUniversalServer(inbox, faults, known.rustore_universal, tls),
            "web": web,
            "channels": channels,
            "partner": PartnerServer(self.reports, faults),
            "control": ControlServer(
                inbox,
                faults,
                self.reports,
                bearers=bearers,
                apns=apns,
                web_push=web,
                hms=known.hms,
                channels=channels.reporter,
                description=self.description,
            ),
        }


_NOWHERE = "https://localhost/token"


def _addresses(part: str, host: str, port: int) -> dict[str, str]:
    if part in ("partner", "control"):
        return {part: f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"}
    base = f"https://localhost:{port}"  # a name of the certificate, whatever address is listened on
    match part:
        case "fcm":
            return {"fcm": base, "fcm_token": base + TOKEN_PATH}
        case "hms":
            return {"hms": base, "hms_token": base + HMS_TOKEN_PATH}
    return {part: base}
