"""The only reader of the environment. Every setting: its name, unit, default and one line of meaning."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from schemas.providers import BASE_URLS
from schemas.values import Lane
from services.runtime.access.oidc.settings import OidcSettings, faults_of_oidc
from services.runtime.cluster_settings import ClusterSettings, faults_of_cluster
from services.runtime.http.egress import Proxy
from services.runtime.text.setting import read, setting, settings_of

MIN_ADMIN_TOKEN = 32


class BadSettings(Exception):
    """The environment holds a value that cannot be used; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings(OidcSettings, ClusterSettings):
    """Read once at the start of a process and passed on."""

    # this process
    host: str = setting("127.0.0.1", "RPNS_HOST", "address that the process binds")
    port: int = setting(0, "RPNS_PORT", "port of the API; 0 takes a free one", least=0, most=65535)
    metrics_host: str = setting(
        "127.0.0.1", "RPNS_METRICS_HOST", "address that /healthz, /readyz and /metrics bind; they ask for no login"
    )
    metrics_port: int = setting(0, "RPNS_METRICS_PORT", "port of /healthz, /readyz and /metrics", least=0, most=65535)
    operators_host: str = setting("127.0.0.1", "RPNS_OPERATORS_HOST", "address that the operators' API binds")
    operators_port: int = setting(
        0,
        "RPNS_OPERATORS_PORT",
        "port of the operators' API, in a network of their own; 0 takes a free one",
        least=0,
        most=65535,
    )
    instance: str = setting("1", "RPNS_INSTANCE", "name among the instances of one service; keep it over restarts")
    lanes: tuple[Lane, ...] = setting(
        ("single", "bulk"),
        "RPNS_LANES",
        "single, bulk, or both with a comma between: whose messages this process works on",
    )
    niceness: int = setting(
        0, "RPNS_NICENESS", "by how much this process gives way to others on its machine", least=0, most=19
    )
    shutdown_s: float = setting(20, "RPNS_SHUTDOWN_S", "seconds a process may take to end in order", above=0)
    commit: str = setting("", "RPNS_COMMIT", "the commit that this build is of, for rpns_build_info")
    log_level: str = setting("info", "RPNS_LOG_LEVEL", "debug, info, warning or error")

    # traces
    traces_share: float = setting(
        0,
        "RPNS_TRACES_SHARE",
        "share of the messages, 0 to 1, whose records carry a traceparent, for services.traces to export; 0: none",
        least=0,
        most=1,
    )
    traces_url: str = setting(
        "", "RPNS_TRACES_URL", "where services.traces sends spans by OTLP over HTTP: http://collector:4318/v1/traces"
    )

    # secrets and people's data
    master_key: str = setting("", "RPNS_MASTER_KEY", "base64 of 32 bytes; seals tokens and credentials")
    old_master_keys: str = setting("", "RPNS_OLD_MASTER_KEYS", "former master keys, comma between; they still open")
    allow_weak_secrets: bool = setting(
        False, "RPNS_ALLOW_WEAK_SECRETS", "take short passwords, keys and admin tokens: for a stack on one machine only"
    )
    admin_token: str = setting(
        "", "RPNS_ADMIN_TOKEN", "the operators' first token, at least 32 characters; empty: only named ones are taken"
    )
    trusted_proxies: str = setting("", "RPNS_TRUSTED_PROXIES", "CIDRs whose X-Forwarded-For is believed")
    public_url: str = setting(
        "", "RPNS_PUBLIC_URL", "the gateway's address as others reach it; empty: not told to anybody"
    )
    allow_private_addresses: bool = setting(
        False, "RPNS_ALLOW_PRIVATE_ADDRESSES", "let notifyUrl and web push endpoints reach private networks"
    )
    outbound_proxy: str = setting(
        "",
        "RPNS_OUTBOUND_PROXY",
        "http://host:port of a proxy that tunnels (CONNECT) to providers and receivers; empty: directly",
    )
    no_proxy: str = setting(
        "",
        "RPNS_NO_PROXY",
        "hosts that are reached without the proxy, comma between; .example.org is a whole domain",
    )

    # limits
    max_connections: int = setting(
        10_000, "RPNS_MAX_CONNECTIONS", "open connections of the API; one more is answered 503", least=1
    )
    append_timeout_s: float = setting(5, "RPNS_APPEND_TIMEOUT_S", "how long a request waits for Kafka", above=0)
    sweep_interval_s: float = setting(
        1, "RPNS_SWEEP_INTERVAL_S", "how often deadlines and timers are looked at", above=0
    )
    device_pace: float = setting(
        1,
        "RPNS_DEVICE_PACE",
        "multiplies how often devices may call (docs/operations.md); for benchmarks, or fewer processes",
        above=0,
    )
    dead_letter_hold_s: float = setting(
        300,
        "RPNS_DEAD_LETTER_HOLD_S",
        "seconds until the message of a dead-lettered record ends failed, sooner if its lifetime is over",
        least=0,
    )
    dispatch_in_flight: int = setting(512, "RPNS_DISPATCH_IN_FLIGHT", "pushes under way for each partition", least=1)
    http2_engine: Literal["ngh2", "h2"] = setting(
        "ngh2", "RPNS_HTTP2_ENGINE", "library that speaks HTTP/2 with providers; h2 is slower, and pure Python"
    )
    report_limit: int = setting(64, "RPNS_REPORT_LIMIT", "reports under way for each receiver", least=1)
    report_retry_s: float = setting(60, "RPNS_REPORT_RETRY_S", "seconds before the second try of a report", above=0)
    fold_gather_s: float = setting(
        0.25,
        "RPNS_FOLD_GATHER_S",
        "seconds for which a busy status lets events gather, so that it saves a message once for several; "
        "reports and the next links of chains wait so much longer",
        least=0,
        most=1,
    )
    report_give_up_h: float = setting(72, "RPNS_REPORT_GIVE_UP_H", "hours after which a report is given up", above=0)

    # the providers
    provider_urls: Mapping[str, str] = field(default_factory=lambda: {base.setting: base.default for base in BASE_URLS})
    """By setting: `schemas/providers.py` has them."""
    provider_ca_file: str = setting("", "PROVIDER_CA_FILE", "PEM of a CA to trust besides the system's")

    @property
    def proxy(self) -> Proxy | None:
        """The way out. Raises ValueError, whose text is the rule."""
        return Proxy.of(self.outbound_proxy, self.no_proxy) if self.outbound_proxy else None

    def url(self, setting: str) -> str:
        """The base URL of a provider that this setting names."""
        return self.provider_urls[setting]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Raises BadSettings that names the variable and the rule. An empty variable counts as absent.

        `<NAME>_FILE` names a file that holds the value of `<NAME>`, as secrets are mounted.
        """
        source = os.environ if environment is None else environment
        given = {name: value for name, value in source.items() if value}
        variables = [about.variable for about, _ in settings_of(cls).values()]
        texts = given | _from_files(given, [*variables, *(base.setting for base in BASE_URLS)])
        urls = {base.setting: texts.get(base.setting, base.default) for base in BASE_URLS}
        values, faults = read(cls, texts)
        settings = replace(cls(provider_urls=urls), **values)
        if faults := faults or [*_faults_of(settings), *faults_of_cluster(settings), *faults_of_oidc(settings)]:
            raise BadSettings("; ".join(faults))
        return settings

    def model_copy(self, *, update: Mapping[str, Any]) -> "Settings":
        """A copy with these fields changed; does not check them."""
        return replace(self, **update)


def _faults_of(settings: Settings) -> list[str]:
    faults = []
    if len(set(settings.lanes)) < len(settings.lanes):
        # two consumers of one name in one process would drive each other out, again and again
        faults.append("RPNS_LANES: names a lane twice")
    if 0 < len(settings.admin_token) < MIN_ADMIN_TOKEN and not settings.allow_weak_secrets:
        faults.append(f"RPNS_ADMIN_TOKEN: must have at least {MIN_ADMIN_TOKEN} characters")
    try:
        _ = settings.proxy
    except ValueError as error:
        faults.append(f"RPNS_OUTBOUND_PROXY: {error}")
    return faults


def _from_files(given: Mapping[str, str], aliases: Sequence[str]) -> dict[str, str]:
    """The settings that lie in files, without the line end that editors put there. Raises BadSettings."""
    found = {}
    for name in aliases:
        place = given.get(f"{name}_FILE")
        if place is None:
            continue
        if name in given:
            raise BadSettings(f"{name}: given twice, by itself and by {name}_FILE")
        try:
            text = Path(place).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            raise BadSettings(f"{name}_FILE: cannot be read ({type(error).__name__})") from None
        if text:
            found[name] = text
    return found
