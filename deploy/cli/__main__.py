"""`rpns`, `python -m deploy.cli`, `deploy/rpns`."""

import io
import sys

from deploy.cli.app import app


def main() -> None:
    bear_any_text()
    app(prog_name="rpns")


def bear_any_text() -> None:
    """What the terminal's encoding lacks is written as an escape (`\\u043f`), which JSON reads as the same text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
