"""How much CPU one APNs request costs our HTTP/2 client.

The client is measured by the CPU time of its process; the server, over TLS, runs in a process of its own and
answers every request with 200 and an apns-id. The third argument names the engine: `… 50000 500 h2`.
"""

import asyncio
import multiprocessing
import os
import secrets
import sys
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import ngh2
import uvloop

from deploy.bench.measure import Row, memory_mib, show
from deploy.sandbox.tls.authority import ensure_certificates, server_context
from services.dispatch.http2 import EngineName, Pool, Response, use_engine
from services.runtime.http_client.tls import tls_context

BODY = b'{"aps":{"alert":{"title":"Your code","body":"' + b"x" * 300 + b'"},"sound":"default"},"id":"1"}'
STREAMS = 1_000


class Server(asyncio.Protocol):
    """Answers each request as soon as it is complete."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.session = ngh2.Connection(ngh2.Role.SERVER)
        self.session.initiate_connection({ngh2.Setting.MAX_CONCURRENT_STREAMS: STREAMS})
        self.session.set_local_window_size(16 << 20)
        self.transport.write(self.session.data_to_send())

    def data_received(self, data: bytes) -> None:
        self.session.receive_data(data)
        for event in self.session.events():
            if isinstance(event, ngh2.DataReceived) and event.end_stream:
                apns_id = b"%032x" % event.stream_id
                fields = [(b":status", b"200"), (b"apns-id", apns_id)]
                self.session.send_response(event.stream_id, fields, end_stream=True)
        self.transport.write(self.session.data_to_send())


def serve(directory: str, pipe: Pipe) -> None:
    async def run() -> None:
        context = server_context(Path(directory), ["h2"])
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, ssl=context)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


def push(token: bytes, number: int) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    return b"/3/device/%064x" % number, (
        (b"authorization", token),
        (b"apns-topic", b"org.example.app"),
        (b"apns-push-type", b"alert"),
        (b"apns-priority", b"10"),
        (b"apns-expiration", b"1800000000"),
        (b"apns-id", b"6e2f2c3a-5d5f-4c5e-8a55-%012x" % number),
        (b"apns-collapse-id", b"%016x" % number),
    )


async def measure(url: str, ca_file: str, requests: int, in_flight: int) -> tuple[float, float]:
    """CPU seconds and wall seconds of the requests, after a warm-up."""
    pool = Pool(url, tls_context(ca_file or "", "h2"))
    token = b"bearer " + secrets.token_urlsafe(150).encode()
    pushes = [push(token, number) for number in range(10_000)]  # made beforehand: not the client's cost
    left = iter(range(requests))

    async def worker() -> None:
        for number in left:
            path, headers = pushes[number % len(pushes)]
            result = await pool.request(b"POST", path, headers, BODY, 10.0)
            if not isinstance(result, Response) or result.status != 200:
                raise RuntimeError(f"unexpected result: {result}")

    await pool.request(b"POST", b"/3/device/0", (), BODY, 10.0)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    spent = time.process_time() - cpu, time.perf_counter() - wall
    await pool.close_all("done")
    return spent


def measured(requests: int = 200_000, in_flight: int = 500, engine: EngineName = "ngh2") -> list[Row]:
    """The row."""
    use_engine(engine)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    with tempfile.TemporaryDirectory() as directory:
        ca_file = ensure_certificates(Path(directory))
        server = spawn.Process(target=serve, args=(directory, theirs), daemon=True)
        server.start()
        url = f"https://localhost:{ours.recv()}"
        cpu_s, wall_s = uvloop.run(measure(url, str(ca_file), requests, in_flight))
        server.terminate()
        server.join()
    note = f"{cpu_s / requests * 1e6:.1f} µs each; {requests / wall_s:,.0f}/s, {in_flight} in flight"
    memory = memory_mib(os.getpid())
    name = "HTTP/2 client, POSTs over TLS" + (" (h2)" if engine == "h2" else "")
    return [
        Row(
            name,
            requests / cpu_s,
            "per CPU-second",
            note=note,
            memory_mib=memory,
        )
    ]


def main() -> None:
    """Print the row."""
    requests, in_flight, engine, *_ = (*sys.argv[1:], *("200000", "500", "ngh2")[len(sys.argv) - 1 :])
    show(measured(int(requests), int(in_flight), "h2" if engine == "h2" else "ngh2"))


if __name__ == "__main__":
    main()
