"""`python -m deploy.site`: make the site in dist/site, or look after the translations.

python -m deploy.site                    make the site
python -m deploy.site serve [PORT]       make the site and serve it until Ctrl-C
python -m deploy.site behind             which translations are older than their pages
python -m deploy.site confirm PAGE …     note that a translation was compared with its page, say partner-api.md
"""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from deploy.site.pages import ROOT, BadTranslation, confirm, pages
from deploy.site.serving import ServingError, hint, port_of, server
from deploy.site.staging import BuildError, build, stage

SITE = ROOT / "dist" / "site"


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        match arguments:
            case []:
                make()
                print(f"the site: {SITE.relative_to(ROOT)}/index.html; `make site SERVE=1` serves it, with its search")
            case ["serve", *asked] if len(asked) < 2:
                port = port_of(asked[0]) if asked else None
                with server(SITE, port) as listening, suppress(KeyboardInterrupt):
                    make()
                    print(hint(listening, port), flush=True)
                    listening.serve_forever()
            case ["behind"]:
                for page in pages():
                    if page.russian is not None and page.is_behind:
                        print(page.name)
            case ["confirm", *names] if names:
                known = {page.name: page for page in pages()}
                for name in names:
                    if name not in known:
                        raise BadTranslation(f"there is no page {name}")
                    confirm(known[name])
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (BadTranslation, BuildError, ServingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def make() -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder) / "docs")
        build(Path(folder), SITE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
