"""The operators' console: TypeScript and Preact, built by Vite with the Node of a Python package.

src/pages.ts   the pages        src/words/   every text, English and Russian        src/parts/   what pages share

documents.py   the shape of the API, in openapi/, of which the build makes types: pages call by src/documents.ts

`python -m deploy.console` builds it into the package of the services, which serve it at `/console/` of the operators'
listener (services/runtime/pages/console.py).
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER.parents[1] / "services/runtime/pages/dist"
INDEX = BUILT / "index.html"
"""There when it is built."""
