"""Installs the generator of clients: `python -m deploy.clients`. Where it cannot, it says so; its tests are skipped."""

import hashlib
import subprocess
import sys
from pathlib import Path

from deploy.clients import GENERATOR, PLACE, ROOT

LIST = Path(__file__).with_name("generator.txt")
UV = ROOT / ".venv" / "bin" / "uv"
STAMP = PLACE / ".installed"


def main() -> int:
    """Install what `generator.txt` locks, unless it is there; always 0, for nothing else needs it."""
    wanted = hashlib.sha256(LIST.read_bytes()).hexdigest()
    if GENERATOR.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    commands = (
        [str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(PLACE)],
        [
            str(UV),
            "pip",
            "install",
            "--quiet",
            "--python",
            str(PLACE / "bin" / "python"),
            "--require-hashes",
            "-r",
            str(LIST),
        ],
    )
    for command in commands:
        try:
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"the generator of clients could not be installed; its tests are skipped: {error}\n")
            return 0
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
