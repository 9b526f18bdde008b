"""Serves the site to this machine alone: a browser runs no search in a page that it opened from a disk.

Where it is served follows from the setting SITE_PORT: there, or not at all; without one at 8090, or at a free port
where that is taken.
"""

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8090
PORT_SETTING = "SITE_PORT"
_HERE = "127.0.0.1"


class ServingError(Exception):
    """One line for a person: why the site is not served."""


class _Files(SimpleHTTPRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody asks which pages were read."""


def server(site: Path, port: int | None = None) -> ThreadingHTTPServer:
    """Of the files below `site`, listening at `port`; None: at the usual one, or at a free one where that is taken.

    Raises ServingError when it cannot listen there.
    """
    files = partial(_Files, directory=str(site))
    try:
        return ThreadingHTTPServer((_HERE, PORT if port is None else port), files)
    except OSError as error:
        if port is not None:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
            raise ServingError(f"port {port} {why}; set {PORT_SETTING} to another one, or leave it out") from None
        if error.errno != errno.EADDRINUSE:
            raise
        return ThreadingHTTPServer((_HERE, 0), files)


def port_of(setting: str) -> int:
    """The port that was asked for. Raises ServingError."""
    if not setting.isdecimal() or not 0 < int(setting) < 65536:
        raise ServingError(f"{PORT_SETTING} must be a port, 1 to 65535; it is {setting!r}")
    return int(setting)


def address(listening: ThreadingHTTPServer) -> str:
    return f"http://{_HERE}:{listening.server_port}/"


def hint(listening: ThreadingHTTPServer, port: int | None) -> str:
    """Where the site is, and why it is not where it usually would be."""
    at = f"the site, with its search: {address(listening)} (Ctrl-C ends)"
    if port is None and listening.server_port != PORT:
        return f"Port {PORT} is taken, so a free one was chosen; {PORT_SETTING} sets another.\n{at}"
    return at
