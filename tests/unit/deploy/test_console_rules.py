"""What the console judges while it is typed is judged as the API does; what it draws nobody else has."""

import re
from typing import Any

import pytest

from schemas.values import LIFETIME_S
from tests.support.console_modules import SOURCE, answered

LIFETIMES = SOURCE / "pages" / "mailings" / "new" / "lifetimes.ts"
PUSH = {"channel": "PUSH", "ttl": "24", "ttlUnit": "HOURS", "at": "ttl"}
SMS = {"channel": "SMS", "ttl": "60", "ttlUnit": "MINUTES", "at": "sms-ttl", "after": "sms-state"}
VIBER = SMS | {"channel": "VIBER", "at": "viber-ttl", "after": "viber-state"}
HOUR_S = 3600


def test_lifetimes_are_as_long_as_the_api_takes_them() -> None:
    found = answered({"LIFETIME_S": LIFETIMES}, "const answer = LIFETIME_S;")
    assert found == {channel.value: list(bounds) for channel, bounds in LIFETIME_S.items()}


@pytest.mark.parametrize(
    ("links", "left_s", "wrong"),
    [
        ([PUSH, SMS], None, []),
        ([PUSH | {"ttl": ""}, SMS | {"ttl": "soon"}], None, []),
        ([PUSH | {"ttl": "25"}, SMS], None, ["ttl"]),
        ([PUSH | {"ttl": "29", "ttlUnit": "SECONDS"}, SMS], None, ["ttl"]),
        ([PUSH, SMS | {"channel": "WHATSAPP"}], None, ["sms-ttl"]),
        ([PUSH, SMS | {"channel": "FLASHINGCALL", "ttl": "6"}], None, ["sms-ttl"]),
        ([PUSH, SMS], 25 * HOUR_S, []),
        ([PUSH, SMS], 24 * HOUR_S, ["sms-state"]),
        ([PUSH | {"ttl": "1"}, VIBER, SMS], 90 * 60, ["sms-state"]),
        ([PUSH, SMS], -1, []),
    ],
    ids=[
        "all fits",
        "a default and what is no number are the platform's to judge",
        "a push that lives too long",
        "a push that lives too short",
        "another channel lives longer at least",
        "a call lives minutes",
        "the deadline is behind the push",
        "the push may take until the deadline",
        "both before it may take until the deadline",
        "a deadline that has passed is refused anyway",
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    links: list[dict[str, Any]], left_s: int | None, wrong: list[str]
) -> None:
    script = "const answer = misfits(given.links, given.leftS).map(({ at }) => at);"
    assert answered({"misfits": LIFETIMES}, script, {"links": links, "leftS": left_s}) == wrong


def test_ids_are_drawn_where_a_browser_has_no_random_uuid() -> None:
    script = """
Object.defineProperty(crypto, "randomUUID", { value: undefined });
const answer = Array.from({ length: 1000 }, uuid);
"""
    found = answered({"uuid": SOURCE / "uuid.ts"}, script)
    assert len(set(found)) == 1000
    for drawn in found:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", drawn)


def test_nothing_in_the_console_needs_https() -> None:
    """Over plain http from another machine a browser has no `randomUUID`, no `subtle` and no `clipboard`."""
    needing = re.compile(r"randomUUID\(|crypto\.subtle|serviceWorker|caches\.")
    found = [path.name for path in SOURCE.rglob("*.ts*") if needing.search(path.read_text())]
    assert found == []
