"""The documentation says what the code does: generated pages are current, and what is named exists."""

import re
from collections.abc import Iterator

import pytest

from deploy.docs import FOLDER, pages
from deploy.gateway import __main__ as gateway

ROOT = FOLDER.parent
PYTHON = ("services", "schemas", "deploy", "tests")
_CITED = re.compile(r"docs/([a-z-]+\.md)((?:`|\))?,?(?: (?:§[0-9.]+|and|to)[,;]?)*)")


def cited() -> Iterator[tuple[str, str, list[str]]]:
    """Where, which page, and which of its sections, for every page that a Python file names as its source."""
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for page, sections in _CITED.findall(path.read_text()):
                yield path.relative_to(ROOT).as_posix(), page, re.findall(r"§([0-9]+(?:\.[0-9]+)?)", sections)


@pytest.mark.parametrize("name", pages())
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run `make schemas`"


def test_every_text_of_the_page_of_topics_has_its_russian() -> None:
    english, russian = (pages()[name] for name in ("topics.md", "ru/topics.md"))
    assert [re.findall("`[^`]+`", line) for line in russian.splitlines() if line.startswith("| `")] == [
        re.findall("`[^`]+`", line) for line in english.splitlines() if line.startswith("| `")
    ]
    prose = re.sub(r"`[^`]+`|\]\([^)]+\)", "", russian)
    assert set(re.findall("[A-Za-z]+", prose)) == {"id", "AsyncAPI", "JSON", "Schema"}


def test_every_cited_section_exists() -> None:
    found = list(cited())
    assert len(found) > 50
    for where, page, sections in found:
        text = (FOLDER / page).read_text()
        for section in sections:
            assert re.search(rf"^(?:## |\*\*){re.escape(section)}[. ]", text, re.MULTILINE), (
                f"{where}: {page} §{section}"
            )


def test_the_index_of_decisions_names_each_with_its_date() -> None:
    text = (ROOT / "DECISIONS.md").read_text()
    listed = re.findall(r"^\| \[(\d+)\]\(#[\w-]+\) \| (.+) \| (\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    written = re.findall(r"^## (\d+)\. (.+)\n\n\*(\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    assert listed == written
    assert [int(number) for number, _, _ in written] == list(range(1, len(written) + 1))


def test_the_gateways_files_and_the_charts_are_what_the_table_of_routes_and_the_alerts_say() -> None:
    stale = [name for name, text in gateway.files().items() if (ROOT / name).read_text() != text]
    assert stale == [], "run `make schemas`"
