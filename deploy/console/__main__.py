"""Builds the console: `python -m deploy.console`. Where it cannot, it says so; everything else works without it."""

import sys
import time

from deploy.console import FOLDER, INDEX
from deploy.console.build import BuildError, build, run


def main() -> int:
    """Always 0, for nothing else needs it."""
    started = time.monotonic()
    try:
        if build(FOLDER, run):
            print(f"built the console in {time.monotonic() - started:.0f} s")
    except BuildError as error:
        kept = "the one that was built before stays" if INDEX.exists() else "there is none at /console/"
        sys.stderr.write(f"the console could not be built; {kept}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
