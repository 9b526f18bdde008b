"""What this machine lacks for the stack, known before half a gigabyte is installed. Standard library only.

The packaged MongoDB is the most demanding part: it wants libcurl, OpenSSL 3, glibc 2.34 and a processor with AVX. Who
has a `mongod` on the PATH, or a server in MONGO_URL, needs none of that.
"""

from __future__ import annotations  # an older Python must get as far as the line that refuses it

import ctypes
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

MB = 1_000_000
NEEDED = {"services": 250 * MB, "run": 650 * MB, "dev": 900 * MB, "site": 350 * MB}
"""Of disk space by list; `run` and `dev` with Kafka in the user's cache."""
LIBRARIES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}
"""What the packaged mongod loads, and Debian's package of it."""
OLDEST_GLIBC = (2, 34)
OWN_MONGO = "put a mongod on the PATH, or set MONGO_URL to a server"


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def lacks(
    kind: str, folder: Path, environment: dict[str, str] | None = None, *, can_load: Callable[[str], bool] = loads
) -> str:
    """One line for a person; "" when nothing is missing that is known of."""
    env = dict(os.environ) if environment is None else environment
    own_mongo = bool(env.get("MONGO_URL")) or shutil.which("mongod", path=env.get("PATH")) is not None
    return (
        _packages() or _space(kind, folder) or ("" if own_mongo or kind in ("services", "site") else _mongo(can_load))
    )


def _packages() -> str:
    """Systems for which some package has neither a wheel nor a build that works."""
    system, machine = sys.platform, platform.machine()
    if system == "win32":
        return "Windows is not supported (no uvloop, no Faust, no file locks): use WSL2 with Ubuntu 22.04 or newer"
    if system == "darwin" and machine != "arm64":
        return "macOS on Intel is not supported: cryptography and argon2 have no packages for it any more"
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        return "this Linux has no glibc (Alpine?), and aiokafka and pymongo no packages for it: use a Debian slim"
    return ""


def _space(kind: str, folder: Path) -> str:
    if any((folder / ".venv").glob(".installed-*")):  # most of it is there
        return ""
    free = shutil.disk_usage(folder).free
    if free >= NEEDED[kind]:
        return ""
    return f"the disk has {free // MB} MB free in {folder}; this needs about {NEEDED[kind] // MB} MB"


def _mongo(can_load: Callable[[str], bool]) -> str:
    if sys.platform != "linux":
        return ""
    missing = [name for name in LIBRARIES if not can_load(name)]
    if missing:
        packages = " ".join(dict.fromkeys(LIBRARIES[name] for name in missing))
        names = " and ".join(missing)
        return (
            f"the packaged MongoDB needs {names}: install it (Debian, Ubuntu: apt-get install {packages}), {OWN_MONGO}"
        )
    version = platform.libc_ver()[1].split(".")
    if tuple(int(part) for part in version[:2]) < OLDEST_GLIBC:
        return f"the packaged MongoDB needs glibc 2.34, this is {'.'.join(version)}: {OWN_MONGO}"
    if platform.machine() == "x86_64" and not _has_avx():
        return f"the packaged MongoDB needs a processor with AVX: {OWN_MONGO}"
    return ""


def _has_avx() -> bool:
    try:
        return " avx" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return True


def taken_port(setting: str, default: int) -> str:
    """A line about the port that the stack would like to have, when somebody listens there."""
    text = os.environ.get(setting) or str(default)
    if not text.isdecimal():
        return ""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", int(text))):
            return ""
    return f"port {text} is taken: `make demo` will use a free one, `make up` wants {setting} set to one"
