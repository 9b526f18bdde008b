"""The way out of this process: directly, or through the operator's proxy (RPNS_OUTBOUND_PROXY), for every provider and
receiver alike.

    host ─▶ exempt (RPNS_NO_PROXY)? ─▶ a connection of one's own
         └▶ TCP to the proxy ─▶ CONNECT host:port ─▶ 200 ─▶ TLS or plain HTTP with the host itself

Through a proxy it is the proxy that looks names up, so it has to keep private networks out of reach for addresses given
from outside; an address that is written out as one is refused here all the same (`outbound_addresses.py`).
One way for the whole process, set at its start.
"""

import asyncio
import base64
import re
import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import Any, Final, NamedTuple

from yarl import URL

_MOST_BYTES: Final = 16 * 1024
"""Of a proxy's answer to CONNECT."""
_PIECE: Final = 4096
_END: Final = b"\r\n\r\n"
"""With it the answer ends: in a tunnel it is the client that speaks first."""
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


class ProxyRefused(OSError):
    """The proxy gave no tunnel; the text says its status, never where to."""


class Proxy(NamedTuple):
    """A forward proxy. `exempt`: hosts, and with a dot before them whole domains, that are reached directly."""

    host: str
    port: int
    authorization: str = ""  # the value of Proxy-Authorization
    exempt: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, exempt: str) -> "Proxy":
        """The proxy at http://[login:password@]host:port. Raises ValueError, whose text is the rule."""
        try:
            given = URL(url)
            host, port = given.raw_host, given.explicit_port
        except ValueError:
            host, port = None, None
        if host is None or port is None or given.scheme != "http" or given.raw_path_qs not in ("", "/"):
            raise ValueError("must be http://host:port, with a login before the host where the proxy asks for one")
        login = ""
        if given.user is not None:
            pair = f"{given.user}:{given.password or ''}".encode()
            login = f"Basic {base64.b64encode(pair).decode()}"
        names = [name.strip().lower() for name in exempt.split(",")]
        return cls(host, port, login, tuple(name for name in names if name))

    def exempts(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        return any(name == known or (known.startswith(".") and name.endswith(known)) for known in self.exempt)


class _Egress:
    """The way of this process."""

    proxy: Proxy | None = None


def use(proxy: Proxy | None) -> None:
    """Set the way out of this process."""
    _Egress.proxy = proxy


def proxy_to(host: str) -> Proxy | None:
    """The proxy on the way to a host; None where it is reached directly."""
    proxy = _Egress.proxy
    return None if proxy is None or proxy.exempts(host) else proxy


async def connect(
    protocol: Callable[[], asyncio.BaseProtocol],
    host: str,
    port: int,
    *,
    ssl: SSLContext | None,
    ssl_handshake_timeout: float | None = None,
    ssl_shutdown_timeout: float | None = None,
) -> asyncio.Transport:
    """A connection to a host whose address is the operator's. The caller bounds the time. Raises OSError."""
    loop, proxy = asyncio.get_running_loop(), proxy_to(host)
    opened = None if proxy is None else await tunnel(proxy, host, port)
    place: dict[str, Any] = {"host": host, "port": port} if opened is None else {"sock": opened}
    try:
        transport, _ = await loop.create_connection(
            protocol,
            **place,
            ssl=ssl,
            server_hostname=host if opened is not None and ssl is not None else None,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )
    except BaseException:
        if opened is not None:
            opened.close()
        raise
    return transport


async def tunnel(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A socket whose other end is the host. The caller bounds the time, and closes it. Raises OSError."""
    loop = asyncio.get_running_loop()
    opened = await _connected(proxy)
    try:
        await loop.sock_sendall(opened, _request(proxy, host, port))
        answer = b""
        while _END not in answer:
            piece = await loop.sock_recv(opened, _PIECE)
            answer += piece
            if not piece or len(answer) > _MOST_BYTES:
                raise ProxyRefused("the proxy's answer to CONNECT could not be read")
        status = _STATUS.match(answer)
        if status is None or status[1] != b"200":
            raise ProxyRefused(f"the proxy answered {status[1].decode() if status is not None else 'no HTTP'}")
        if not answer.endswith(_END):
            raise ProxyRefused("the proxy's answer to CONNECT goes on behind its end")
    except BaseException:
        opened.close()
        raise
    return opened


async def _connected(proxy: Proxy) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    trouble: OSError = ProxyRefused("the proxy has no address")
    for family, kind, protocol, _, address in found:
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(opened, address)
        except OSError as error:
            opened.close()
            trouble = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise trouble


def _request(proxy: Proxy, host: str, port: int) -> bytes:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n".encode()
