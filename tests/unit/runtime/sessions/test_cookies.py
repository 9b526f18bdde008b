"""The session's cookie, and whose requests it is taken from."""

from typing import Any

import pytest

from services.runtime.access.callers import networks
from services.runtime.access.sessions.cookies import cookie_of, is_https, set_cookie
from services.runtime.access.sessions.same_site import HEADER, is_of_console

PROXY = networks("192.0.2.0/24")


def scope(client: str = "198.51.100.7", scheme: str = "http", **headers: str) -> dict[str, Any]:
    """A request; names of headers with `_` for `-`."""
    lines = [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "client": (client, 1), "scheme": scheme, "headers": lines}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (scope(), False),
        (scope(scheme="https"), True),
        (scope(x_forwarded_proto="https"), False),
        (scope("192.0.2.1", x_forwarded_proto="https"), True),
        (scope("192.0.2.1", x_forwarded_proto="http, https"), True),
        (scope("192.0.2.1", x_forwarded_proto="https, http"), False),
        (scope(origin="https://ops.example", host="ops.example"), True),
        (scope(origin="https://elsewhere.example", host="ops.example"), False),
        (scope(origin="http://ops.example", host="ops.example"), False),
    ],
)
def test_https_is_what_came_so_or_is_believed_to(asked: dict[str, Any], expected: bool) -> None:
    assert is_https(asked, PROXY) is expected


def test_no_page_of_a_neighbouring_name_can_put_its_own_cookie_in_the_place_of_ours() -> None:
    both = scope(cookie="rpns-session=theirs; other=1; __Host-rpns-session=ours")
    assert cookie_of(both, https=True) == cookie_of(both, https=False) == "ours"
    theirs = scope(cookie="rpns-session=theirs")
    assert cookie_of(theirs, https=True) is None
    assert cookie_of(theirs, https=False) == "theirs"


@pytest.mark.parametrize(
    "text", ["", "rpns-session", "rpns-session=", "rpns-session=" + "x" * 2000, "x=rpns-session=1"]
)
def test_what_is_no_cookie_of_ours_is_none(text: str) -> None:
    assert cookie_of(scope(cookie=text), https=False) is None


def test_a_cookie_has_what_keeps_it_from_scripts_and_other_sites() -> None:
    assert set_cookie("v", https=False) == "rpns-session=v; Path=/; HttpOnly; SameSite=Strict"
    assert set_cookie("v", https=True) == "__Host-rpns-session=v; Path=/; HttpOnly; SameSite=Strict; Secure"
    assert set_cookie("", https=True, max_age_s=0).endswith("; Secure; Max-Age=0")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "https://ops.example", "host": "registry:8081"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "http://ops.example:8081", "host": "OPS.example:8081"}, True),
        ({"origin": "http://ops.example", "host": "ops.example:8081"}, False),
        ({"origin": "http://[", "host": "ops.example"}, False),
        ({"origin": "null", "host": ""}, False),
    ],
)
def test_only_the_consoles_own_page_asks(headers: dict[str, str], expected: bool) -> None:
    assert is_of_console(scope(**{HEADER: "1"}, **headers)) is expected
    assert not is_of_console(scope(**headers))
