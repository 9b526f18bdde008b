"""Which build this is: version and commit of the code that runs, and its Python."""

import platform
import subprocess
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@cache
def version() -> str:
    """Of the installed distribution; in a source tree that of `pyproject.toml`."""
    project = _ROOT / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version("rpns")
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def commit() -> str:
    """Of a source tree that git keeps; empty elsewhere: an image says it by RPNS_COMMIT."""
    if not (_ROOT / ".git").exists():
        return ""
    asked = ["git", "-C", str(_ROOT), "rev-parse", "--short=12", "HEAD"]
    try:
        found = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def version_line(known_commit: str = "") -> str:
    """For people."""
    shown = known_commit or commit()
    return f"rpns {version()}" + (f" ({shown})" if shown else "") + f", Python {platform.python_version()}"
