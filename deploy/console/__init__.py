"""The operators' console: TypeScript and Preact, built by Vite with the Node of a Python package.

src/pages.ts   the pages        src/words/   every text, English and Russian        src/parts/   what pages share

`python -m deploy.console` builds it into `dist`, which the gateway serves at `/console/` of the operators' address.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER / "dist"
INDEX = BUILT / "index.html"
"""There when it is built."""
