"""What planning reads of an installation's document says the same to it as the whole document."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.runtime.installations.model import Address, Installation, Token
from services.runtime.installations.reader import Installations, from_document

WHOLE: dict[str, Any] = {
    "_id": "i-1",
    "application_id": "app",
    "platform": "ios",
    "app_version": "5.0",
    "time_zone": "Europe/Moscow",
    "last_used_at": 7,
    "proof_hash": "ab",
    "public_key": "key",
    "token": {
        "provider": "apns",
        "sealed": "sealed",
        "digest": "digest",
        "environment": "sandbox",
        "bundle": "app.bundle",
        "variant": None,
        "registered_at": 3,
        "worked": True,
        "worked_under": "credentials",
        "server_key": "web",
    },
    "owner": {"external_user_id": "user", "phone": None},
    "proof": {"signed_at": 4, "kid": "k", "digest": "d"},
    "replaces": ["i-0"],
    "primary": True,
    "push_enabled": False,
    "push_os_enabled": False,
    "subscriptions": [
        {"id": "s1", "name": "News", "value": True, "stamp": "x"},
        {"id": "s2", "name": "Offers", "value": False, "stamp": "x"},
    ],
    "live": [
        {
            "slot": "l/1",
            "stamp": "x",
            "token": {"sealed": "s", "digest": "d", "registered_at": 5, "owner": "o", "expires_at": 9},
        },
        {"slot": "l/2", "stamp": "x", "token": None},
    ],
    "stamps": {"token": "x"},
    "worked": [{"digest": "d", "stamp": "x"}],
}
BARE = {"_id": "i-2", "application_id": "app", "platform": "web", "owner": {"external_user_id": "user"}, "live": []}


class Database(dict[str, Any]):
    """Answers every question with the fields that it is asked for."""

    def __missing__(self, _: str) -> "Database":
        return self

    def find(self, _: Mapping[str, Any], fields: Mapping[str, int]) -> "Database":
        self.fields = fields
        return self

    def batch_size(self, _: int) -> "Database":
        return self

    async def to_list(self, _: int | None) -> list[Any]:
        return [projected(document, ["_id", *self.fields]) for document in (WHOLE, BARE)]


def projected(document: Any, fields: list[str]) -> Any:
    """As MongoDB includes fields: those that are there, in each entry of a list."""
    if isinstance(document, list):
        return [projected(entry, fields) for entry in document]
    if not isinstance(document, dict):
        return document
    inner: dict[str, list[str]] = {}
    for field in fields:
        name, _, rest = field.partition(".")
        inner.setdefault(name, []).extend([rest] if rest else [])
    return {
        name: projected(value, inner[name]) if inner[name] else value
        for name, value in document.items()
        if name in inner
    }


def planned_by(installation: Installation) -> Installation:
    """Without what is needed to send to it, or to believe it."""
    live = tuple(entry._replace(token=named(entry.token)) for entry in installation.live)
    token = named(installation.token) if installation.token else None
    return installation._replace(token=token, live=live, public_key=None, proof_hash="")


def named(token: Token) -> Token:
    return token._replace(sealed="", digest="", environment=None, bundle=None, variant=None)


@pytest.mark.parametrize("document", [WHOLE, BARE])
async def test_what_is_read_for_planning_says_the_same_as_the_whole_document(document: dict[str, Any]) -> None:
    address = Address("app", "user", None)
    found = await Installations(Database()).by_addresses([address])  # type: ignore[arg-type]
    assert planned_by(from_document(document)) in found[address]
