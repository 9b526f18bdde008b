"""From an origin to an open connection: its name looked up, an allowed address tried, TLS.

    Origin ─▶ addresses, known for `KNOWN_S` ─▶ each through `socket_factory`, which may refuse it ─▶ TLS ─▶ Connection
           └▶ the operator's proxy: a tunnel (`services/runtime/http/egress.py`) ─────────────────────┘

The check of addresses stands where the socket is made, behind DNS (`services/runtime/http/outbound_addresses.py`).
Behind a proxy only hosts that are written as an address can be checked.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType

from services.runtime.http import egress
from services.runtime.http.outbound_addresses import is_address
from services.runtime.http_client.connection import Connection
from services.runtime.http_client.message import Origin

KNOWN_S: Final = 10.0
"""How long addresses are known: a storm of connections asks once, and a name that has moved is followed soon."""
NEXT_ADDRESS_S: Final = 0.25
"""After so long the next address is tried beside the one before (RFC 8305 §5)."""
_MOST_NAMES: Final = 1024
_GOODBYE_S: Final = 2.0
SocketFactory = Callable[[AddrInfoType], socket.socket]


def words_of(error: OSError) -> str:
    """What went wrong, for the trace: of a certificate that does not hold, why."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    return type(error).__name__


class Dialer(Protocol):
    """The way to origins."""

    async def dial(self, origin: Origin, connection: Connection) -> None:
        """Connect it. Raises OSError; ssl.SSLError is one."""
        ...


class Direct:
    """One's own connections, or tunnels through the proxy. `tls` is the context of those origins that speak TLS."""

    def __init__(self, tls: ssl.SSLContext | None, socket_factory: SocketFactory | None = None) -> None:
        self._tls, self._socket_factory = tls, socket_factory
        self._known: dict[tuple[str, int], tuple[float, asyncio.Future[list[AddrInfoType]]]] = {}

    async def dial(self, origin: Origin, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        proxy = egress.proxy_to(origin.host)
        opened = await (self._directly(origin) if proxy is None else self._through(proxy, origin))
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.create_connection(
                lambda: connection,
                sock=opened,
                ssl=self._tls if origin.is_tls else None,
                server_hostname=origin.host.rstrip(".") if origin.is_tls else None,
                ssl_shutdown_timeout=_GOODBYE_S if origin.is_tls else None,
            )
        except ValueError as error:  # behind a proxy nobody has looked it up
            opened.close()
            if isinstance(error, ssl.SSLCertVerificationError):  # which is one of these as well
                raise
            raise OSError("a name that TLS does not take") from error
        except BaseException:
            opened.close()
            raise

    async def _directly(self, origin: Origin) -> socket.socket:
        addresses = await self._addresses(origin)
        return await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=NEXT_ADDRESS_S, socket_factory=self._socket_factory
        )

    async def _through(self, proxy: egress.Proxy, origin: Origin) -> socket.socket:
        if self._socket_factory is not None and is_address(origin.host):
            for address in await self._addresses(origin):
                self._socket_factory(address).close()
        return await egress.tunnel(proxy, origin.host, origin.port)

    async def _addresses(self, origin: Origin) -> list[AddrInfoType]:
        """Shared by all who ask at one time: a look-up takes a thread."""
        name, now = (origin.host, origin.port), asyncio.get_running_loop().time()
        asked_at, found = self._known.get(name, (float("-inf"), None))
        if found is None or now - asked_at > KNOWN_S or (found.done() and _failed(found)):
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            found = asyncio.ensure_future(_looked_up(*name))
            self._known[name] = (now, found)
        return await asyncio.shield(found)


async def _looked_up(host: str, port: int) -> list[AddrInfoType]:
    loop = asyncio.get_running_loop()
    try:
        return list(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG))
    except UnicodeError as error:
        raise OSError("a name that nobody can look up") from error


def _failed(found: "asyncio.Future[list[AddrInfoType]]") -> bool:
    return found.cancelled() or found.exception() is not None
