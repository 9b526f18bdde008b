"""The operators' listener of a registry whose operators sign in at a company's login, which the sandbox plays; and a
browser that goes from one to the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.sandbox.oidc.server import Login
from deploy.sandbox.oidc.tokens import Algorithm
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.registry.provisioning import Provisioning, ProvisioningLock, me_routes
from services.registry.sign_in import Accounts, Entrance
from services.registry.sign_in.account_routes import account_routes
from services.registry.sign_in.oidc import Door, oidc_routes
from services.registry.sign_in.oidc.exchange import Exchange
from services.registry.sign_in.oidc.provider import Provider
from services.registry.sign_in.pace import SignInPace
from services.registry.sign_in.passwords import Passwords
from services.runtime import openapi
from services.runtime.access.audit import AuditedApp
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import LOGIN_CALLBACK
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.partner_auth import caller
from services.runtime.access.sessions.same_site import HEADER
from services.runtime.clock import now_ms
from services.runtime.http.listeners import OperatorsListener
from services.runtime.log import kafka
from services.runtime.pacing.token_bucket import TokenBuckets
from services.runtime.settings import Settings
from tests.support.listening import ADMIN_TOKEN
from tests.support.log_reader import all_events_of
from tests.support.registry_app import Registry

URL = "http://127.0.0.1:8081"
CALLBACK = URL + LOGIN_CALLBACK
CLIENT, SECRET = "rpns-console", "s3cret:/+ with blanks"
CONSOLE = {HEADER: "1"}


@dataclass
class Clock:
    """What the registry takes for now, UTC ms."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@dataclass
class OidcConsole:
    """`browser` keeps cookies, and is sent nowhere by itself."""

    login: Login
    browser: httpx.AsyncClient
    registry: Registry
    settings: Settings
    clock: Clock

    async def begin(self, place: str = "") -> str:
        """Where the browser is sent to."""
        answer = await self.browser.get("/v1/session/oidc", params={"place": place})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    async def at_login(self, address: str) -> str:
        """Where the login sends the browser back to."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    async def end(self, address: str) -> str:
        """The same way back; where the console is shown then."""
        assert address.startswith(CALLBACK)
        answer = await self.browser.get(address.removeprefix(URL))
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].removeprefix("/console/#/")

    async def sign_in(self, place: str = "") -> str:
        """The whole way; where the console is shown then."""
        address = await self.begin(place)
        if address.startswith("/console/"):
            return address.removeprefix("/console/#/")
        return await self.end(await self.at_login(address))

    async def me(self) -> httpx.Response:
        """As the console's page asks."""
        return await self.browser.get("/v1/me", headers=CONSOLE)

    async def recorded(self) -> list[Audited]:
        """The audit trail."""
        return [event for event in await all_events_of(self.settings, AUDIT_EVENTS) if isinstance(event, Audited)]


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@asynccontextmanager
async def oidc_console(
    registry: Registry, *, algorithm: Algorithm = "RS256", url: str = URL, **changes: Any
) -> AsyncIterator[OidcConsole]:
    """With a login of its own. Whoever signs in is in the group `rpns-support`."""
    login = Login(CLIENT, SECRET, url + LOGIN_CALLBACK, algorithm)
    await login.start()
    login.person.claims["groups"] = ["everybody", "rpns-support"]
    about = {
        "operators_url": url,
        "oidc_issuer": login.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_roles": "rpns-support=support,rpns-admins=admin",
        **changes,
    }
    settings, clock = registry.settings.model_copy(update=about), Clock()
    await kafka.create_topics(settings, [AUDIT_EVENTS])
    provider, provisioning = Provider(settings), _provisioning(registry)
    exchange = Exchange(provider, registry.secrets, settings, clock)
    door = Door(
        exchange, Entrance(registry.directory, registry.secrets, ()), provisioning, settings, TokenBuckets(1 / 6, 10)
    )
    app = openapi.application("RPNS registry", "1", "")
    app.include_router(oidc_routes(door))
    passwords = Passwords(registry.directory, SignInPace())
    app.include_router(account_routes(Accounts(provisioning, has_other_admins=True), passwords))
    logins = Logins(registry.directory, registry.secrets)
    app.include_router(me_routes(registry.directory, caller(logins, ())))
    tokens = OperatorTokens(registry.directory, registry.secrets, ADMIN_TOKEN)
    audited = AuditedApp(
        app,
        "registry",
        registry.sink,
        (),
        fingerprint=tokens.fingerprint,
        refused=lambda caller, scope, status, account=None: None,
    )
    transport = httpx.ASGITransport(app=OperatorsListener(audited, tokens, ()))
    try:
        async with httpx.AsyncClient(transport=transport, base_url=URL) as browser:
            yield OidcConsole(login, browser, registry, settings, clock)
    finally:
        passwords.close()
        logins.close()
        await provider.close()
        await login.stop()


def _provisioning(registry: Registry) -> Provisioning:
    return Provisioning(registry.directory, registry.sink, ProvisioningLock(registry.database, "accounts"))
