"""The backends that `docs/features/identity.md` shows make proofs that are taken."""

import re
import secrets
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from services.registry.identity.proof import VerifyingKey, verified
from tests.support.proofs import new_key

PAGE = Path(__file__).parents[3] / "docs" / "features" / "identity.md"
SHOWN = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
INSTALLATION = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def test_both_forms_are_shown() -> None:
    assert len(SHOWN) == 2


@pytest.mark.parametrize("lines", SHOWN)
def test_a_backend_of_three_lines_proves_who_is_logged_in(lines: str) -> None:
    assert len(lines.splitlines()) == 3
    pair, secret = new_key("ES256"), new_key("HS256")
    about = {"application": "app", "installation": INSTALLATION, "user": "u", "phone": "+79161234567"}
    names: dict[str, Any] = {
        "jwt": jwt,
        "time": time,
        "secrets": secrets,
        "private_key": pair,
        "secret": secret,
        **about,
    }
    exec(lines, names)
    keys = [VerifyingKey("2026", "ES256", pair.public_key())]
    if "HS256" in lines:
        keys = [VerifyingKey("2026", "HS256", secret.encode())]
    found = verified(names["proof"], keys, "app", INSTALLATION, round(time.time() * 1000))
    assert (found.external_user_id, found.phone) in (("u", None), (None, "79161234567"))
