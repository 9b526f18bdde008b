"""The package that a cluster runs: services, contract, command line, and nothing of a laptop."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import uv

from deploy.console import BUILT, INDEX
from deploy.local.processes.process import ROOT

FOREIGN = ("deploy.local", "deploy.sandbox", "deploy.demo", "deploy.bench", "deploy.tour", "tests")
IMPORT_ALL = """
import importlib.util, pkgutil, sys
import deploy.cli.__main__, deploy.gateway, schemas.topics, services
for found in pkgutil.walk_packages(services.__path__, "services."):
    importlib.import_module(found.name)
present = [name for name in sys.argv[1:] if importlib.util.find_spec(name)]
sys.exit(f"holds {present}" if present else 0)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel puts beside its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [uv.find_uv_bin(), "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "COLUMNS": "120"}
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, cwd=site, env=env, capture_output=True, text=True, check=False)


def test_every_service_can_be_imported_without_the_laptops_parts(installed: Path) -> None:
    done = run(installed, "-c", IMPORT_ALL, *FOREIGN)
    assert done.returncode == 0, done.stderr


def test_the_command_line_is_installed_and_needs_no_source_tree(installed: Path) -> None:
    [entry_points] = installed.glob("rpns-*.dist-info/entry_points.txt")
    assert "rpns = deploy.cli.__main__:main" in entry_points.read_text()
    done = run(installed, "-m", "deploy.cli", "operators", "list")
    assert done.returncode == 1
    assert "RPNS_OPERATORS_URL and RPNS_OPERATOR_TOKEN" in done.stderr


def test_the_contract_for_other_languages_is_in_it(installed: Path) -> None:
    ours = {path.name for path in (ROOT / "schemas" / "json").glob("*.json")}
    assert {path.name for path in (installed / "schemas" / "json").glob("*.json")} == ours


@pytest.mark.skipif(not INDEX.exists(), reason="the console is not built here: `python -m deploy.console`")
def test_the_console_is_in_it_where_it_was_built_before(installed: Path) -> None:
    wanted = {str(path.relative_to(BUILT)) for path in (INDEX, *(BUILT / "assets").iterdir())}
    folder = installed / BUILT.relative_to(ROOT)
    assert len(wanted) > 2
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == wanted
