"""The error codes of the partner protocol, and how a rule says no. Pure. Source: `docs/partner-api.md` §2."""

from dataclasses import dataclass
from enum import IntEnum


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not accepted. `detail` names the field and the rule, and never repeats a value.

    `retry_after_s`: with 429 and 503, after how many seconds the same may be sent again.
    """

    code: Code
    detail: str
    retry_after_s: int = 1


class Refused(Exception):
    """Raised by a rule, caught by `accept`."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(code, detail)


def invalid(field: str, rule: str) -> Refused:
    """Error 4 for a field."""
    return Refused(Code.INVALID, f"{field}: {rule}")
