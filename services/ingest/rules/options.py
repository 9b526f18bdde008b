"""extraOptions: RICH, LIVE_ACTIVITY, SECURE, SENDING_PLATFORMS. Pure. Source: `docs/partner-api.md` §1.

What the app gets is carried as opaque JSON with hyphens in its keys. SECURE values stay beside the content until they
are sealed (`secure_values.py`).
"""

import re
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import NamedTuple

from schemas.providers import FACTS, PUSH_PROVIDERS, Provider
from services.ingest.rules.address import rich_addresses
from services.ingest.rules.body import OptionBody, Rich, parsed
from services.ingest.rules.errors import invalid
from services.ingest.rules.fields import one_of
from services.ingest.rules.live_activity import live_activity_of
from services.ingest.rules.opaque_json import hyphened, mapping_of, opaque

_WORDS = tuple(FACTS[provider].sending_platform for provider in PUSH_PROVIDERS)
_PLATFORMS = {word.lower(): provider for word, provider in zip(_WORDS, PUSH_PROVIDERS, strict=True)}
_SECURE_NAME = re.compile(r"[A-Za-z0-9]+")
PLACEHOLDER = re.compile(r"%([A-Za-z0-9]+)%")
CATEGORIES = ("IMAGE", "HTML")
NO_VALUES: Mapping[str, str] = MappingProxyType({})


class Options(NamedTuple):
    """What the options of one push ask for."""

    enrichment: str | None = None
    live_activity: str | None = None
    secure: Mapping[str, str] = NO_VALUES
    providers: tuple[Provider, ...] = ()


NO_OPTIONS = Options()


def options_of(given: Iterable[OptionBody], texts: Iterable[str], offset_min: int, where: str) -> Options:
    """The options by name, in any case. Unknown names are ignored; of two with one name the later counts."""
    values = {option.param_name.upper(): option.param_value for option in given}
    if not values:
        return NO_OPTIONS
    field = f"{where}.extraOptions"
    return Options(
        enrichment=_rich(values.get("RICH"), f"{field}.RICH"),
        live_activity=live_activity_of(values.get("LIVE_ACTIVITY"), offset_min, f"{field}.LIVE_ACTIVITY"),
        secure=_secure(values["SECURE"], texts, f"{field}.SECURE") if "SECURE" in values else NO_VALUES,
        providers=_platforms(values.get("SENDING_PLATFORMS"), f"{field}.SENDING_PLATFORMS"),
    )


def _rich(value: object, field: str) -> str | None:
    if value is None:
        return None
    rich = parsed(Rich, hyphened(value, field), field)
    kept = rich.model_dump(by_alias=True, exclude_unset=True, exclude={"custom_payload"}, exclude_none=True)
    if "custom_payload" in rich.model_fields_set:
        kept["custom-payload"] = rich.custom_payload
    category = one_of(kept.pop("content-category", None), CATEGORIES, f"{field}.content-category")
    if category and kept.get("content-url"):
        kept["content-category"] = category
    return opaque(rich_addresses(kept, field), field) if kept else None


def _secure(value: object, texts: Iterable[str], field: str) -> Mapping[str, str]:
    values = {} if value is None else mapping_of(value, field)
    for name, secret in values.items():
        if not _SECURE_NAME.fullmatch(name):
            raise invalid(field, "names must be Latin letters and digits")
        if not isinstance(secret, str):
            raise invalid(f"{field}.{name}", "must be a string")
    check_secure({name for text in texts for name in PLACEHOLDER.findall(text)}, values, field)
    return values


def check_secure(wanted: Set[str], values: Mapping[str, str], field: str) -> None:
    """Every placeholder of title and text must have a value. Raises error 4."""
    if missing := sorted(wanted - values.keys()):
        raise invalid(field, f"no value for the placeholder %{missing[0]}%")


def _platforms(value: object, field: str) -> tuple[Provider, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) and name.lower() in _PLATFORMS for name in value):
        raise invalid(field, f"must be a list of {', '.join(_WORDS)}")
    return tuple(dict.fromkeys(_PLATFORMS[name.lower()] for name in value))
