"""extraOptions: RICH, LIVE_ACTIVITY, SECURE, SENDING_PLATFORMS. Source: `docs/partner-api.md` §1.

What the app gets is carried as opaque JSON with hyphens in its keys. SECURE values stay beside the content until they
are sealed (`secure.py`); nothing here puts them into it.
"""

import json
import re
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from schemas.values import Provider
from services.ingest.accept_errors import invalid
from services.ingest.accept_model import LiveActivity, OptionBody, Rich, parsed
from services.ingest.accept_rules import instant_ms, one_of

_PLATFORMS = {
    "android": Provider.FCM,
    "ios": Provider.APNS,
    "huawei": Provider.HMS,
    "rustore": Provider.RUSTORE,
    "web": Provider.WEB,
}
_SECURE_NAME = re.compile(r"[A-Za-z0-9]+")
PLACEHOLDER = re.compile(r"%([A-Za-z0-9]+)%")
_MOMENTS = ("timestamp", "stale-date", "dismissal-date")
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
    """Options by name, in any case; unknown names are ignored, of two with one name the later counts."""
    values = {option.param_name.upper(): option.param_value for option in given}
    if not values:
        return NO_OPTIONS
    field = f"{where}.extraOptions"
    return Options(
        enrichment=_rich(values.get("RICH"), f"{field}.RICH"),
        live_activity=_live_activity(values.get("LIVE_ACTIVITY"), offset_min, f"{field}.LIVE_ACTIVITY"),
        secure=_secure(values["SECURE"], texts, f"{field}.SECURE") if "SECURE" in values else NO_VALUES,
        providers=_platforms(values.get("SENDING_PLATFORMS"), f"{field}.SENDING_PLATFORMS"),
    )


def opaque(value: object, field: str) -> str:
    """JSON text of a value that we hand on unread. Raises error 4 for what JSON cannot say (NaN, Infinity)."""
    try:
        text = orjson.dumps(value)
        if b"null" not in text:
            return text.decode()
    except TypeError:  # integers of more than 64 bits, which the library below can
        pass
    try:  # orjson would say null for what is not finite
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise invalid(field, "numbers must be finite") from None


def _rich(value: object, field: str) -> str | None:
    if value is None:
        return None
    rich = parsed(Rich, _hyphened(value, field), field)
    kept = rich.model_dump(by_alias=True, exclude_unset=True)
    kept = {name: part for name, part in kept.items() if part is not None or name == "custom-payload"}
    category = one_of(kept.pop("content-category", None), CATEGORIES, f"{field}.content-category")
    if category and kept.get("content-url"):
        kept["content-category"] = category
    return opaque(kept, field) if kept else None


def _live_activity(value: object, offset_min: int, field: str) -> str | None:
    if value is None:
        return None
    given = _hyphened(value, field)
    if isinstance(given.get("aps"), dict):
        given = _hyphened(given["aps"], f"{field}.aps")
    activity = parsed(LiveActivity, given, field)
    kept = {name: part for name, part in activity.model_dump(by_alias=True).items() if part is not None}
    event = one_of(activity.event, ("UPDATE", "END"), f"{field}.event")
    if event is None:
        raise invalid(f"{field}.event", "must be update or end")
    kept["event"] = event.lower()
    for name in _MOMENTS:
        if name in kept:
            at = datetime.fromtimestamp(instant_ms(kept[name], offset_min, f"{field}.{name}") / 1000, UTC)
            kept[name] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return opaque(kept, field)


def _secure(value: object, texts: Iterable[str], field: str) -> Mapping[str, str]:
    values = {} if value is None else _mapping(value, field)
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
        raise invalid(field, "must be a list of Android, Ios, Huawei, RuStore, Web")
    return tuple(dict.fromkeys(_PLATFORMS[name.lower()] for name in value))


def _hyphened(value: object, field: str) -> dict[str, Any]:
    return {name.replace("_", "-"): part for name, part in _mapping(value, field).items()}


def _mapping(value: object, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(field, "must be an object")
    return value
