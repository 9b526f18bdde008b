"""The only reader of the environment. Every setting: its name, unit, default and one line of meaning."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from schemas.providers import BASE_URLS
from schemas.values import Lane
from services.runtime.cluster_settings import ClusterSettings

MIN_ADMIN_TOKEN = 32


class BadSettings(Exception):
    """The environment holds a value that cannot be used; the message names it."""


class Settings(ClusterSettings):
    """Read once at the start of a process and passed on. The alias is the environment variable."""

    # this process
    host: str = Field("127.0.0.1", alias="RPNS_HOST", description="address that the process binds")
    port: int = Field(0, alias="RPNS_PORT", ge=0, le=65535, description="port of the API; 0 takes a free one")
    metrics_host: str = Field(
        "127.0.0.1",
        alias="RPNS_METRICS_HOST",
        description="address that /healthz, /readyz and /metrics bind; they ask for no login",
    )
    metrics_port: int = Field(
        0, alias="RPNS_METRICS_PORT", ge=0, le=65535, description="port of /healthz, /readyz and /metrics"
    )
    operators_host: str = Field(
        "127.0.0.1", alias="RPNS_OPERATORS_HOST", description="address that the operators' API binds"
    )
    operators_port: int = Field(
        0,
        alias="RPNS_OPERATORS_PORT",
        ge=0,
        le=65535,
        description="port of the operators' API, in a network of their own; 0 takes a free one",
    )
    instance: str = Field(
        "1",
        alias="RPNS_INSTANCE",
        description="name among the instances of one service; keep it over restarts",
    )
    lanes: tuple[Lane, ...] = Field(
        ("single", "bulk"),
        alias="RPNS_LANES",
        min_length=1,
        description="single, bulk, or both with a comma between: whose messages this process works on",
    )
    niceness: int = Field(
        0, alias="RPNS_NICENESS", ge=0, le=19, description="by how much this process gives way to others on its machine"
    )
    shutdown_s: float = Field(
        20, alias="RPNS_SHUTDOWN_S", gt=0, description="seconds a process may take to end in order"
    )
    commit: str = Field("", alias="RPNS_COMMIT", description="the commit that this build is of, for rpns_build_info")
    log_level: str = Field("info", alias="RPNS_LOG_LEVEL", description="debug, info, warning or error")

    # secrets and people's data
    master_key: str = Field("", alias="RPNS_MASTER_KEY", description="base64 of 32 bytes; seals tokens and credentials")
    old_master_keys: str = Field(
        "", alias="RPNS_OLD_MASTER_KEYS", description="former master keys, comma between; they still open"
    )
    allow_weak_secrets: bool = Field(
        False,
        alias="RPNS_ALLOW_WEAK_SECRETS",
        description="take short passwords, keys and admin tokens: for a stack on one machine only",
    )
    admin_token: str = Field(
        "",
        alias="RPNS_ADMIN_TOKEN",
        description="the operators' first token, at least 32 characters; empty: only named ones are taken",
    )
    trusted_proxies: str = Field(
        "", alias="RPNS_TRUSTED_PROXIES", description="CIDRs whose X-Forwarded-For is believed"
    )
    public_url: str = Field(
        "", alias="RPNS_PUBLIC_URL", description="the gateway's address as others reach it; empty: not told to anybody"
    )
    allow_private_addresses: bool = Field(
        False,
        alias="RPNS_ALLOW_PRIVATE_ADDRESSES",
        description="let notifyUrl and web push endpoints reach private networks",
    )

    # limits
    max_connections: int = Field(
        10_000, alias="RPNS_MAX_CONNECTIONS", ge=1, description="open connections of the API; one more is answered 503"
    )
    append_timeout_s: float = Field(
        5, alias="RPNS_APPEND_TIMEOUT_S", gt=0, description="how long a request waits for Kafka"
    )
    sweep_interval_s: float = Field(
        1, alias="RPNS_SWEEP_INTERVAL_S", gt=0, description="how often deadlines and timers are looked at"
    )
    device_pace: float = Field(
        1,
        alias="RPNS_DEVICE_PACE",
        gt=0,
        description="multiplies how often devices may call (docs/operations.md); for benchmarks, or fewer processes",
    )
    dead_letter_hold_s: float = Field(
        300,
        alias="RPNS_DEAD_LETTER_HOLD_S",
        ge=0,
        description="seconds until the message of a dead-lettered record ends failed, sooner if its lifetime is over",
    )
    dispatch_in_flight: int = Field(
        512, alias="RPNS_DISPATCH_IN_FLIGHT", ge=1, description="pushes under way for each partition"
    )
    report_limit: int = Field(64, alias="RPNS_REPORT_LIMIT", ge=1, description="reports under way for each receiver")
    report_retry_s: float = Field(
        60, alias="RPNS_REPORT_RETRY_S", gt=0, description="seconds before the second try of a report"
    )
    report_give_up_h: float = Field(
        72, alias="RPNS_REPORT_GIVE_UP_H", gt=0, description="hours after which a report is given up"
    )

    # the providers
    provider_urls: Mapping[str, str] = Field(
        {base.setting: base.default for base in BASE_URLS}, description="by setting: `schemas/providers.py` has them"
    )
    provider_ca_file: str = Field("", alias="PROVIDER_CA_FILE", description="PEM of a CA to trust besides the system's")

    @field_validator("lanes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value

    @field_validator("lanes")
    @classmethod
    def _each_once(cls, lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
        """Two consumers of one name in one process would drive each other out, again and again."""
        if len(set(lanes)) < len(lanes):
            raise ValueError("names a lane twice")
        return lanes

    @field_validator("admin_token")
    @classmethod
    def _is_long(cls, token: str, info: ValidationInfo) -> str:
        if token and len(token) < MIN_ADMIN_TOKEN and not info.data.get("allow_weak_secrets"):
            raise ValueError(f"must have at least {MIN_ADMIN_TOKEN} characters")
        return token

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
        aliases = [field.alias for field in cls.model_fields.values() if field.alias]
        values = given | _from_files(given, [*aliases, *(base.setting for base in BASE_URLS)])
        urls = {base.setting: values.get(base.setting, base.default) for base in BASE_URLS}
        try:
            return cls.model_validate({**values, "provider_urls": urls})
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise BadSettings("; ".join(map(_named, faults))) from None


def _named(fault: ErrorDetails) -> str:
    """The fault by the name of its variable; one that concerns several names them itself."""
    message = fault["msg"].removeprefix("Value error, ")
    return f"{fault['loc'][0]}: {message}" if fault["loc"] else message


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
