"""An account of one message: what was to happen, and what each ledger says that did. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Sms = Literal["never", "once"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to become of a message once all is quiet.

    shown    how often somebody's phone shows it; None: at most once, its lifetime may end first
    sms      whether its cascade goes on to one
    end      the last report on the push, by its status (9 read, 5 not delivered)
    absorbs  whether the provider, or the phone, shows what is sent twice only once
    may_be_refused   its application's key is revoked now and then, and the first pushes under such a key are refused:
                     it may end as not delivered, unseen; then `falls_back` says whether an SMS goes out
    """

    shown: Literal[0, 1] | None = 1
    sms: Sms = "never"
    end: int = 9
    absorbs: bool = True
    may_be_refused: bool = False
    falls_back: bool = False


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """A link as the platform tells it: the status that the partner is to be told, and the one that it has taken."""

    channel: str
    state: str
    owed: int | None = None
    taken: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A message as the platform tells it. `in_doubt`: an attempt whose answer is lost, and is not made again."""

    state: str
    mt_num: str
    links: tuple[LinkHistory, ...] = ()
    in_doubt: bool = False


@dataclass(slots=True)
class Account:
    """One message in all four ledgers."""

    ref: str
    expected: Expected
    accepted: bool = False  # the partner has been told so at least once
    mt_nums: set[str] = field(default_factory=set)  # what it was told to call it
    shown: int = 0  # on whatever phone
    repeated: int = 0  # came to a phone that had it already
    pushes: int = 0  # accepted by a provider, without withdrawals
    sms: int = 0  # different messages that the channel platform took
    sms_repeated: int = 0
    reports: dict[str, list[int]] = field(default_factory=dict)  # statuses that the receiver took, by channel
    history: History | None = None

    @property
    def calls(self) -> int:
        return self.pushes + self.sms + self.sms_repeated

    @property
    def calls_repeated(self) -> int:
        return max(0, self.pushes - 1) + self.sms_repeated


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, by kind: the messages, each with what is wrong with it."""

    wrong: dict[str, dict[str, str]]
    accounts: int
    accepted: int
    calls: int
    calls_repeated: int
    in_doubt: int
    refused: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        return not any(self.wrong.values())

    @property
    def repeated_share(self) -> float:
        return self.calls_repeated / self.calls if self.calls else 0.0
