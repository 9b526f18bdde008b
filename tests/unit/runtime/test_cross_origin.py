"""Pages of other origins at the device API: which origins an application can allow, and what a browser is told."""

import base64
import re
from typing import Any

import httpx
import pytest

from schemas import codec, ids
from schemas.application_events import ApplicationChanged
from services.runtime.access.logins import Logins
from services.runtime.cross_origin import CrossOrigin, allowed_origin
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import PublicListener
from services.runtime.openapi.document import operations
from tests.support.apps import all_apps

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
BANK, SHOP, STRANGER = "https://bank.example", "https://shop.example", "https://stranger.example"
WEB_PUSH = "/sdk/api/v1/web-push"
ASKS = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type"}
ALLOW = "access-control-allow-origin"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://bank.example", "https://bank.example"),
        ("HTTPS://Bank.Example:443", "https://bank.example"),
        ("https://bank.example:8443", "https://bank.example:8443"),
        ("https://bank.example:08443", "https://bank.example:8443"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://банк.рф", "https://xn--80ab2al.xn--p1ai"),
        ("https://straße.example:444", "https://xn--strae-oqa.example:444"),
        ("https://xn--80ab2al.xn--p1ai", "https://xn--80ab2al.xn--p1ai"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(text: str, origin: str) -> None:
    assert allowed_origin(text) == origin
    assert allowed_origin(origin) == origin


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must be https://host"),
        ("null", "must be https://host"),
        ("*", "must be exact"),
        ("https://*.bank.example", "must be exact"),
        ("bank.example", "must be https://host"),
        ("//bank.example", "must be https://host"),
        ("https://bank.example/", "without a path"),
        ("https://bank.example/app", "without a path"),
        ("https://bank.example?x", "without a path"),
        ("https://bank.example#x", "without a path"),
        ("https://bank.example\\x", "without a path"),
        ("https://me@bank.example", "a login"),
        ("https://me:you@bank.example", "a login"),
        ("https://bank.example:", "without a path"),
        ("https://bank.example:0", "with a host"),
        ("https://bank.example:65536", "with a host"),
        ("https://bank.example, https://shop.example", "without a path"),
        ("https://bank.example https://shop.example", "without a path"),
        ("https://bank.example\r\nx-header:y", "without a path"),
        ("https://bank\u200b.example", "invisible"),
        ("https://bank.example.", "without a dot"),
        ("https://bank..example", "with a host"),
        ("http://bank.example", "http only of localhost"),
        ("http://localhost.bank.example", "http only of localhost"),
        ("ftp://bank.example", "must be https://host"),
        ("file://", "must be https://host"),
        ("capacitor://localhost", "must be https://host"),
        ("https://2130706433", "IPv4 address as four numbers"),
        ("https://0x7f.0x1", "IPv4 address as four numbers"),
        ("https://127.1", "IPv4 address as four numbers"),
        (f"https://{'a' * 64}.example", "with a host"),
    ],
)
def test_what_is_no_exact_origin_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=re.escape(rule)):
        allowed_origin(text)


def application(name: str, *origins: str, enabled: bool = True) -> ApplicationChanged:
    return ApplicationChanged(
        event_id=ids.uuid7(),
        at=1,
        application_id=name,
        name=name,
        api_key_digests=(SECRETS.digest(f"key-of-{name}", "api-key"),),
        allowed_origins=origins,
        enabled=enabled,
    )


class Here:
    """All services as browsers reach them, two sites among their applications."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.know(application("bank", BANK))
        self.know(application("shop", SHOP, "https://both.example"))
        logins = Logins(self.directory, SECRETS)
        self.apps = all_apps(self.directory, SECRETS, logins)
        logins.close()

    def know(self, event: ApplicationChanged) -> None:
        self.directory.apply(event.entity_key, codec.encode(event))

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | list[tuple[str, str]], service: str = "registry"
    ) -> httpx.Response:
        around = CrossOrigin(PublicListener(self.apps[service]), self.directory)
        transport = httpx.ASGITransport(app=around, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="https://push.example") as client:
            return await client.request(method, path, headers=headers)

    async def preflight(self, origin: str, path: str = WEB_PUSH, service: str = "registry") -> httpx.Response:
        return await self.ask("OPTIONS", path, {"Origin": origin} | ASKS, service)

    async def from_page(self, origin: str, key: str) -> httpx.Response:
        """A call that is answered without a database: 404, the application has no credentials of `web`."""
        return await self.ask("GET", WEB_PUSH, {"Origin": origin, "X-Api-Key": key})


@pytest.fixture(scope="module")
def here() -> Here:
    return Here()


@pytest.fixture
def changing() -> Here:
    """One of its own, for who changes it."""
    return Here()


@pytest.mark.parametrize("service", ["registry", "status"])
async def test_every_device_route_answers_the_preflight_and_no_other_route_does(here: Here, service: str) -> None:
    paths = {re.sub(r"{\w+}", "x", path) for path, _, _ in operations(here.apps[service].openapi())}
    devices = {path for path in paths if path.startswith("/sdk/")}
    assert len(devices) >= 4
    assert len(paths - devices) >= 4
    for path in paths:
        answer = await here.preflight(BANK, path, service)
        if path in devices:
            assert (answer.status_code, answer.headers[ALLOW], answer.content) == (204, BANK, b""), path
        else:
            assert answer.status_code >= 400, path
            assert not [name for name in answer.headers if name.startswith("access-control")], path


async def test_a_preflight_says_what_a_page_may_send_and_never_that_cookies_go_along(here: Here) -> None:
    answer = await here.preflight(BANK)
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE"
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type, X-Api-Key"
    assert answer.headers["access-control-max-age"] == "600"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "", "*", "https://BANK.example", f"{BANK}/", f"{BANK}.evil.example"]
)
async def test_an_origin_of_no_application_is_refused_and_not_repeated(here: Here, origin: str) -> None:
    answer = await here.preflight(origin)
    assert answer.status_code == 403
    assert answer.json()["type"] == "origin-not-allowed"
    assert answer.headers["vary"] == "Origin"
    assert ALLOW not in answer.headers
    assert not origin or origin == "*" or origin not in answer.text


async def test_a_refusal_depends_on_the_origin_in_every_language(here: Here) -> None:
    answer = await here.ask("OPTIONS", WEB_PUSH, {"Origin": STRANGER, "Accept-Language": "ru"} | ASKS)
    assert (answer.status_code, answer.headers["vary"], answer.headers["content-language"]) == (403, "Origin", "ru")


async def test_two_origins_are_none(here: Here) -> None:
    headers = [("Origin", BANK), ("Origin", BANK), *ASKS.items()]
    assert (await here.ask("OPTIONS", WEB_PUSH, headers)).status_code == 403


async def test_a_page_reads_the_answer_to_its_own_application(here: Here) -> None:
    answer = await here.from_page(BANK, "key-of-bank")
    assert answer.json()["title"] == "No Web Push credentials"
    assert (answer.headers[ALLOW], answer.headers["vary"]) == (BANK, "Origin")
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [SHOP, STRANGER, "null", "file://", "capacitor://localhost", "https://push.example", ""]
)
async def test_who_is_not_on_the_applications_list_is_answered_as_ever_and_no_page_can_read_it(
    here: Here, origin: str
) -> None:
    answer = await here.from_page(origin, "key-of-bank")
    assert (answer.status_code, answer.json()["title"]) == (404, "No Web Push credentials")
    assert answer.headers["vary"] == "Origin"
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_wrong_key_is_told_to_pages_of_allowed_origins(here: Here) -> None:
    known, unknown = await here.from_page(BANK, "wrong"), await here.from_page(STRANGER, "wrong")
    assert (known.status_code, known.headers[ALLOW]) == (401, BANK)
    assert (unknown.status_code, ALLOW in unknown.headers) == (401, False)


async def test_what_is_taken_back_ends_at_once(changing: Here) -> None:
    changing.know(application("shop", "https://both.example"))
    assert (await changing.preflight(SHOP)).status_code == 403
    assert ALLOW not in (await changing.from_page(SHOP, "key-of-shop")).headers
    assert (await changing.preflight("https://both.example")).status_code == 204
    changing.know(application("shop", "https://both.example", enabled=False))
    assert (await changing.preflight("https://both.example")).status_code == 403


async def test_an_origin_of_two_applications_stays_while_one_of_them_has_it(changing: Here) -> None:
    changing.know(application("bank", "https://both.example"))
    changing.know(application("shop"))
    assert (await changing.preflight("https://both.example")).status_code == 204
    changing.know(application("bank"))
    assert (await changing.preflight("https://both.example")).status_code == 403


async def test_who_says_no_origin_is_answered_as_ever(here: Here) -> None:
    answer = await here.ask("GET", WEB_PUSH, {"X-Api-Key": "key-of-bank"})
    assert answer.status_code == 404
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (await here.ask("OPTIONS", WEB_PUSH, {})).status_code == 405
    assert (await here.ask("OPTIONS", WEB_PUSH, {"Origin": BANK})).status_code == 405


def test_a_record_of_before_allows_no_origin() -> None:
    about: dict[str, Any] = {
        "event_id": ids.uuid7(),
        "at": 1,
        "application_id": "a",
        "name": "A",
        "api_key_digests": (),
    }
    assert ApplicationChanged.stored(about).allowed_origins == ()
