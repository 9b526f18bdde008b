"""The search of the site finds what readers look for: the built pages, asked by the script that a browser runs."""

import subprocess
from pathlib import Path

import orjson
import pytest

from deploy.console.build import BuildError, node
from deploy.site.staging import build, stage
from tests.support.site_searches import ENGLISH, RUSSIAN

SEARCH = Path(__file__).parents[2] / "support" / "site_search.mjs"
FIRST = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    stage(folder / "docs")
    build(folder, folder / "site")
    return folder / "site"


def found(folder: Path, typed: list[str]) -> list[list[str]]:
    """The pages that each finds, best first, by their names in the site."""
    try:
        program = str(node()[0])
    except BuildError as error:
        pytest.skip(str(error))
    command = [program, str(SEARCH), str(folder)]
    done = subprocess.run(command, input=orjson.dumps(typed), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [[page.removesuffix(".html") for page in pages] for pages in orjson.loads(done.stdout)]


@pytest.mark.parametrize(("language", "searches"), [("", ENGLISH), ("ru", RUSSIAN)], ids=["english", "russian"])
def test_the_page_that_answers_is_among_the_first_three(site: Path, language: str, searches: dict[str, str]) -> None:
    missed = {
        typed: pages[: FIRST + 2]
        for (typed, wanted), pages in zip(searches.items(), found(site / language, list(searches)), strict=True)
        if not set(pages[:FIRST]) & set(wanted.split())
    }
    assert missed == {}


def test_every_page_is_found_first_by_its_title(site: Path) -> None:
    for language in ("", "ru"):
        index = orjson.loads((site / language / "search" / "search_index.json").read_bytes())["docs"]
        titles = {
            entry["title"]: entry["location"].removesuffix(".html") for entry in index if "#" not in entry["location"]
        }
        shown = found(site / language, list(titles))
        assert {
            title: pages[:1] for title, pages in zip(titles, shown, strict=True) if pages[:1] != [titles[title]]
        } == {}


def test_a_page_takes_one_place_and_the_forms_of_a_word_find_the_same(site: Path) -> None:
    for pages in found(site / "ru", ["подписи отчётов", "рассылка", "ключ"]):
        assert len(pages) == len(set(pages))
    assert (
        len({pages[0] for pages in found(site / "ru", ["удаление данных", "удаления данных", "удалению данных"])}) == 1
    )
    with_dots, without = found(site / "ru", ["отчёт подпись", "отчет подпись"])
    assert with_dots == without


def test_what_says_nothing_or_is_written_for_the_search_harms_nothing(site: Path) -> None:
    typed = ["", "?!", "qwertz", "how to", "key: (a+b) ^~*", "errorCode: 28", "--dry-run", '"web push"']
    *nothing, fillers, punctuation, code, option, required = found(site, typed)
    assert nothing == [[], [], []]
    assert fillers
    assert punctuation
    assert option
    assert (code[0], required[0]) == ("reasons", "features/web-push")
