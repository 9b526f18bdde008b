"""LIVE_ACTIVITY of a push or a broadcast: which activity shows what. Pure.

    every event      timestamp; relevance-score, stale-date, alert
    update, end      activity-id: which activity; without it, all of the recipient's in this application
    update, start    content-state is mandatory: the phone drops what has none
    end              dismissal-date; one in the past closes at once. With another event it is ignored
    start            attributes-type, attributes; input-push-token or input-push-channel. The alert that Apple wants is
                     title and text of the message, unless `alert` says otherwise

Names with hyphens or underscores, within `aps` or without it. Times are ISO 8601, without an offset in the partner's
zone. Sources: `docs/partner-api.md` §1, `docs/providers.md` §1.10.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from services.ingest.rules.body import Hyphened, parsed
from services.ingest.rules.errors import invalid
from services.ingest.rules.fields import instant_ms, one_of
from services.ingest.rules.opaque_json import hyphened, kept_of, opaque
from services.runtime.http.field_rules import AGREED_NAME

_MOMENTS = ("timestamp", "stale-date", "dismissal-date")
_OF_START = ("attributes-type", "attributes", "input-push-token", "input-push-channel")
MAX_BYTES = 3500
"""As JSON: more would not fit into the 4096 bytes of APNs besides an alert."""
_Name = Annotated[str, Field(pattern=AGREED_NAME)]


def _text(value: object) -> object:
    if not isinstance(value, str | dict):
        raise ValueError("must be a string or {loc-key, loc-args}")
    return value


def _number(value: object) -> object:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _object(value: object) -> object:
    if value is not None and not isinstance(value, dict):
        raise ValueError("must be an object")
    return value


_Text = Annotated[Any, BeforeValidator(_text)]
_Object = Annotated[Any, BeforeValidator(_object)]
"""Handed on unread: a model would make a new dict of it, with each name once."""


class LiveAlert(Hyphened):
    """`alert`: what the phone shows when the activity changes."""

    model_config = ConfigDict(extra="allow")

    title: _Text = None
    body: _Text = None
    sound: str | None = None


class LiveActivity(Hyphened):
    """LIVE_ACTIVITY; fields that Apple knows beyond these are passed on."""

    model_config = ConfigDict(extra="allow")

    activity_id: _Name | None = None
    timestamp: str
    event: str
    content_state: _Object = None
    stale_date: str | None = None
    dismissal_date: str | None = None
    relevance_score: Annotated[Any, BeforeValidator(_number)] = None
    alert: LiveAlert | None = None
    attributes_type: _Name | None = None
    attributes: _Object = None
    input_push_token: Any = None
    input_push_channel: Annotated[str, Field(min_length=1, max_length=128)] | None = None


def live_activity_of(value: object, offset_min: int, field: str, *, max_bytes: int = MAX_BYTES) -> str | None:
    """JSON text with hyphens in its names and times in UTC. Raises error 4 that names field and rule."""
    if value is None:
        return None
    given = hyphened(value, field)
    if isinstance(given.get("aps"), dict):
        given = hyphened(given["aps"], f"{field}.aps")
    activity = parsed(LiveActivity, given, field)
    event = (one_of(activity.event, ("START", "UPDATE", "END"), f"{field}.event") or "").lower()
    if not event:
        raise invalid(f"{field}.event", "must be START or UPDATE or END")
    kept = kept_of(activity) | {"event": event}
    if event == "start":
        _check_start(kept, field)
    else:
        _check_change(kept, field)
    for name in _MOMENTS:
        if name in kept:
            at = datetime.fromtimestamp(instant_ms(kept[name], offset_min, f"{field}.{name}") / 1000, UTC)
            kept[name] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if event != "end":
        kept.pop("dismissal-date", None)
    text = opaque(kept, field)
    if len(text.encode()) > max_bytes:
        raise invalid(field, f"must have at most {max_bytes} bytes as JSON")
    return text


def _check_start(kept: dict[str, Any], field: str) -> None:
    for name in ("attributes-type", "attributes", "content-state"):
        if name not in kept:
            raise invalid(f"{field}.{name}", "mandatory for start")
    if "activity-id" in kept:
        raise invalid(f"{field}.activity-id", "is for update and end: what is to be started has no id yet")
    wants_token = kept.pop("input-push-token", None)
    if wants_token not in (None, 0, 1):  # true is 1 as well
        raise invalid(f"{field}.input-push-token", "must be 1")
    if wants_token:
        if "input-push-channel" in kept:
            raise invalid(f"{field}.input-push-channel", "excludes input-push-token")
        kept["input-push-token"] = 1


def _check_change(kept: dict[str, Any], field: str) -> None:
    for name in _OF_START:
        if name in kept:
            raise invalid(f"{field}.{name}", "is for start only")
    if kept["event"] == "update" and "content-state" not in kept:
        raise invalid(f"{field}.content-state", "mandatory for update")
