"""Draws the secrets of `deploy/compose.yaml` at the first start, into a volume; later starts find them there.

master-key, admin-token     of the services                   mongo-key      between members of the replica set
mongo-root, mongo-password  of MongoDB's users root and rpns   mongo-url      the services' way to it

Standard library only. Whoever has root on the machine, or is in its docker group, can read them.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

SERVICES, MONGO = 10001, 999
"""The users in the images."""


def drawn(password: str) -> dict[str, tuple[str, int]]:
    """By file name: content, and who may read it."""
    return {
        "master-key": (base64.b64encode(secrets.token_bytes(32)).decode(), SERVICES),
        "admin-token": (secrets.token_urlsafe(32), SERVICES),
        "mongo-root": (secrets.token_urlsafe(24), MONGO),
        "mongo-password": (password, MONGO),
        "mongo-key": (base64.b64encode(secrets.token_bytes(96)).decode(), MONGO),
        "mongo-url": (f"mongodb://rpns:{password}@mongo:27017/?replicaSet=rs0&authSource=rpns", SERVICES),
    }


def main(folder: Path) -> None:
    if (folder / "mongo-url").exists():  # the last one: all are there
        return
    for name, (content, owner) in drawn(secrets.token_urlsafe(24)).items():
        draft = folder / f".{name}"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(content)
        if os.geteuid() == 0:
            os.chown(draft, owner, owner)
        draft.replace(folder / name)
    folder.chmod(0o755)
    print("secrets drawn")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
