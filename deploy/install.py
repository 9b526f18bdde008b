"""Makes .venv and fills it from a hash-locked list: `python deploy/install.py services|run|dev|site`.

    services   requirements.txt: the services and `rpns`, nothing else
    run        requirements-local.txt: that, and what the demo and the local stack need
    dev        requirements-dev.txt: that and the tools of `make test` and `make check`
    site       requirements-site.txt: the services, and what makes the site of the documentation

uv installs where it can be had, in a third of pip's time; whatever goes wrong with it, pip does it. Uses the standard
library only, since it runs before anything is installed. What the machine lacks is said first. A stamp in .venv
shows `make` that nothing is to be done. Progress is one line on a terminal; a failure is one line, with pip's full
output in a file.
"""

from __future__ import annotations  # an older Python must get as far as the line that refuses it

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `python -I` leaves it out
from deploy.machine import lacks, taken_port

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
SMALLEST_VENV = 20_000_000  # bytes
LISTS = {
    "services": "requirements.txt",
    "run": "requirements-local.txt",
    "dev": "requirements-dev.txt",
    "site": "requirements-site.txt",
}
HELD = {"services": (), "run": ("services",), "dev": ("run", "services", "site"), "site": ("services",)}
"""The lists that a list holds whole."""
UV = "deploy/uv.txt"

CAUSES = (
    (r"No space left on device|Errno 28|Disk quota exceeded", "the disk is full"),
    (
        r"DO NOT MATCH THE HASHES|hash mismatch",
        "a package is not the one that was locked: a broken download, or not ours",
    ),
    (
        r"ConnectTimeout|ReadTimeout|NewConnectionError|Connection (?:refused|reset|broken)|Temporary failure in name"
        r"|SSLError|IncompleteRead|ProxyError|Max retries exceeded|ConnectionError|Could not fetch URL",
        "a download failed: the package registry cannot be reached, or the connection broke",
    ),
    (r"No matching distribution found for (\S+)", r"the package registry has no \1 for this Python and machine"),
    (r"[Pp]ermission denied", "a file in .venv cannot be written"),
)
"""What pip says, and what it means. The first that is found decides."""


class InstallError(Exception):
    """One line for a person."""


def cause(output: str) -> str:
    for pattern, meaning in CAUSES:
        if found := re.search(pattern, output):
            return found.expand(meaning)
    lines = [line for line in output.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "no output")


def make_venv() -> None:
    """Keep a .venv that works and is new enough, else make it anew."""
    python = VENV / "bin" / "python"
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    if python.exists() and subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0:
        return
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"making .venv with Python {version}", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        output = made.stdout + made.stderr
        if shutil.disk_usage(ROOT).free < SMALLEST_VENV:  # venv itself says only that a command failed
            raise InstallError("the disk is full")
        if "ensurepip" in output:
            raise InstallError(f"this Python {version} cannot make a venv; install its venv package (python3-venv)")
        raise InstallError(f".venv cannot be made: {cause(output)}")


class Line:
    """One line that is rewritten on a terminal; elsewhere a line at every tenth step."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._is_terminal = total, 0, sys.stdout.isatty()

    def step(self, text: str) -> None:
        self._done += 1
        shown = f"[{min(self._done, self._total)}/{self._total}] {text}"
        if self._is_terminal:
            print(f"\r\033[K{shown[:78]}", end="", flush=True)
        elif self._done % 10 == 1:
            print(shown, flush=True)

    def print(self, text: str) -> None:
        print(f"\r\033[K{text}" if self._is_terminal else text, flush=True)


def uv() -> Path | None:
    """The one on the PATH or in .venv, else one that is installed there now; None where pip has to do."""
    if os.environ.get("RPNS_INSTALL_WITH") == "pip" or _own_index():
        return None
    if on_path := shutil.which("uv"):
        return Path(on_path)
    packaged = VENV / "bin" / "uv"
    if not packaged.exists():
        subprocess.run([*_pip("install"), "--require-hashes", "-r", str(ROOT / UV)], capture_output=True, check=False)
    return packaged if packaged.exists() else None


def _own_index() -> bool:
    """Whether pip is told to take packages from somewhere else, which uv would not know."""
    configured = subprocess.run([*_pip("config"), "list"], capture_output=True, text=True, check=False).stdout
    return bool(re.search(r"\.(?:index-url|extra-index-url|no-index|trusted-host|proxy)=", configured))


def _pip(command: str) -> list[str]:
    return [str(VENV / "bin" / "python"), "-m", "pip", command, "--disable-pip-version-check", "--no-input"]


def fill_with_uv(requirements: Path, tool: Path) -> bool:
    """Whether all of it is there now, hashes checked, compiled."""
    started = time.monotonic()
    print(f"installing {requirements.name}", flush=True)
    command = [str(tool), "pip", "install", "--python", str(VENV / "bin" / "python"), "--require-hashes"]
    command += ["--compile-bytecode", "-r", str(requirements)]
    command += [] if sys.stdout.isatty() else ["--quiet"]  # its progress is for people
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        print("uv could not do it; trying with pip", flush=True)
        return False
    print(f"installed {requirements.name} in {time.monotonic() - started:.0f} s", flush=True)
    return True


def fill(requirements: Path) -> None:
    """pip's own resolver, hashes required. Raises InstallError."""
    total = len(re.findall(r"^[A-Za-z0-9][\w.-]*==", requirements.read_text(), re.MULTILINE))
    started = time.monotonic()
    command = [*_pip("install"), "--require-hashes", "--progress-bar", "off", "-r", str(requirements)]
    line, output = Line(total), []
    # without compiled packages each process of the stack would compile them anew at its start, for two seconds
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as pip:
        assert pip.stdout is not None
        for text in pip.stdout:
            output.append(text)
            if match := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", text):
                line.step(match[1])
            elif text.startswith("Installing collected packages"):
                line.print("unpacking")
    if pip.returncode:
        raise InstallError(f"{requirements.name}: {cause(''.join(output))}{_kept(output)}")
    line.print(f"installed {requirements.name} in {time.monotonic() - started:.0f} s")


def _kept(output: list[str]) -> str:
    log = VENV / "install.log"
    try:
        log.write_text("".join(output))
    except OSError:  # the very disk that is full
        return ""
    return f" (all of it: {log.relative_to(ROOT)})"


def main(kind: str) -> None:
    if sys.version_info < OLDEST:
        raise InstallError(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")
    if lack := lacks(kind, ROOT):
        raise InstallError(lack)
    if kind != "services" and (taken := taken_port("RPNS_PUBLIC_PORT", 8080)):
        print(taken, flush=True)
    make_venv()
    requirements, tool = ROOT / LISTS[kind], uv()
    if tool is None or not fill_with_uv(requirements, tool):
        fill(requirements)
    for filled in (kind, *HELD[kind]):
        (VENV / f".installed-{filled}").touch()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except InstallError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {'the disk is full' if error.errno == 28 else error}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; `make install` goes on where it was")
