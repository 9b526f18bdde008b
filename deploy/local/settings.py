"""The environment that the processes of the local stack get, and the secrets in it.

Secrets are drawn once for a data folder and kept there for its owner only: data sealed yesterday opens today.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.local.ports import HOST
from schemas.providers import BASE_URLS

SANDBOX_URLS = {base.setting: base.sandbox for base in BASE_URLS} | {"PROVIDER_CA_FILE": "ca_file"}
"""Variable of a service: key in the sandbox's sandbox.json."""

DEFAULTS = {
    "MONGO_DATABASE": "rpns",
    "KAFKA_TOPIC_PREFIX": "",
    "KAFKA_PARTITIONS": "4",
    "KAFKA_REPLICATION": "1",
    "RPNS_HOST": HOST,
    "RPNS_OPERATORS_HOST": HOST,
    "RPNS_TRUSTED_PROXIES": f"{HOST}/32",
    "RPNS_ALLOW_PRIVATE_ADDRESSES": "1",
    "RPNS_ALLOW_WEAK_SECRETS": "1",
}
"""What one machine needs; the caller's own environment comes before it."""


@dataclass(frozen=True)
class Secrets:
    master_key: str  # base64 of 32 bytes
    admin_token: str


def load_secrets(file: Path) -> Secrets:
    """The secrets in `file` (mode 600), drawn now when there is no such file."""
    if not file.exists():
        drawn = Secrets(base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_urlsafe(32))
        write_private(file, asdict(drawn))
    return Secrets(**json.loads(file.read_text()))


def write_private(file: Path, value: Mapping[str, Any]) -> None:
    """Write JSON that only the owner may read; the file is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(value, out, indent=2)
    draft.replace(file)


def environment(
    kafka_bootstrap: str, mongo_url: str, public_url: str, own: Secrets, sandbox: Mapping[str, Any]
) -> dict[str, str]:
    """What all services share. A process's own ports and its instance name are added by the stack."""
    shared = {name: os.environ.get(name) or value for name, value in DEFAULTS.items()}
    shared |= {
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "MONGO_URL": mongo_url,
        "RPNS_PUBLIC_URL": public_url,
        "RPNS_MASTER_KEY": own.master_key,
        "RPNS_ADMIN_TOKEN": own.admin_token,
        "PYTHONUNBUFFERED": "1",
    }
    return shared | sandbox_urls(sandbox)


def sandbox_urls(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """The settings by which services find the sandbox that this `sandbox.json` describes."""
    return {setting: str(sandbox[name]) for setting, name in SANDBOX_URLS.items() if name in sandbox}
