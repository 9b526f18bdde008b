"""What dispatch reads of an installation is what the whole document says, and nothing else of it is asked for."""

from typing import Any

import pytest

from services.runtime.installations.model import Installation
from services.runtime.installations.reader import Installations, from_document

TOKEN = {
    "provider": "apns",
    "sealed": "s",
    "digest": "d",
    "environment": "sandbox",
    "bundle": "b",
    "variant": None,
    "registered_at": 7,
    "worked": True,
    "worked_under": "w",
    "server_key": "k",
}
LIVE = {"sealed": "t", "digest": "e", "registered_at": 8, "owner": "o", "expires_at": 9}
WHOLE: dict[str, Any] = {
    "_id": "i-1",
    "application_id": "app",
    "platform": "ios",
    "app_version": "5.0",
    "time_zone": "Europe/Moscow",
    "last_used_at": 5,
    "token": TOKEN,
    "owner": {"external_user_id": "u", "phone": "7"},
    "proof": {"signed_at": 1},
    "replaces": ["i-0"],
    "primary": True,
    "push_enabled": False,
    "subscriptions": [{"id": "news", "name": "News", "value": True}],
    "public_key": "p",
    "live": [{"slot": "a", "token": LIVE}, {"slot": "b", "token": None}],
}
BARE = {"_id": "i-1", "application_id": "app", "platform": "web"}


class Collection:
    """Gives what the projection asks for, of the one document there is."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def find(self, query: object, projection: dict[str, int]) -> "Collection":
        kept = {name: value for name, value in self._document.items() if name in projection or name == "_id"}
        return Collection(kept)

    async def to_list(self, length: None) -> list[dict[str, Any]]:
        return [self._document]


def seen_by_dispatch(installation: Installation) -> tuple[object, ...]:
    return (
        installation.installation_id,
        installation.application_id,
        installation.platform,
        installation.token,
        installation.external_user_id,
        installation.phone,
        installation.public_key,
        installation.live,
        installation.is_proved,
    )


@pytest.mark.parametrize("document", [WHOLE, BARE, {**WHOLE, "token": None, "owner": None, "live": None}])
async def test_what_is_read_to_push_is_what_the_document_says(document: dict[str, Any]) -> None:
    reader = Installations.__new__(Installations)
    reader._installations = Collection(document)  # type: ignore[assignment]
    found = (await reader.to_push(["i-1"]))["i-1"]
    assert seen_by_dispatch(found) == seen_by_dispatch(from_document(document))
    assert (found.subscriptions, found.app_version, found.replaces) == (frozenset(), "", ())
