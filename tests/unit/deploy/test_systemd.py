"""The unit template: systemd takes it, and what the samples set is known."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.processes.process import ROOT
from services.runtime.settings import Settings
from services.runtime.text.setting import settings_of

FOLDER = ROOT / "deploy/systemd"
DROP_INS = ("kafka-password.conf", "admin-token.conf")
KNOWN = {about.variable for about, _ in settings_of(Settings).values()}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    unit = (FOLDER / "rpns@.service").read_text().replace("/opt/rpns/bin/python", sys.executable)
    (tmp_path / "rpns@.service").write_text(unit)
    (tmp_path / "rpns@.service.d").mkdir()
    for name in DROP_INS:
        shutil.copy(FOLDER / name, tmp_path / "rpns@.service.d")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(tmp_path / "rpns@router.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "rpns@" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("name", ["rpns.env", "router-bulk.env"])
def test_the_samples_set_what_is_known_and_can_be_read(name: str) -> None:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    assert set(given) - {"RPNS_SERVICE"} <= KNOWN
    Settings.from_environment(given)


@pytest.mark.parametrize("file", ["rpns@.service", *DROP_INS])
def test_the_unit_hands_on_settings_that_are_known_and_every_secret_that_it_loads(file: str) -> None:
    unit = (FOLDER / file).read_text()
    assert set(re.findall(r"^LoadCredential=([\w-]+):", unit, re.MULTILINE)) == set(
        re.findall(r"_FILE=%d/([\w-]+)", unit)
    )
    names = re.findall(r"(\w+)=(?=%)", unit)
    assert names
    assert {name.removesuffix("_FILE") for name in names} <= KNOWN
