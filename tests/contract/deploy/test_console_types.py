"""The console is built against the documents of the API: a page that reads or sends what they lack is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, node, run

MODULES = FOLDER / "node_modules"
NO_PACKAGES = "the console's packages are not here: python -m deploy.console"
pytestmark = pytest.mark.skipif(not (MODULES / "openapi-typescript").exists(), reason=NO_PACKAGES)
Json = dict[str, Any]


def checked(folder: Path, service: str, change: Callable[[Json], object] = lambda _: None) -> None:
    """Check a copy of the console with a document that is changed. Raises BuildError."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.py", "__pycache__"))
    (folder / "node_modules").symlink_to(MODULES)
    path = folder / "openapi" / f"{service}.json"
    document = orjson.loads(path.read_bytes())
    change(document)
    path.write_bytes(orjson.dumps(document))
    run([*(str(part) for part in node()), "run", "check"], folder)


def fields(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]["properties"]
    return found


def test_the_pages_keep_to_the_documents_as_they_are(tmp_path: Path) -> None:
    checked(tmp_path / "console", "status")


def test_a_page_that_reads_a_field_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"support-trace\.tsx.*'traceDropped' does not exist"):
        checked(tmp_path / "console", "status", lambda found: fields(found, "MessageView").pop("traceDropped"))


def test_a_page_that_sends_what_is_not_taken_is_refused(tmp_path: Path) -> None:
    def with_another_name(document: Json) -> None:
        properties = fields(document, "StopBody")
        properties["why"] = properties.pop("reason")

    with pytest.raises(BuildError, match=r"stops\.tsx.*'reason' does not exist"):
        checked(tmp_path / "console", "registry", with_another_name)


def test_a_page_that_asks_at_a_path_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"pages/audit-look\.tsx.*'never'"):
        checked(tmp_path / "console", "registry", lambda found: found["paths"].pop("/v1/audit"))
