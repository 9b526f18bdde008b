"""What records show of what somebody typed into a path or a parameter: it may be a phone, or a customer's name. Pure.

an id of ours (UUID), a time             as it is
a word with at most six digits           as it is: an enum, `bank`, `mailing-7`; a phone has seven and more
a message's id that is no UUID           hidden, word or not: it is the partner's own
anything else                            hidden
"""

import re
from collections.abc import Callable

from schemas import ids
from services.runtime.access.operator_routes import OperatorRoute, routes_at

_MOST_OF_PATH, _MOST_DIGITS = 500, 6
_WORD = re.compile(r"[A-Za-z0-9_.,:-]{1,100}", re.ASCII)
_TIME = re.compile(
    r"1\d{12}|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+ -]\d\d:?\d\d)?)?", re.ASCII
)  # ms of 2001 and later, which no phone is as long as; or ISO 8601, whose + a form's encoding makes a space
_OF_LETTERS = ("{topic}", "{partition}", "{offset}")
"""Where a dead letter lies: an offset has many digits, and whoever looks at one must be found by it."""
_ANY_MESSAGE = ("/v1/messages/{any_id}", "/v1/messages/{any_id}/live", "/v1/messages/{any_id}/cancel")
_PLACE_OF_ID = 3
Hidden = Callable[[str], str]
"""What stands in place of a text that is hidden."""


def is_plain(text: str) -> bool:
    """Whether the text has the form of an id of ours, of a time or of an enum, and so names nobody."""
    if ids.is_uuid(text) or _TIME.fullmatch(text):
        return True
    return bool(_WORD.fullmatch(text)) and sum(character.isdigit() for character in text) <= _MOST_DIGITS


def any_id_in(route: OperatorRoute | None, path: str) -> str:
    """What stands in the path where any id of a message may stand; empty: nothing does."""
    return path.removesuffix("\n").split("/")[_PLACE_OF_ID] if route is not None and route.path in _ANY_MESSAGE else ""


def path_of(route: OperatorRoute | None, path: str, hidden: Hidden) -> str:
    """The path as records show it. Without a route by that method, any that the path has says what it means."""
    path = path.removesuffix("\n")
    route = route or next(iter(routes_at(path)), None)
    places = [] if route is None else route.path.split("/")
    parts = path.split("/", len(places) - 1) if places else path.split("/")
    if any_id := any_id_in(route, path):
        parts[_PLACE_OF_ID] = any_id if ids.is_uuid(any_id) else hidden(any_id)
        return "/".join(parts)[:_MOST_OF_PATH]
    places += [""] * (len(parts) - len(places))
    kept = (_part_of(place, part, hidden) for place, part in zip(places, parts, strict=True))
    return "/".join(kept)[:_MOST_OF_PATH]


def _part_of(place: str, text: str, hidden: Hidden) -> str:
    """What is told of this part of a path; the last one may have several."""
    if place in _OF_LETTERS:
        return text
    return "/".join(part if not part or is_plain(part) else hidden(part) for part in text.split("/"))
