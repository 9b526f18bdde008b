"""Installs the generators of clients: `python -m deploy.clients`. Where it cannot, it says so; tests are skipped."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.clients import GENERATOR, NODE_MODULES, PLACE, ROOT, TYPESCRIPT
from deploy.console.build import BuildError, node, run

LIST = Path(__file__).with_name("generator.txt")
LOCK = TYPESCRIPT / "package-lock.json"
UV = ROOT / ".venv" / "bin" / "uv"
STAMP = ".installed"


def main() -> int:
    """Install what is locked, unless it is there; always 0, for nothing else needs it."""
    _keep("Python", LIST, PLACE, GENERATOR, _install_for_python)
    _keep("TypeScript", LOCK, NODE_MODULES, NODE_MODULES / "openapi-typescript", _install_for_typescript)
    return 0


def _keep(language: str, lock: Path, place: Path, generator: Path, install: Callable[[], None]) -> None:
    wanted, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), place / STAMP
    if generator.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    try:
        install()
    except (OSError, subprocess.CalledProcessError, BuildError) as error:
        about = f"the generator of clients for {language} could not be installed; its tests are skipped"
        sys.stderr.write(f"{about}: {error}\n")
        return
    stamp.write_text(wanted)


def _install_for_python() -> None:
    _run(["venv", "--quiet", "--clear", "--python", sys.executable, str(PLACE)])
    python = ["--python", str(PLACE / "bin" / "python")]
    _run(["pip", "install", "--quiet", *python, "--require-hashes", "-r", str(LIST)])


def _run(arguments: Sequence[str]) -> None:
    subprocess.run([str(UV), *arguments], check=True, stdin=subprocess.DEVNULL)


def _install_for_typescript() -> None:
    run([*(str(part) for part in node()), "ci", "--ignore-scripts"], TYPESCRIPT)


if __name__ == "__main__":
    sys.exit(main())
