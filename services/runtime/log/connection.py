"""How every client of Kafka reaches the cluster: addresses, TLS and login, out of the settings (`cluster_settings.py`).

    Settings ─▶ options(settings) ─▶ producers, consumers, the admin client; Faust's worker says the same in its words

A certificate is read when a client is made, so a new one is taken at the next start. An access token of OAUTHBEARER is
fetched when a connection begins, kept until a while before it ends, and shared by all clients of the process. Its
endpoint is reached as providers are: directly, or through the operator's proxy.
"""

import asyncio
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import cache
from typing import NotRequired, TypedDict

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError

from services.runtime.cluster_settings import ClusterSettings, SaslMechanism, SecurityProtocol
from services.runtime.http import egress
from services.runtime.settings import BadSettings

_TOKEN_TIMEOUT_S = 10.0
_TOKEN_BYTES = 64 * 1024
_USED_OF_LIFETIME = 0.8
"""Brokers end a connection whose token has run out, so a new one is fetched before that."""


class Options(TypedDict):
    """Arguments of aiokafka's clients."""

    bootstrap_servers: str
    security_protocol: SecurityProtocol
    ssl_context: NotRequired[ssl.SSLContext]
    sasl_mechanism: NotRequired[SaslMechanism]
    sasl_plain_username: NotRequired[str]
    sasl_plain_password: NotRequired[str]
    sasl_oauth_token_provider: NotRequired[AbstractTokenProvider]


def options(settings: ClusterSettings) -> Options:
    """What a client is made with. Raises BadSettings for files that cannot be used."""
    found = Options(bootstrap_servers=settings.kafka_bootstrap, security_protocol=settings.kafka_security_protocol)
    if settings.kafka_uses_tls:
        found["ssl_context"] = _tls(settings)
    if settings.kafka_uses_sasl:
        found["sasl_mechanism"] = settings.kafka_sasl_mechanism
        if settings.kafka_sasl_mechanism == "OAUTHBEARER":
            found["sasl_oauth_token_provider"] = _tokens(settings)
        else:
            found["sasl_plain_username"] = settings.kafka_sasl_username
            found["sasl_plain_password"] = settings.kafka_sasl_password
    return found


def _tls(settings: ClusterSettings) -> ssl.SSLContext:
    context = _trusting("KAFKA_CA_FILE", settings.kafka_ca_file)
    if settings.kafka_certificate_file:
        try:
            context.load_cert_chain(
                settings.kafka_certificate_file, settings.kafka_key_file, settings.kafka_key_password or ""
            )
        except OSError as error:  # an SSLError is one
            raise BadSettings(
                f"KAFKA_CERTIFICATE_FILE, KAFKA_KEY_FILE: cannot be used ({type(error).__name__}: {error})"
            ) from None
    return context


def _trusting(name: str, file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file or None)
    except OSError as error:
        raise BadSettings(f"{name}: cannot be used ({type(error).__name__}: {error})") from None


class AccessTokens(AbstractTokenProvider):  # type: ignore[misc]
    """The access token of a client at a token endpoint, by client credentials (RFC 6749 §4.4)."""

    def __init__(
        self, url: str, form: bytes, context: ssl.SSLContext, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._url, self._form, self._monotonic_s = url, form, monotonic_s
        # without the proxies that the environment may name: one setting says where the way out is
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        self._token, self._renew_at_s = "", 0.0
        self._alone = asyncio.Lock()

    async def token(self) -> str:
        """The token. Raises AuthenticationFailedError when the endpoint refuses the client, KafkaConnectionError when
        it gives no answer that can be used."""
        async with self._alone:
            if not self._token or self._monotonic_s() >= self._renew_at_s:
                began_s = self._monotonic_s()
                self._token, lifetime_s = await asyncio.to_thread(self._fetch)
                self._renew_at_s = began_s + _USED_OF_LIFETIME * lifetime_s
            return self._token

    def _fetch(self) -> tuple[str, float]:
        request = urllib.request.Request(self._url, self._form, {"Accept": "application/json"})
        proxy = egress.proxy_to(urllib.parse.urlsplit(self._url).hostname or "")
        if proxy is not None:
            if proxy.authorization:
                request.add_header("Proxy-Authorization", proxy.authorization)
            request.set_proxy(f"{proxy.host}:{proxy.port}", "http")
        try:
            with self._opener.open(request, timeout=_TOKEN_TIMEOUT_S) as answer:
                body = json.loads(answer.read(_TOKEN_BYTES))
            return str(body["access_token"]), float(body.get("expires_in", 60))
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise AuthenticationFailedError(f"the token endpoint answered {error.code}") from None
            raise KafkaConnectionError(f"the token endpoint answered {error.code}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KafkaConnectionError(f"no access token: {type(error).__name__}") from None


@cache
def _provider(url: str, client_id: str, client_secret: str, scope: str, ca_file: str) -> AccessTokens:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    body = urllib.parse.urlencode(form | ({"scope": scope} if scope else {})).encode()
    return AccessTokens(url, body, _trusting("KAFKA_OAUTH_CA_FILE", ca_file))


def _tokens(settings: ClusterSettings) -> AccessTokens:
    return _provider(
        settings.kafka_oauth_token_url,
        settings.kafka_oauth_client_id,
        settings.kafka_oauth_client_secret,
        settings.kafka_oauth_scope,
        settings.kafka_oauth_ca_file,
    )
