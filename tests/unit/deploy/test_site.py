"""The site of the documentation: built without a warning, it loads nothing from elsewhere, and both languages fit."""

import os
import re
from pathlib import Path

import orjson
import pytest

from deploy.site import pages as site_pages
from deploy.site.links import Links
from deploy.site.pages import (
    DOCS,
    ROOT,
    BadTranslation,
    Page,
    blocks,
    confirm,
    digest,
    headings,
    pages,
    translated_from,
)
from deploy.site.staging import BuildError, build, stage

TRANSLATED = [page for page in pages() if page.russian is not None]
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]+src=["']?https?:|<link[^>]+rel=["']?(?:stylesheet|preload|icon)[^>]+https?:"""
)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    stage(folder / "docs")
    return folder


def test_it_is_built_without_a_warning_in_both_languages_and_loads_nothing_from_elsewhere(staged: Path) -> None:
    build(staged, staged / "out")
    for page in pages():
        name = page.name.removesuffix(".md") + ".html"
        english, russian = ((staged / "out" / place / name).read_text() for place in ("", "ru"))
        assert 'lang="en"' in english
        assert 'lang="ru"' in russian
        for text in (english, russian):
            assert not _LOADED.search(text), name
            assert 'class="mermaid"' not in text, f"{name}: its script would come from elsewhere"
            assert ".md</" not in re.sub(r"<code>.*?</code>|<pre>.*?</pre>", "", text, flags=re.DOTALL), (
                f"{name}: a file"
            )
            assert "сверен с её текстом" not in text, f"{name}: for authors alone"
    for folder, words in (
        ("", "pushes are switched off in the operating system"),
        ("ru", "пуши отключены в операционной"),
        ("ru", "Every setting"),
    ):
        found = orjson.loads((staged / "out" / folder / "search" / "search_index.json").read_bytes())
        assert found["config"]["lang"] == ["en", "ru"]
        assert any(words in entry["text"] for entry in found["docs"]), words
        for entry in found["docs"]:
            assert (staged / "out" / folder / entry["location"].partition("#")[0]).exists(), entry["location"]
            assert not entry["location"].startswith("ru/")
        boosts = {entry["location"]: entry.get("boost", 1) for entry in found["docs"]}
        assert boosts["decisions.html"] < boosts["partner-api.html"]


def test_its_script_finds_the_search_and_the_map_of_the_language_at_the_base_that_a_page_names(staged: Path) -> None:
    if not (staged / "out").exists():
        build(staged, staged / "out")
    for page in ("index.html", "features/push.html", "ru/index.html", "ru/features/push.html"):
        path = staged / "out" / page
        found = re.search(r'<script id="__config"[^>]*>(.*?)</script>', path.read_text())
        assert found is not None
        base = (path.parent / orjson.loads(found[1])["base"]).resolve()
        assert base == (staged / "out" / ("ru" if page.startswith("ru/") else "")).resolve()
        assert (base / "search" / "search_index.json").exists()
        assert "<loc>" not in (base / "sitemap.xml").read_text(), "nobody knows the address of the site"


def test_the_first_page_leads_each_reader_to_a_page_in_both_languages(staged: Path) -> None:
    for language in ("en", "ru"):
        text = (staged / "docs" / language / "index.md").read_text()
        asked = re.findall(r"^- \*\*[^*]+\*\*", text, re.MULTILINE)
        readers = re.findall(r"^- \*\*[^*]+\*\*(?:.(?!^- ))*?\]\(([a-z/-]+\.md)", text, re.MULTILINE | re.DOTALL)
        assert readers == [
            "partner-api.md",
            "device-api.md",
            "features/operators.md",
            "features/mailings.md",
            "features/operators.md",
            "platform.md",
            "features/statistics.md",
        ]
        assert len(asked) == len(readers)


def test_a_drawing_keeps_its_lines_and_other_code_is_wrapped(staged: Path) -> None:
    text = (staged / "docs" / "en" / "platform.md").read_text()
    assert "``` { .text .drawing }\npartner ──POST──▶" in text
    assert text.count("{ .text .drawing }") == 1


def test_a_link_that_leads_nowhere_is_an_error(staged: Path) -> None:
    page = staged / "docs" / "en" / "glossary.md"
    text = page.read_text()
    try:
        page.write_text(text + "\n[nowhere](nowhere.md)\n")
        with pytest.raises(BuildError, match=r"nowhere\.md"):
            build(staged, staged / "broken")
    finally:
        page.write_text(text)


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "deploy" / "site" / "mkdocs.yml").read_text().partition("\nnav:")[2]
    assert [page.name for page in pages() if not re.search(rf"[ ]{re.escape(page.name)}$", menu, re.MULTILINE)] == []


def test_links_lead_to_pages_of_the_site_and_those_to_source_files_become_words() -> None:
    links = Links(pages())
    readme, push = ROOT / "README.md", DOCS / "features" / "push.md"
    assert links.rewritten("[a](docs/design.md#x) `b`", readme) == "[a](design.md#x) `b`"
    assert links.rewritten("[`s.py`](schemas/__init__.py), [web](https://example.org)", readme) == (
        "`s.py`, [web](https://example.org)"
    )
    assert links.rewritten("[a](../../README.md) [b](#top) [c](README.md)", push) == (
        "[a](../platform.md) [b](#top) [c](index.md)"
    )
    assert links.rewritten("[docs/design.md](docs/design.md), [`design.md`](docs/design.md#x)", readme) == (
        "[The design](design.md), [The design](design.md#x)"
    )
    assert links.rewritten("[design.md](design.md)", DOCS / "ru" / "README.md") == "[Устройство платформы](design.md)"
    assert links.rewritten("```\n[a](docs/design.md)\n```", readme) == "```\n[a](docs/design.md)\n```"


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_a_translation_has_the_blocks_of_code_and_the_headings_of_its_page(page: Page) -> None:
    assert page.russian is not None
    english, russian = page.english.read_text(), page.russian.read_text()
    assert blocks(russian) == blocks(english)
    assert [level for level, _ in headings(russian)] == [level for level, _ in headings(english)]
    assert re.fullmatch("[0-9a-f]{12}", translated_from(page.russian))
    for block in blocks(russian):
        russian = russian.replace(block, "")
    plain = re.sub(r"`[^`\n]*`|https?:\S+", "", russian)
    assert len(re.findall("[А-яЁё]", plain)) > len(re.findall("[A-Za-z]", plain))


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_a_translation_links_to_translations_where_there_are_any(page: Page) -> None:
    assert page.russian is not None
    text = page.russian.read_text()
    for block in blocks(text):
        text = text.replace(block, "")
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    linked = [Path(os.path.normpath(page.russian.parent / target)) for target in targets]
    assert [path for path in linked if not path.exists()] == []
    own = {page.english}  # the original, where a translation names it
    translated = {other.english for other in TRANSLATED} - own
    assert [path for path in linked if path in translated] == []


def test_nothing_is_translated_that_is_no_page() -> None:
    assert set((DOCS / "ru").rglob("*.md")) == {page.russian for page in TRANSLATED}


def test_a_translation_is_behind_when_its_page_has_changed_until_somebody_has_compared_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "ROOT", tmp_path)
    english, russian = tmp_path / "a.md", tmp_path / "ru.md"
    english.write_text("# A\n")
    line = f"<!-- Перевод страницы a.md, сверен с её текстом {digest(english)} -->"
    russian.write_text(f"# А\n\n{line}\n")
    page = Page("a.md", english, russian)
    seen = [page.is_behind]
    english.write_text("# B\n")
    seen.append(page.is_behind)
    confirm(page)
    assert [*seen, page.is_behind] == [False, True, False]
    russian.write_text("# А\n")
    with pytest.raises(BadTranslation, match=r"^ru\.md: no line says"):
        confirm(page)
