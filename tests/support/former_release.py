"""The release before this one: its wheel, built from git's history, and a stack some of whose services are it."""

import subprocess
import tarfile
from collections.abc import Collection
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import uv

from deploy.local import Stack
from deploy.local import services as ours
from deploy.local.processes.process import ROOT, Program

NAMED = ROOT / "deploy" / "previous-release.txt"
THIS = {"PYTHONPATH": "", "PYTHONSAFEPATH": "", "RPNS_COMMIT": ""}
"""What turns a process back into this release."""


def former_release(folder: Path) -> Path:
    """Where its package lies. Skips the test where git's history does not reach it."""
    revision = NAMED.read_text().split()[-1]
    archived = subprocess.run(["git", "-C", str(ROOT), "archive", revision], capture_output=True, check=False)
    if archived.returncode != 0:
        pytest.skip(f"the former release is {revision[:12]}, which this clone does not have: fetch the whole history")
    source, site = folder / "source", folder / "site"
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as archive:
        archive.extractall(source, filter="data")
    built = [uv.find_uv_bin(), "build", "--wheel", "--quiet", "--out-dir", str(folder), str(source)]
    done = subprocess.run(built, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    ZipFile(wheel).extractall(site)
    return site


class MixedStack(Stack):
    """A stack whose services in `former` run from the package in `site`; `THIS` as a restart's `env` exchanges one."""

    def __init__(self, *given: Any, site: Path, former: Collection[str], **more: Any) -> None:
        super().__init__(*given, **more)
        self._site, self._former = site, former

    def _service(self, name: str, ports: ours.Ports) -> Program:
        program = super()._service(name, ports)
        if name not in self._former:
            return program
        own = {"PYTHONPATH": str(self._site), "PYTHONSAFEPATH": "1", "RPNS_COMMIT": "former"}
        return replace(program, env={**program.env, **own})
