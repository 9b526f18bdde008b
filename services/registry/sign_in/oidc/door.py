"""From an answer of the company's login to a session, or to the console's sign-in with the reason why there is none."""

import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from services.registry.provisioning import Provisioning
from services.registry.sign_in.entrance import Entrance
from services.registry.sign_in.oidc.accounts import account_of
from services.registry.sign_in.oidc.exchange import Exchange
from services.registry.sign_in.oidc.flow import LASTS_S
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime import faults, telemetry
from services.runtime.access.callers import caller_address, network_of
from services.runtime.access.sessions.cookies import cookie_of, set_cookie
from services.runtime.pacing.token_bucket import TokenBuckets
from services.runtime.pages.console import START
from services.runtime.settings import Settings

log = telemetry.logger("sign-in")
WAY: Final = "oidc"
COOKIE: Final = "rpns-oidc"
SEE_OTHER: Final = 303
_ONCE = ("state", "code", "error", "iss")


@dataclass(frozen=True)
class Door:
    """What the routes need. `guesses`: answers that did not hold, by network."""

    exchange: Exchange
    entrance: Entrance
    provisioning: Provisioning
    settings: Settings
    guesses: TokenBuckets

    async def begun(self, place: str) -> Response:
        """On to the login. Raises SignInRefused."""
        begun = await self.exchange.begin(place)
        answer = RedirectResponse(begun.address, SEE_OTHER)
        self._keep(answer, begun.cookie, LASTS_S)
        return answer

    async def ended(self, request: Request) -> Response:
        """Back in the console, signed in. Raises SignInRefused."""
        flow = self.exchange.opened(cookie_of(request.scope, self._is_https, COOKIE))
        network, now_s = self._network(request), time.monotonic()
        if self.guesses.wait_s(network, now_s):
            raise SignInRefused("slowed-down", "too many answers from this network did not hold")
        try:
            person = await self.exchange.finish(flow, _query_of(request))
        except SignInRefused as refused:
            if refused.reason == "unproved":
                self.guesses.take_on_credit(network, now_s)
            raise
        account = await account_of(self.provisioning, self.settings.oidc_issuer, person)
        answer = RedirectResponse(f"{START}#/{flow.place}", SEE_OTHER)
        self.entrance.admitted(self._as_asked(request), answer, account, WAY)
        self._keep(answer, "", 0)
        return answer

    async def or_reason(self, step: Awaitable[Response]) -> Response:
        """What the step answers; where it fails, the console's sign-in, which says why."""
        try:
            return await step
        except SignInRefused as error:
            refused = error
        except faults.TRANSIENT_ERRORS as error:
            refused = SignInRefused("unavailable", type(error).__name__)
        log.warning("somebody is not signed in by the company's login", reason=refused.reason, detail=refused.detail)
        telemetry.SIGN_INS.labels(WAY, refused.reason).inc()
        claim = f"/{quote(refused.claim, safe='')}" if refused.claim else ""
        answer = RedirectResponse(f"{START}#/sign-in/{refused.reason}{claim}", SEE_OTHER)
        self._keep(answer, "", 0)
        return answer

    @property
    def _is_https(self) -> bool:
        return self.settings.operators_url.startswith("https://")

    def _as_asked(self, request: Request) -> Request:
        """As the browser has asked. A GET says nothing of https by itself, as a POST does (`Origin`), and not every
        gateway does; the setting is sure."""
        return Request({**request.scope, "scheme": "https"}) if self._is_https else request

    def _network(self, request: Request) -> str:
        """The other instances hear of it: a name that tells nothing to who reads it."""
        network = network_of(caller_address(request.scope, self.entrance.trusted))
        return self.entrance.secrets.digest(network, "operator-pace")

    def _keep(self, answer: Response, cookie: str, lasts_s: int) -> None:
        """Lax: the browser comes back from another site, and must bring it."""
        value = set_cookie(cookie, self._is_https, name=COOKIE, max_age_s=lasts_s, same_site="Lax")
        answer.headers.append("Set-Cookie", value)


def _query_of(request: Request) -> Mapping[str, str]:
    """Whatever the login sends; what is there twice is nobody's answer (RFC 6749 §3.1)."""
    if any(len(request.query_params.getlist(name)) > 1 for name in _ONCE):
        return {}
    return dict(request.query_params)
