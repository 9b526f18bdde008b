"""The pages of the site: from which file each is made, its translation, and of which text that is one.

A translation is in `docs/ru/`, by the name of its page's file, and says in a comment below its title which text it was
made from: the beginning of that text's SHA-256. When the page changes its translation is behind until both were
compared.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUSSIAN = DOCS / "ru"
FIRST = "start.md"
"""The page of docs/ that the site begins with: it asks who reads. The repository begins with README.md."""
AT_THE_ROOT = {
    "README.md": "platform.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "DECISIONS.md": "decisions.md",
    "SECURITY.md": "security.md",
}
"""Pages outside docs/, by their names in the site."""
OF_TEXT = re.compile(r"^<!-- Перевод .+, сверен с её текстом ([0-9a-f]{12}) -->$", re.MULTILINE)
_GENERATED = re.compile(r"\A# .+\n\nСтраницу создаёт `make schemas` из ")
BLOCK = re.compile(r"^(?P<fence>```+)[^\n]*\n.*?^(?P=fence)$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.+\n)+")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


class BadTranslation(Exception):
    """One line for a person: which translation, and what is wrong with it."""


@dataclass(frozen=True)
class Page:
    """`name` is its place in the site; `english` and `russian` are files; None: not translated."""

    name: str
    english: Path
    russian: Path | None

    @property
    def is_behind(self) -> bool:
        """Whether the English text has changed since it was translated. Raises BadTranslation."""
        return self.russian is not None and translated_from(self.russian) != digest(self.english)


def pages() -> list[Page]:
    """Every page, by its name."""
    files = {name: ROOT / file for file, name in AT_THE_ROOT.items()}
    for path in DOCS.rglob("*.md"):
        if not path.is_relative_to(RUSSIAN):
            place = path.relative_to(DOCS)
            is_first = place.name == "README.md" or place == Path(FIRST)
            files[(place.with_name("index.md") if is_first else place).as_posix()] = path
    return [Page(name, path, _translation(path, name)) for name, path in sorted(files.items())]


def _translation(english: Path, name: str) -> Path | None:
    """The files of docs/ and README.md keep their names; the others of the root have those of the site."""
    if english.is_relative_to(DOCS):
        path = RUSSIAN / english.relative_to(DOCS)
    else:
        path = RUSSIAN / (english.name if english.name == "README.md" else name)
    return path if path.exists() else None


def digest(path: Path) -> str:
    """What a translation names a text by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def translated_from(path: Path) -> str:
    """The digest of the text that it translates; a page that is generated is never behind. Raises BadTranslation."""
    text = path.read_text()
    if _GENERATED.search(text):
        return digest(_english_of(path))
    found = OF_TEXT.search(text)
    if found is None:
        raise BadTranslation(f"{path.relative_to(ROOT)}: no line says which text it translates")
    return found[1]


def confirm(page: Page) -> None:
    """Note that the translation was compared with the English text as it is now. Raises BadTranslation."""
    if page.russian is None:
        raise BadTranslation(f"{page.name} has no translation")
    old = translated_from(page.russian)
    text = page.russian.read_text()
    page.russian.write_text(text.replace(f"с её текстом {old} -->", f"с её текстом {digest(page.english)} -->", 1))


def _english_of(russian: Path) -> Path:
    return next(page.english for page in pages() if page.russian == russian)


def blocks(text: str) -> list[str]:
    """The blocks of code of a page, whole, fenced or indented."""
    return [found[0] for found in BLOCK.finditer(text)] + _INDENTED.findall(BLOCK.sub("", text))


def headings(text: str) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    return [(len(marks), words) for marks, words in _HEADING.findall(BLOCK.sub("", text))]


def anchor(heading: str) -> str:
    """As GitHub makes it of a heading, and mkdocs as it is set here."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
