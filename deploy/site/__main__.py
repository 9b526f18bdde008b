"""`python -m deploy.site`: make the site in dist/site, or look after the translations.

python -m deploy.site                    make the site
python -m deploy.site serve              serve it, as it was made last, until Ctrl-C
python -m deploy.site behind             which translations are older than their pages
python -m deploy.site confirm PAGE …     note that a translation was compared with its page, say partner-api.md
"""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from deploy.site.pages import ROOT, BadTranslation, confirm, pages
from deploy.site.serving import address, server
from deploy.site.staging import BuildError, build, stage

SITE = ROOT / "dist" / "site"


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        match arguments:
            case []:
                with tempfile.TemporaryDirectory() as folder:
                    stage(Path(folder) / "docs")
                    build(Path(folder), SITE)
                print(f"the site: {SITE.relative_to(ROOT)}/index.html; to search in it: make site SERVE=1")
            case ["serve"]:
                with server(SITE) as listening, suppress(KeyboardInterrupt):
                    print(f"the site, with its search: {address(listening)}. Ctrl-C ends.", flush=True)
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
    except (BadTranslation, BuildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
