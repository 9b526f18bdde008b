"""The pages as mkdocs reads them, a folder for each language, and the build of the site from them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from deploy.site.languages import part_by_language
from deploy.site.links import Links
from deploy.site.pages import BLOCK, DOCS, OF_TEXT, BadTranslation, Page, anchor, headings, pages
from deploy.site.search import put_search

CONFIG = Path(__file__).parent / "mkdocs.yml"
STYLE = Path(__file__).parent / "site.css"
FOUND_LAST = ("decisions.md", "changelog.md", "contributing.md")
"""They name everything that there is, and would stand before the page that explains it."""
FOUND_LATER = (
    *("kafka-access.md", "metrics.md", "operators-api.md", "settings.md", "topics.md"),
    *("design.md", "failures.md", "performance.md", "providers.md", "reliability.md", "sandbox.md"),
)
"""Lists, and pages of how it works inside: they stand behind a page that says what to do."""
_DRAWN = re.compile("[─│┐└▶▼]")
_ENGLISH_ALONE = '!!! note "Страница пока только на английском"\n\n'
_BEHIND = '!!! warning "Английский текст этой страницы изменился после перевода: при расхождении верен он"\n\n'
_TITLE = re.compile(r"\A(# .+\n)\n?")


class BuildError(Exception):
    """What mkdocs found wrong, as it says it."""


def stage(folder: Path) -> None:
    """Write every page, in each language, below `folder`. Raises BadTranslation."""
    known = pages()
    links = Links(known)
    for language in ("en", "ru"):
        for file in (STYLE, *DOCS.glob("*.svg")):
            _write(folder / language / file.name, file.read_text())
    for page in known:
        head = _searched(page.name)
        _write(folder / "en" / page.name, head + _kept_drawn(links.rewritten(page.english.read_text(), page.english)))
        _write(folder / "ru" / page.name, head + _kept_drawn(_russian(page, links)))


def _searched(name: str) -> str:
    """How much a page counts in the search, as the theme reads it."""
    boost = 0.01 if name in FOUND_LAST else 0.5 if name in FOUND_LATER else 1
    return f"---\nsearch:\n  boost: {boost}\n---\n" if boost != 1 else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _russian(page: Page, links: Links) -> str:
    """The translation, or the English text with a note that there is none."""
    if page.russian is None:
        text = links.rewritten(page.english.read_text(), page.english)
        return _noted(_TITLE.sub(f"# {_russian_title(page.name)}\n\n", text, count=1), _ENGLISH_ALONE)
    text = _with_anchors(page, OF_TEXT.sub("", page.russian.read_text(), count=1))
    text = links.rewritten(text, page.russian)
    return _noted(text, _BEHIND) if page.is_behind else text


def _russian_title(name: str) -> str:
    """What the menu calls a page that is not translated, and so the search too."""
    config = CONFIG.read_text()
    english = re.search(rf"^ +- (.+): {re.escape(name)}$", config, re.MULTILINE)
    russian = english and re.search(rf"^ +{re.escape(english[1])}: (.*[а-я].*)$", config, re.MULTILINE)
    if not russian:
        raise BadTranslation(f"{name}: the menu has no Russian words for it")
    return russian[1]


def _kept_drawn(text: str) -> str:
    """Long lines of code are wrapped in the site, where a drawing would fall apart: mark those that are one."""

    def marked(found: re.Match[str]) -> str:
        fence = found["fence"]
        is_drawing = found[0].startswith(f"{fence}\n") and _DRAWN.search(found[0])
        return found[0].replace(f"{fence}\n", f"{fence} {{ .text .drawing }}\n", 1) if is_drawing else found[0]

    return BLOCK.sub(marked, text)


def _noted(text: str, note: str) -> str:
    """Below the title."""
    return _TITLE.sub(lambda title: f"{title[1]}\n{note}", text, count=1)


def _with_anchors(page: Page, text: str) -> str:
    """Give each heading the anchor of the English one, so that links from pages in either language find it."""
    english = [anchor(words) for _, words in headings(page.english.read_text())]
    for (level, words), name in zip(headings(text), english, strict=True):
        line = f"{'#' * level} {words}\n"
        text = text.replace(f"\n{line}", f"\n{line.rstrip()} {{ #{name} }}\n", 1)
    return text


def build(staged: Path, site: Path) -> None:
    """Make the site; a warning is an error. Raises BuildError."""
    config = staged / "mkdocs.yml"
    config.write_text(CONFIG.read_text())
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # an advertisement, for whoever runs mkdocs
    done = subprocess.run(command, cwd=staged, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        wrong = [line for line in done.stderr.splitlines() if line.startswith(("WARNING", "ERROR"))]
        raise BuildError("\n".join(wrong) or done.stderr)
    part_by_language(site)
    put_search(site)
