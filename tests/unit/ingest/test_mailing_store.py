"""What only a newer release can change is left to it, and the erasure of a person is not taken for done."""

import base64
from typing import Any

import pytest

from schemas.codec import Newer
from services.ingest.mailing.rules.redaction import People
from services.ingest.mailing.store import Mailings
from services.runtime.crypto.master_key import Secrets
from tests.support.broken_database import BrokenDatabase

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


def stored(**about: Any) -> dict[str, Any]:
    definition = SECRETS.seal(b'{"message": {"text": "for lodger"}}', b"mailing")
    known = {"partner_id": "demo", "ref": None, "name": "autumn", "created_at": 1, "rate_per_s": 10, "revision": 1}
    rules = {"on_bad_lines": "refuse", "is_segment": False, "state": "running"}
    return {"_id": "m", "definition": definition, **known, **rules, **about}


@pytest.mark.parametrize("strange", [{"state": "archived"}, {"on_bad_lines": "guess"}])
async def test_somebody_whom_a_mailing_of_a_newer_release_names_is_not_taken_for_forgotten(
    strange: dict[str, str],
) -> None:
    mailings = Mailings(BrokenDatabase(AssertionError("it was changed"), stored(**strange)), SECRETS)  # type: ignore[arg-type]
    with pytest.raises(Newer):
        await mailings.erase_texts(None, People(frozenset({"lodger"}), frozenset()))
    assert await mailings.erase_texts(None, People(frozenset({"neighbour"}), frozenset())) == 0
