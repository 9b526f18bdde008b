"""Which platform is meant, and with which operator's token.

url             --url, RPNS_PUBLIC_URL, the local stack that runs, http://127.0.0.1:8080
operators' url  --operators-url, RPNS_OPERATORS_URL, the local stack's beside its url, else the url that was given
language        as `words/choice.py` says
token           --token, RPNS_OPERATOR_TOKEN, RPNS_ADMIN_TOKEN, a file (…_FILE), the local stack's for itself alone
"""

import os
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, base_url
from deploy.cli.words import phrase, rule_in
from deploy.gateway.routes import OPERATORS_PORT, PUBLIC_PORT
from schemas.language import Language
from services.runtime.http import egress
from services.runtime.settings import BadSettings, Settings

HOST = "127.0.0.1"

_TOKENS = ("RPNS_OPERATOR_TOKEN_FILE", "RPNS_ADMIN_TOKEN_FILE")


@dataclass
class Place:
    """What was said on the command line or in the environment; "" is not said."""

    given_url: str = ""
    given_operators_url: str = ""
    given_token: str = ""
    language: Language = Language.ENGLISH

    @cached_property
    def url(self) -> str:
        local = self._local
        return base_url(self.given_url or (local["public_url"] if local else f"http://{HOST}:{PUBLIC_PORT}"))

    @cached_property
    def operators_url(self) -> str:
        if self.given_operators_url:
            return base_url(self.given_operators_url)
        local = self._local
        if local and self.url == local["public_url"]:
            return str(local["operators_url"])
        return self.url if self.given_url else f"http://{HOST}:{OPERATORS_PORT}"

    def anybody(self) -> Gateway:
        """The platform as anybody sees it, without proof of who is asking."""
        return Gateway(self.url, language=self.language)

    def operator(self) -> Gateway:
        """Raises Fault when no token is known."""
        token = self.given_token or _token_in_file() or self._local_token()
        if not token:
            if self._local is None and _is_this_machine(self.operators_url):
                raise Fault(_no_stack_words(self.operators_url))
            text = "no operator's token for {url}: give --token or set RPNS_OPERATOR_TOKEN"
            raise Fault(phrase(text, url=self.operators_url))
        if not token.isascii() or not token.isprintable():
            raise Fault(phrase("the token holds characters that no header can carry"))
        return Gateway(self.operators_url, f"Bearer {token}", self.language)

    def sandbox_credentials(self) -> dict[str, Any] | None:
        """By provider, where the platform is the local stack."""
        local = self._local
        if local is None or not local["sandbox"] or local["operators_url"] != self.operators_url:
            return None
        return dict(local["sandbox"]["credentials"])

    def settings(self) -> Settings:
        """The services' settings: those of the environment, and behind them the local stack's. Raises Fault."""
        local = self._local
        own = dict(os.environ) if os.environ.get("KAFKA_BOOTSTRAP") or local is None else local["env"] | os.environ
        try:
            settings = Settings.from_environment(own)
        except BadSettings as error:
            raise Fault(rule_in(str(error))) from None
        egress.use(settings.proxy)
        return settings

    @cached_property
    def _local(self) -> dict[str, Any] | None:
        """The stack that runs beside this source tree; where the package alone is installed there is none."""
        try:
            from deploy.local.__main__ import DEFAULT_DIR, running
        except ModuleNotFoundError:
            return None
        try:
            return running(DEFAULT_DIR)
        except (OSError, ValueError):  # somebody else's, or it is ending just now
            return None

    def _local_token(self) -> str:
        local = self._local
        is_local = local is not None and local["operators_url"] == self.operators_url
        return str(local["env"]["RPNS_ADMIN_TOKEN"]) if local is not None and is_local else ""


def operator(context: typer.Context) -> Gateway:
    """The platform as the operator of this command line sees it. Raises Fault."""
    place: Place = context.obj
    return place.operator()


def _no_stack_words(url: str) -> str:
    where = phrase("another platform has --operators-url and --token, or RPNS_OPERATORS_URL and RPNS_OPERATOR_TOKEN")
    nothing = "" if _is_taken(url) else phrase("nothing answers at {url}", url=url) + "; "
    return nothing + phrase("the local stack is not running: `make up` starts it") + "; " + where


def _is_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in (HOST, "localhost", "::1")


def _is_taken(url: str) -> bool:
    """Whether something listens there; on this machine that is known at once."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or HOST, parts.port or 80), timeout=1):
            return True
    except OSError:
        return False


def _token_in_file() -> str:
    """The operator's token where it is mounted as a file; "" where none is named. Raises Fault."""
    for name in _TOKENS:
        if place := os.environ.get(name):
            try:
                return Path(place).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                raise Fault(phrase("{name}: cannot be read ({error})", name=name, error=type(error).__name__)) from None
    return ""
