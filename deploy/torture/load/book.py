"""The book of a run: an account of each message, and a journal with everything that happened, for `explain`.

The journal is a file of JSON lines in the order of time: {at: ms, what, ref, …}. What belongs to no message (a fault,
a process) has no ref.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import orjson

from deploy.sandbox.phone.device import Happening
from deploy.torture.ledgers import Account
from deploy.torture.load.plan import Planned

JOURNAL = "journal.jsonl"
_OF_A_PUSH = ("shown", "repeated", "foreign", "silenced", "held", "withdrawn", "delivered", "read")
_CAME = ("shown", "repeated")


class Book:
    """Use as a context manager; `folder` gets the journal."""

    def __init__(self, folder: Path) -> None:
        self.accounts: dict[str, Account] = {}
        self.planned: dict[str, Planned] = {}
        self.strange: list[str] = []  # what nobody has sent
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / JOURNAL

    def __enter__(self) -> Self:
        self._out = self._file.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def note(self, what: str, ref: str | None = None, **about: Any) -> None:
        """One line of the journal."""
        line = {"at": time.time_ns() // 1_000_000, "what": what} | ({"ref": ref} if ref else {}) | about
        self._out.write(orjson.dumps(line) + b"\n")

    def expect(self, message: Planned) -> None:
        """It is going to be sent."""
        self.planned[message.ref] = message
        self.accounts[message.ref] = Account(message.ref, message.expected)

    def answered(self, ref: str, outcome: str, mt_num: str = "") -> None:
        """The partner has got an answer, or none; with `mt_num` it was told that the message is accepted."""
        self.note("answered" if mt_num else "refused", ref, outcome=outcome, mt_num=mt_num)
        if mt_num:
            self.accounts[ref].accepted = True
            self.accounts[ref].mt_nums.add(mt_num)

    def taken(self, ref: str, where: str) -> None:
        """Accepted without a number of its own: a line of a mailing, or a message of a packet."""
        self.note("answered", ref, outcome=where)
        self.accounts[ref].accepted = True

    def hear(self, happening: Happening) -> None:
        """Something has happened on a phone."""
        ref = happening.push.text
        if happening.what not in _OF_A_PUSH:
            return
        self.note(happening.what, ref, phone=happening.device.name)
        account = self.accounts.get(ref)
        if account is None:
            if happening.what in _CAME:
                self.strange.append(f"a phone has shown {ref!r}")
            return
        account.shown += happening.what == "shown"
        account.repeated += happening.what == "repeated"
        account.pushes += happening.what in _CAME

    def hear_report(self, ref: str, channel: str, status: int, *, taken: bool, answered: int) -> None:
        """The receiver was told of a status, and has taken it or not."""
        self.note("told", ref, channel=channel, status=status, taken=taken, answered=answered)
        account = self.accounts.get(ref)
        if account is None:
            self.strange.append(f"a report about {ref!r}")
        elif taken:
            account.reports.setdefault(channel, []).append(status)

    def hear_sms(self, posted: Iterable[Mapping[str, Any]]) -> None:
        """Everything that the channel platform has taken."""
        for account in self.accounts.values():
            account.sms = account.sms_repeated = 0
        for message in posted:
            account = self.accounts[message["data"]["text"]]
            account.sms += 1
            account.sms_repeated += message["repeats"]
