"""Builds the console. Where it cannot, it says so.

python -m deploy.console               everything else works without it, so the exit code is 0
python -m deploy.console --required    1 without it: for an image or a package
"""

import sys
import time

from deploy.console import BUILT, FOLDER, INDEX
from deploy.console.build import BuildError, build, run


def main(arguments: list[str]) -> int:
    """The exit code."""
    started = time.monotonic()
    try:
        if build(FOLDER, BUILT, run):
            print(f"built the console in {time.monotonic() - started:.0f} s")
    except BuildError as error:
        kept = "the one that was built before stays" if INDEX.exists() else "there is none at /console/"
        sys.stderr.write(f"the console could not be built; {kept}: {error}\n")
        return 1 if "--required" in arguments else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
