"""Puts our search before the theme's: pages load `search.js`, which asks the theme's worker for what was meant."""

import re
from pathlib import Path

SCRIPT = Path(__file__).parent / "search.js"
WORKERS = "assets/javascripts/workers"
_WORKER = re.compile(rf"({WORKERS}/)search\.[0-9a-f]+\.min\.js")


def put_search(site: Path) -> None:
    """Rewrite a site as mkdocs has built it."""
    theme = next((site / WORKERS).glob("search.*.min.js"))
    (site / WORKERS / SCRIPT.name).write_text(f'{SCRIPT.read_text()}\nload("{theme.name}")\n')
    for page in site.rglob("*.html"):
        text, count = _WORKER.subn(rf"\g<1>{SCRIPT.name}", page.read_text())
        if count != 1:
            raise ValueError(f"{page}: the theme names {count} workers for its search, not one")
        page.write_text(text)
