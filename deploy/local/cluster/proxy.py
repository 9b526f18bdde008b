"""A forward proxy as a bank's: the only way out, by CONNECT and with a login; `python -m deploy.local.cluster.proxy`.

client ─ CONNECT host:port, Proxy-Authorization ─▶ 200, then bytes both ways │ 407 without the login │ 403, 502
"""

import argparse
import asyncio
import base64
import contextlib
import os
import re

HOST = "127.0.0.1"
LOGIN_SETTING = "RPNS_PROXY_LOGIN"
_HEAD_BYTES, _PIECE = 16 * 1024, 64 * 1024
_CONNECT = re.compile(rb"CONNECT \[?([^\] ]+?)\]?:(\d+) HTTP/1\.1\r\n")


class ConnectProxy:
    """Tunnels for those who send `login` ("name:password"). `tunnels` lists where they led, for tests."""

    def __init__(self, login: str = "") -> None:
        self._login = b"Proxy-Authorization: Basic " + base64.b64encode(login.encode()) if login else None
        self._server: asyncio.Server | None = None
        self.tunnels: list[str] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> int:
        """The port that it listens on."""
        self._server = await asyncio.start_server(self._serve, HOST, port, limit=_HEAD_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()

    async def serve_forever(self) -> None:
        assert self._server is not None
        await self._server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked = _CONNECT.match(head)
        if asked is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        elif self._login is not None and self._login not in head.split(b"\r\n"):
            writer.write(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="out"\r\n\r\n')
        else:
            await self._tunnel(asked[1].decode(), int(asked[2]), reader, writer)
        await writer.drain()

    async def _tunnel(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        self.tunnels.append(f"{host}:{port}")
        self._open.add(far_writer)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, far_writer))
                group.create_task(_pass_on(far_reader, writer))
        finally:
            self._open.discard(far_writer)
            far_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What one side says, until it ends; then both ends are closed."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _run(port: int) -> None:
    proxy = ConnectProxy(os.environ.get(LOGIN_SETTING, ""))
    await proxy.start(port)
    await proxy.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.cluster.proxy", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args().port))


if __name__ == "__main__":
    main()
