"""Where Helm is: on the PATH, else in the user's cache, where `python -m deploy.helm.tool` builds it with Go.

The build takes two minutes on two cores and 110 MB, once for each user. Whatever needs Helm and finds none says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "v3.22.0"
MODULE = "helm.sh/helm/v3/cmd/helm"
MISSING = "there is no helm here: put one on the PATH, or `python -m deploy.helm.tool` builds it (needs Go)"


def cached() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "rpns" / "tools" / "helm"


def helm() -> Path | None:
    on_path = shutil.which("helm")
    return Path(on_path) if on_path else cached() if cached().exists() else None


def main() -> int:
    if found := helm():
        print(f"helm is {found}")
        return 0
    if not shutil.which("go"):
        print("error: there is neither helm nor go on the PATH", file=sys.stderr)
        return 1
    folder = cached().parent
    folder.mkdir(parents=True, exist_ok=True)
    print(f"building helm {VERSION}", flush=True)
    return subprocess.run(
        ["go", "install", f"{MODULE}@{VERSION}"], env={**os.environ, "GOBIN": str(folder)}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
