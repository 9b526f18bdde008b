"""Logins: the order of the checks, and what guessing costs."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from schemas import codec
from services.runtime.access.logins import API_KEY, LoginFault, Logins, may_call
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from tests.support.apps import all_apps
from tests.support.requests import PARTNER

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Setting:
    """Logins over a directory that a test may change."""

    def __init__(self, seen: Any = None) -> None:
        self.directory, self.clock = Directory(), Clock()
        self.logins = Logins(self.directory, SECRETS, seen, self.clock)
        self.verified = 0
        verify = self.logins._verify

        def counted(expected: str, password: str) -> bool:
            self.verified += 1
            return verify(expected, password)

        self.logins._verify = counted  # type: ignore[method-assign]

    def change(self, **changes: Any) -> None:
        given = {"password_hash": CHEAP.hash("right"), "login": "demo"} | changes
        event = PARTNER.replace(**given)
        self.directory.apply(event.entity_key, codec.encode(event))

    async def check(self, login: str, password: str, address: str = "127.0.0.1") -> object:
        found = await self.logins.check(login, password, address)
        return found if isinstance(found, LoginFault) else found.partner_id


@pytest.fixture
def setting() -> Iterator[Setting]:
    setting = Setting()
    setting.change()
    yield setting
    setting.logins.close()


async def test_a_right_password_is_verified_once(setting: Setting) -> None:
    assert setting.logins.known("demo", "right", "127.0.0.1") is None
    assert [await setting.check("demo", "right") for _ in range(3)] == ["demo"] * 3
    assert setting.verified == 1
    assert setting.logins.known("demo", "right", "127.0.0.1") is not None
    assert setting.logins.known("demo", "wrong", "127.0.0.1") is None


async def test_requests_at_once_share_one_verification(setting: Setting) -> None:
    assert await asyncio.gather(*(setting.check("demo", "right") for _ in range(50))) == ["demo"] * 50
    assert setting.verified == 1


async def test_a_changed_password_takes_effect_at_once(setting: Setting) -> None:
    await setting.check("demo", "right")
    setting.change(password_hash=CHEAP.hash("new"))
    assert setting.logins.known("demo", "right", "127.0.0.1") is None
    assert await setting.check("demo", "right") is LoginFault.WRONG_PASSWORD
    assert await setting.check("demo", "new") == "demo"


async def test_a_partner_switched_off_is_unknown(setting: Setting) -> None:
    await setting.check("demo", "right")
    setting.change(enabled=False)
    assert setting.logins.known("demo", "right", "127.0.0.1") is None
    assert await setting.check("demo", "right") is LoginFault.UNKNOWN_LOGIN


async def test_the_address_is_checked_before_the_password(setting: Setting) -> None:
    setting.change(subnets=("10.0.0.0/8",))
    assert await setting.check("demo", "wrong") is LoginFault.FORBIDDEN_ADDRESS
    assert setting.verified == 0
    assert await setting.check("demo", "right", "10.1.2.3") == "demo"
    assert setting.logins.known("demo", "right", "127.0.0.1") is None


async def test_guesses_are_throttled_for_one_login_and_address(setting: Setting) -> None:
    answers = [await setting.check("demo", f"guess {n}") for n in range(30)]
    assert answers == [LoginFault.WRONG_PASSWORD] * 10 + [LoginFault.THROTTLED] * 20
    assert setting.verified == 10
    assert await setting.check("demo", "right") is LoginFault.THROTTLED
    assert await setting.check("demo", "right", "127.0.0.2") == "demo"


async def test_guesses_side_by_side_are_counted_before_they_are_looked_at(setting: Setting) -> None:
    answers = await asyncio.gather(*(setting.check("demo", f"guess {n}") for n in range(30)))
    assert answers.count(LoginFault.WRONG_PASSWORD) == setting.verified == 4
    assert answers.count(LoginFault.THROTTLED) == 26


async def test_one_subscriber_of_ipv6_is_one_guesser(setting: Setting) -> None:
    answers = [await setting.check("demo", f"guess {n}", f"2001:db8::{n:x}") for n in range(12)]
    assert answers[10:] == [LoginFault.THROTTLED] * 2
    assert await setting.check("demo", "right", "2001:db8:0:1::1") == "demo"


async def test_an_address_that_guesses_at_many_logins_is_throttled_for_all(setting: Setting) -> None:
    for number in range(6):
        setting.change(partner_id=f"p-{number}", login=f"login {number}")
    for number in range(40):
        assert await setting.check(f"login {number % 5}", f"guess {number}") is LoginFault.WRONG_PASSWORD
    assert await setting.check("login 5", "right") is LoginFault.THROTTLED
    assert await setting.check("login 5", "right", "127.0.0.2") == "p-5"


async def test_guesses_at_one_login_fill_nobody_elses_waiting_room(setting: Setting) -> None:
    setting.change(partner_id="p-2", login="other")
    guesses = [setting.check("demo", f"guess {n}", f"192.0.2.{n}") for n in range(200)]
    *answers, other = await asyncio.gather(*guesses, setting.check("other", "right"))
    assert answers.count(LoginFault.WRONG_PASSWORD) == 4
    assert other == "p-2"


async def test_guesses_from_everywhere_are_delayed_and_not_locked_out(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[float] = []

    async def asleep(delay_s: float) -> None:
        delays.append(delay_s)

    monkeypatch.setattr("services.runtime.access.logins.asyncio.sleep", asleep)
    for number in range(102):
        assert await setting.check("demo", f"guess {number}", f"192.0.2.{number}") is LoginFault.WRONG_PASSWORD
    assert await setting.check("demo", "right", "198.51.100.1") == "demo"
    assert delays[:100] == [0.0] * 100
    assert delays[100:] == [1.0, 2.0, 3.0]


async def test_throttling_ends_with_time(setting: Setting) -> None:
    for number in range(11):
        await setting.check("demo", f"guess {number}")
    setting.clock.now_s += 7
    assert await setting.check("demo", "right") == "demo"


async def test_guessing_never_locks_out_who_is_known(setting: Setting) -> None:
    await setting.check("demo", "right")
    for number in range(20):
        await setting.check("demo", f"guess {number}")
    assert await setting.check("demo", "right") == "demo"


async def test_unknown_logins_cost_the_same_and_count_together(setting: Setting) -> None:
    answers = [await setting.check(f"nobody {n}", "right") for n in range(12)]
    assert answers == [LoginFault.UNKNOWN_LOGIN] * 10 + [LoginFault.THROTTLED] * 2
    assert setting.verified == 10


class Seen:
    """What another process has left."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def load(self) -> dict[str, str]:
        return dict(self.kept)

    async def keep(self, digest: str, hash_name: str) -> None:
        self.kept[digest] = hash_name


async def test_a_login_seen_before_a_restart_needs_no_slow_hash() -> None:
    seen = Seen()
    before, after = Setting(seen), Setting(seen)
    password_hash = CHEAP.hash("right")
    for setting in (before, after):
        setting.change(password_hash=password_hash)
    await before.check("demo", "right")
    await after.logins.remember()
    for number in range(10):
        await after.check("demo", f"guess {number}")
    assert await after.check("demo", "right") == "demo"
    assert after.logins.known("demo", "right", "127.0.0.1") is not None
    after.change(password_hash=CHEAP.hash("new"))
    assert after.logins.known("demo", "right", "127.0.0.1") is None
    assert not any("right" in text for pair in seen.kept.items() for text in pair)
    before.logins.close()
    after.logins.close()


async def test_an_api_key_stands_for_the_password_expires_at_it_is_taken_back(setting: Setting) -> None:
    setting.change(api_key_digests=(SECRETS.digest("key-1", API_KEY), SECRETS.digest("key-2", API_KEY)))
    for number in range(10):
        await setting.check("demo", f"guess {number}")
    setting.verified = 0
    assert [await setting.check("demo", key) for key in ("key-1", "key-2")] == ["demo"] * 2
    assert setting.verified == 0
    assert setting.logins.known("demo", "key-1", "127.0.0.1") is not None
    setting.change(api_key_digests=(SECRETS.digest("key-2", API_KEY),))
    assert setting.logins.known("demo", "key-1", "127.0.0.1") is None
    assert await setting.check("demo", "key-1", "127.0.0.2") is LoginFault.WRONG_PASSWORD
    assert await setting.check("demo", "right", "127.0.0.2") == "demo"


@pytest.mark.parametrize(
    ("subnets", "address", "may"),
    [
        ((), "anything", True),
        (("192.0.2.0/24", "2001:db8::/32"), "192.0.2.7", True),
        (("192.0.2.0/24", "2001:db8::/32"), "2001:db8::1", True),
        (("192.0.2.0/24",), "::ffff:192.0.2.7", True),
        (("192.0.2.0/24",), "192.0.3.7", False),
        (("192.0.2.0/24",), "", False),
        (("192.0.2.7",), "192.0.2.7", True),
    ],
)
def test_an_address_must_lie_in_a_subnet(subnets: tuple[str, ...], address: str, may: bool) -> None:
    assert may_call(subnets, address) is may


async def test_who_is_throttled_is_told_when_the_next_guess_is_looked_at(setting: Setting) -> None:
    for number in range(10):
        await setting.check("demo", f"guess {number}")
    assert setting.logins.retry_after_s("demo", "127.0.0.1") == 6
    setting.clock.now_s += 5.5
    assert setting.logins.retry_after_s("demo", "127.0.0.1") == 1
    assert await setting.check("demo", "right") is LoginFault.THROTTLED
    setting.clock.now_s += 0.5
    assert await setting.check("demo", "right") == "demo"


async def test_unknown_logins_of_a_network_are_told_alike(setting: Setting) -> None:
    for number in range(10):
        await setting.check(f"nobody {number}", "guess")
    assert await setting.check("somebody", "guess") is LoginFault.THROTTLED
    assert setting.logins.retry_after_s("somebody", "127.0.0.1") == 6
    assert setting.logins.retry_after_s("somebody", "127.0.0.2") == 1


async def test_a_full_room_of_delayed_guesses_says_when_it_is_empty(setting: Setting) -> None:
    for number in range(100):
        await setting.check("demo", f"guess {number}", f"10.0.{number}.1")
    waiting = [asyncio.create_task(setting.check("demo", f"late {n}", f"10.1.{n}.1")) for n in range(4)]
    await asyncio.sleep(0)
    assert await setting.check("demo", "right", "10.2.0.1") is LoginFault.THROTTLED
    assert setting.logins.retry_after_s("demo", "10.2.0.1") == 4
    await asyncio.gather(*waiting)


async def test_every_service_tells_a_throttled_partner_the_true_wait(setting: Setting) -> None:
    for number in range(10):
        await setting.check("demo", f"guess {number}")
    apps = all_apps(setting.directory, SECRETS, setting.logins)
    body = {"login": "demo", "password": "right", "destAddr": "79161234567"}
    asked = (("ingest", "POST", "/v6/send"), ("ingest", "GET", "/v1/mailings"), ("registry", "GET", "/v1/stops"))
    for service, method, path in (*asked, ("status", "GET", "/v1/messages")):
        transport = httpx.ASGITransport(app=apps[service], client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://rpns", auth=("demo", "right")) as client:
            answer = await client.request(method, path, json=body if method == "POST" else None)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "6"), (path, answer.text)


@pytest.mark.parametrize(
    "change", [{"password_hash": CHEAP.hash("new")}, {"enabled": False}, {"subnets": ("10.0.0.0/8",)}]
)
async def test_what_goes_on_for_long_learns_that_a_partner_is_not_let_in_any_more(
    setting: Setting, change: dict[str, Any]
) -> None:
    partner = await setting.logins.check("demo", "right", "127.0.0.1")
    assert not isinstance(partner, LoginFault)
    assert setting.logins.still_holds(partner)
    setting.change(**{"password_hash": partner.password_hash} | change)
    assert not setting.logins.still_holds(partner)


async def test_a_partner_revokes_proofs_no_faster_than_it_sends(setting: Setting) -> None:
    setting.change(max_rate_per_s=1)
    app = all_apps(setting.directory, SECRETS, setting.logins)["registry"]
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns", auth=("demo", "right")) as client:
        await client.get("/v1/stops")
        answers = [await client.post("/v1/identities/revoke", json={"phone": "+12"}) for _ in range(5)]
    assert [answers[0].status_code, answers[-1].status_code] == [400, 429]
