"""The error codes of the partner protocol, and the refusals of rules. Pure. Source: `docs/partner-api.md` §2."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple, TypeVar

from schemas.language import Language
from services.runtime.words import translation_of

Value = TypeVar("Value")
Kind = Literal["invalid", "missing", "too_long"]
"""What a rule finds wrong; packets have a word for each."""


class Code(IntEnum):
    """`error.code` of an answer; each has one description and one HTTP status."""

    UNAVAILABLE = 1
    ADDRESS = 2
    TOO_MANY = 3
    INVALID = 4
    LOGIN = 5
    PASSWORD = 6
    SENDER = 7
    PHONE = 8
    TYPE = 9
    DUPLICATE = 10
    TTL = 11
    INTERNAL = 100

    @property
    def description(self) -> str:
        return _TABLE[self][0]

    @property
    def http_status(self) -> int:
        return _TABLE[self][1]


_TABLE = {
    Code.UNAVAILABLE: ("Service is unavailable", 503),
    Code.ADDRESS: ("Invalid IP-address", 403),
    Code.TOO_MANY: ("Too many connections", 429),
    Code.INVALID: ("Invalid request", 400),
    Code.LOGIN: ("Invalid login", 401),
    Code.PASSWORD: ("Invalid password", 401),
    Code.SENDER: ("serviceNumber is not defined", 400),
    Code.PHONE: ("destAddr is not correct", 406),
    Code.TYPE: ("Message type is not correct", 406),
    Code.DUPLICATE: ("Prohibited sending duplicates", 409),
    Code.TTL: ("Invalid TTL", 406),
    Code.INTERNAL: ("Internal error", 500),
}


class Fault(NamedTuple):
    """A field and the rule that it breaks."""

    field: str
    rule: str
    kind: Kind = "invalid"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not accepted: `field` breaks `rule`; neither repeats a value. `field` is empty where none is.

    `others`: what else is wrong. `retry_after_s`: with 429 and 503, after how many seconds the same may be sent again.
    """

    code: Code
    field: str
    rule: str
    retry_after_s: int = 1
    kind: Kind = "invalid"
    others: tuple[Fault, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong, the first of it first."""
        return (Fault(self.field, self.rule, self.kind), *self.others)

    @property
    def detail(self) -> str:
        """All of it as an answer shows it."""
        return self.said_in(Language.ENGLISH)

    def said_in(self, language: Language) -> str:
        """All of it, the rules in words of this language."""
        words = [(fault.field, translation_of(fault.rule, language)) for fault in self.faults]
        return "; ".join(f"{field}: {rule}" if field else rule for field, rule in words)


class Refused(Exception):
    """Raised by a rule; `refusal` is its reason."""

    def __init__(
        self, code: Code, field: str, rule: str, kind: Kind = "invalid", others: tuple[Fault, ...] = ()
    ) -> None:
        self.refusal = Refusal(code, field, rule, kind=kind, others=others)
        super().__init__(self.refusal.detail)


def invalid(field: str, rule: str, kind: Kind = "invalid") -> Refused:
    """Error 4 for a field."""
    return Refused(Code.INVALID, field, rule, kind)


def missing(field: str) -> Refused:
    """Error 4 for a field that must be there."""
    return invalid(field, "mandatory", "missing")


class Faults:
    """What several rules find wrong, the first of it first, each field once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Code, Fault]] = {}

    def of(self, rule: Callable[[], Value]) -> Value | None:
        """What the rule gives; None where it refuses, which is kept."""
        try:
            return rule()
        except Refused as refused:
            self.add(refused.refusal)
            return None

    def add(self, refusal: Refusal) -> None:
        """Keep what was found elsewhere."""
        for fault in refusal.faults:
            self._found.setdefault(fault.field, (refusal.code, fault))

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[tuple[Code, Fault]]:
        """Each, with the code of the rule that it breaks."""
        return iter(self._found.values())

    def judge(self) -> None:
        """Raise Refused, with the code of the first, when anything was found."""
        if self._found:
            (code, first), *others = self
            raise Refused(code, *first, others=tuple(fault for _, fault in others[:MOST_OTHERS]))


MOST_OTHERS = 10
"""Of what is wrong beside the first."""
