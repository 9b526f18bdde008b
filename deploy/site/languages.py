"""Parts what mkdocs makes of all pages together by their language, so that a search finds pages of the reader's own.

    search/search_index.json ─▶ search/search_index.json, of the English pages
                             └▶ ru/search/search_index.json, whose pages take ru/ for their base
    sitemap.xml ─▶ sitemap.xml, ru/sitemap.xml: without an entry

The theme's script asks for a map of each language. Entries would be whole addresses, and nobody knows at which one the
site will be served.
"""

import re
from pathlib import Path

import orjson

_INDEX = "search/search_index.json"
_RUSSIAN = "ru/"
_CONFIG = re.compile(r'(<script id="__config" type="application/json">\{.*?"base": ")\.\.(?:/(\.\.(?:/\.\.)*))?"')
_NO_ENTRY = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>\n'


def part_by_language(site: Path) -> None:
    """Rewrite a site as mkdocs has built it."""
    _part_search(site)
    for page in (site / _RUSSIAN).rglob("*.html"):
        page.write_text(_with_own_base(page))
    (site / "sitemap.xml.gz").unlink(missing_ok=True)
    for folder in (site, site / _RUSSIAN):
        (folder / "sitemap.xml").write_text(_NO_ENTRY)


def _part_search(site: Path) -> None:
    index = orjson.loads((site / _INDEX).read_bytes())
    english = [entry for entry in index["docs"] if not entry["location"].startswith(_RUSSIAN)]
    russian = [
        entry | {"location": entry["location"].removeprefix(_RUSSIAN)}
        for entry in index["docs"]
        if entry["location"].startswith(_RUSSIAN)
    ]
    known = {entry["location"] for entry in russian}  # what has no translation was left out as a repetition
    russian += [entry for entry in english if entry["location"] not in known]
    for folder, entries in ((site, english), (site / _RUSSIAN, russian)):
        path = folder / _INDEX
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(index | {"docs": entries}))


def _with_own_base(page: Path) -> str:
    """The base is what the script looks for the search below, and leads to what was found from: one folder lower."""
    text, count = _CONFIG.subn(lambda found: f'{found[1]}{found[2] or "."}"', page.read_text(), count=1)
    if count != 1:
        raise ValueError(f"{page}: the theme tells its script of no base")
    return text
