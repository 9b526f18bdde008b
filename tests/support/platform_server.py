"""A platform that answers what a test has told it to, over real HTTP, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Platform:
    """Answers by (method, path), in order; the last one stays. `asked` is what came."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.links: dict[str, str] = {}  # path with query: the Link header of its answer

    def on(self, method: str, path: str, *bodies: Any, status: int = 200) -> None:
        self.answers[method, path] = [(status, body) for body in bodies]

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((method, path, body))
        self.headers.append(headers)
        found = self.answers.get((method, urlsplit(path).path), [(404, {"title": "Not Found"})])
        status, content = found.pop(0) if len(found) > 1 else found[0]
        if callable(content):
            content = content(body)
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()


@contextmanager
def platform_server() -> Iterator[Platform]:
    platform = Platform()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
            body = self._chunks() if is_chunked else self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = platform.answer(self.command, self.path, body, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", "/elsewhere")
            if self.path in platform.links:
                self.send_header("Link", platform.links[self.path])
            self.end_headers()
            self.wfile.write(content)

        def _chunks(self) -> bytes:
            found = bytearray()
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return bytes(found)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        platform.url = f"http://127.0.0.1:{server.server_port}"
        yield platform
        server.shutdown()
        thread.join()
