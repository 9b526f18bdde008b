"""Writes the documents that the console's types are made of: `python -m tests.support.console_documents`.

It is here because the services' applications with nothing behind them are (`tests/support/apps.py`).
"""

import base64
import sys
from pathlib import Path

from deploy.console.documents import files
from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from tests.support.apps import all_apps


def wanted() -> dict[Path, bytes]:
    """The files as the services' routes are now."""
    nobody, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    logins = Logins(nobody, secrets)
    try:
        return files({name: app.openapi() for name, app in all_apps(nobody, secrets, logins).items()})
    finally:
        logins.close()


def main() -> None:
    found = wanted()
    changed = [path for path, text in found.items() if not path.exists() or path.read_bytes() != text]
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found[path])
    sys.stdout.write(f"console: {len(found)} documents, {len(changed)} changed\n")


if __name__ == "__main__":
    main()
