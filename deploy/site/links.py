"""Where a link of a page in the repository leads within the site.

to a page            its place in the site, in the language of the page that the link is on
to anything else     nowhere: source files are not in the site, so the words stay and the link goes; nor to the same
                     page in the other language, for which the site has a switch
words that are a file's name   the title of its page: the site has no files
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from deploy.site.pages import ROOT, Page, anchor, headings

_LINK = re.compile(r"(?<!!)\[(?P<words>(?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:)(?P<target>[^)\s]+)\)")
_BLOCK = re.compile(r"(^(?P<fence>```+)[^\n]*\n.*?^(?P=fence)$)", re.MULTILINE | re.DOTALL)


class Links:
    """The links of every page, English or Russian."""

    def __init__(self, pages: list[Page]) -> None:
        self._pages: Mapping[Path, Page] = {
            path: page for page in pages for path in (page.english, page.russian) if path is not None
        }

    def rewritten(self, text: str, source: Path) -> str:
        """The text of a page with links as the site has them; blocks of code stay as they are."""
        parts = _BLOCK.split(text)  # a block comes as the whole and its fence, between the parts that are none
        return "".join(
            self._in_words(part, source) if place % 3 == 0 else part
            for place, part in enumerate(parts)
            if place % 3 != 2
        )

    def _in_words(self, text: str, source: Path) -> str:
        return _LINK.sub(lambda found: self._link(found["words"], found["target"], source), text)

    def _link(self, words: str, target: str, source: Path) -> str:
        file, _, wanted = target.partition("#")
        linked = Path(os.path.normpath(source.parent / file)) if file else source
        page = self._pages.get(linked)
        own = self._pages[source].name
        if page is None or (page.name == own and linked != source):
            return words
        if words.strip("`").endswith(".md"):
            words = title(linked)
        place = "" if page.name == own else os.path.relpath(page.name, Path(own).parent)
        return f"[{words}]({place}{f'#{english_anchor(page, linked, wanted)}' if wanted else ''})"


def title(page: Path) -> str:
    """The words of its first heading."""
    return headings(page.read_text())[0][1]


def english_anchor(page: Page, linked: Path, wanted: str) -> str:
    """The anchor that a heading has in the site: that of the English one in its place, in each language."""
    if linked != page.russian:
        return wanted
    russian = [anchor(words) for _, words in headings(linked.read_text())]
    english = [anchor(words) for _, words in headings(page.english.read_text())]
    if wanted not in russian:
        raise ValueError(f"{linked.relative_to(ROOT)} has no heading for #{wanted}")
    return english[russian.index(wanted)]
