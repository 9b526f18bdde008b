"""Serves the site to this machine alone: a browser runs no search in a page that it opened from a disk."""

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8090
_HERE = "127.0.0.1"


class _Files(SimpleHTTPRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody asks which pages were read."""


def server(site: Path, port: int = PORT) -> ThreadingHTTPServer:
    """Of the files below `site`, listening at `port`, or at a free one where that is taken."""
    files = partial(_Files, directory=str(site))
    try:
        return ThreadingHTTPServer((_HERE, port), files)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return ThreadingHTTPServer((_HERE, 0), files)


def address(listening: ThreadingHTTPServer) -> str:
    return f"http://{_HERE}:{listening.server_port}/"
