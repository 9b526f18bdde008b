"""The console is built when its sources have changed, by its lock, and a failure is one line."""

import re
import sys
from pathlib import Path

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, build, digest, run

NPM = [Path("node"), Path("npm-cli.js")]


class Runs:
    """Stands in for npm: notes the commands, and leaves what a build leaves."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def __call__(self, command: list[str], folder: Path) -> None:
        self.commands.append(" ".join(command))
        built = Path(command[-1]) if "--outDir" in command else folder / "node_modules"
        built.mkdir(exist_ok=True)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "console"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.tsx").write_text("one")
    return folder


@pytest.fixture
def built(tmp_path: Path) -> Path:
    return tmp_path / "built"


def test_it_is_built_once_and_anew_when_a_source_has_changed(sources: Path, built: Path) -> None:
    runs = Runs()
    assert build(sources, built, runs, lambda: NPM)
    way = f"--emptyOutDir --outDir {built}"
    assert runs.commands == ["node npm-cli.js ci --ignore-scripts", f"node npm-cli.js run build -- {way}"]
    assert not build(sources, built, runs, lambda: NPM)
    assert len(runs.commands) == 2
    (sources / "src" / "main.tsx").write_text("two")
    assert build(sources, built, runs, lambda: NPM)
    assert len(runs.commands) == 4


def test_a_build_that_failed_is_tried_again(sources: Path, built: Path) -> None:
    def fails(command: list[str], folder: Path) -> None:
        raise BuildError("no registry")

    with pytest.raises(BuildError, match="no registry"):
        build(sources, built, fails, lambda: NPM)
    assert build(sources, built, Runs(), lambda: NPM)


def test_what_the_build_makes_is_none_of_its_sources(sources: Path) -> None:
    before = digest(sources)
    for folder in ("node_modules", "__pycache__"):
        (sources / folder).mkdir()
        (sources / folder / "a.js").write_text("made")
    assert digest(sources) == before
    (sources / "src" / "main.tsx").rename(sources / "src" / "other.tsx")
    assert digest(sources) != before


def test_a_command_that_fails_tells_its_first_error(tmp_path: Path) -> None:
    script = "print('> build'); print('src/a.ts(1,2): error TS2322: no'); print('npm error code 2'); exit(2)"
    with pytest.raises(BuildError, match=r"^src/a\.ts\(1,2\): error TS2322: no$"):
        run([sys.executable, "-c", script], tmp_path)


def test_a_command_that_is_not_there_is_a_build_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="No such file"):
        run([str(tmp_path / "node")], tmp_path)


def test_the_lock_has_a_hash_of_each_package_and_no_address() -> None:
    text = (FOLDER / "package-lock.json").read_text()
    packages = {name: about for name, about in orjson.loads(text)["packages"].items() if name}
    assert packages
    assert all(about["integrity"].startswith("sha512-") for about in packages.values())
    assert not any("resolved" in about for about in packages.values())


def test_each_text_is_in_both_languages() -> None:
    table = "".join(path.read_text() for path in sorted((FOLDER / "src" / "words").glob("*.ts")))
    rows = re.findall(r'^  "([\w.]+)": \[\s*"((?:[^"\\]|\\.)+)",\s*"((?:[^"\\]|\\.)+)",?\s*\]', table, re.MULTILINE)
    assert len(rows) == len(re.findall(r'^  "[\w.]+": \[', table, re.MULTILINE))
    assert [key for key, english, russian in rows if re.search("[А-я]", english) and key != "app.language"] == []
    assert [key for key, _, russian in rows if not re.search("[А-я]", russian) and key != "app.language"] == []
    assert len({key for key, _, _ in rows}) == len(rows)


def test_each_file_of_texts_joins_the_others() -> None:
    joined = (FOLDER / "src" / "words.ts").read_text()
    for path in (FOLDER / "src" / "words").glob("*.ts"):
        for name in re.findall(r"^export const (\w+)", path.read_text(), re.MULTILINE):
            assert f"  ...{name},\n" in joined, path.name
