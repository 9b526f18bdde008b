"""Rules, reasons and states that are said in English where they are checked, in the language that is spoken.

Those of the command line's own files have their Russian in RULES of the tables; the platform's, which the command line
shares, in `services/runtime/words`. What neither has stays as it was said.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from string import Formatter

from deploy.cli.words.spoken import spoken
from deploy.cli.words.tables import cluster, devices, repairs, usage
from deploy.cli.words.tables.states import MESSAGES, STATES
from schemas.language import Language
from schemas.reasons import reason_named
from services.runtime.words import translation_of

Patterns = Sequence[tuple[re.Pattern[str], str]]
RULES: Mapping[str, str] = {**devices.RULES, **cluster.RULES, **repairs.RULES}
_FIELD = re.compile(r"[^\s:]+")
_PLACE = re.compile(r"\{\w+\}")


def rule_in(text: str) -> str:
    """A rule, or `field: rule`; the names of fields stay."""
    if spoken() is Language.ENGLISH:
        return text
    field, colon, rule = text.partition(": ")
    is_field = bool(colon) and _FIELD.fullmatch(field) is not None
    own = _found(_rules(), text) or (is_field and (found := _found(_rules(), rule)) and f"{field}: {found}")
    return own or translation_of(text, spoken())


def state_in(state: str) -> str:
    """A state that no row has stays as it is; that of a message has its code behind, for whoever asks for it."""
    if spoken() is Language.ENGLISH:
        return state
    return f"{MESSAGES[state]} ({state})" if state in MESSAGES else STATES.get(state, state)


def reason_in(name: str) -> str:
    """A reason by its name, which stands behind the words of another language; an unknown one stays as it is."""
    reason = reason_named(name)
    return name if spoken() is Language.ENGLISH or reason is None else f"{reason.words.said_in(spoken())} ({name})"


def usage_in(text: str) -> str:
    """A refusal of Typer's; what stands in its places is looked up in turn."""
    return text if spoken() is Language.ENGLISH else _found(_refusals(), text, usage_in) or text


def _found(patterns: Patterns, text: str, inner: Callable[[str], str] | None = None) -> str | None:
    for pattern, russian in patterns:
        if match := pattern.fullmatch(text):
            values = match.groupdict()
            return russian.format(**{name: inner(value) if inner else value for name, value in values.items()})
    return None


@cache
def _rules() -> Patterns:
    return _patterns(RULES)


@cache
def _refusals() -> Patterns:
    return _patterns(usage.REFUSALS)


def _patterns(table: Mapping[str, str]) -> Patterns:
    """What says most comes first."""
    found = sorted(table.items(), key=lambda pair: -len(_PLACE.sub("", pair[0])))
    return [(re.compile("".join(_pattern(english)), re.DOTALL), russian) for english, russian in found]


def _pattern(english: str) -> Iterator[str]:
    for text, name, _, _ in Formatter().parse(english):
        yield re.escape(text)
        if name is not None:
            yield f"(?P<{name}>.+)"
