"""The status of a delivery report and its words. Source: `docs/partner-api.md` §3, §6.

    status   rank   word          of a message of a packet
    0        0      sent          SENT
    5        1      undelivered   by its reason (`schemas/reasons.py`)
    2        2      delivered     DELIVERED
    9        3      read          READ

A partner never sees a lower rank after a higher one.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from schemas.language import Words

PacketWord = Literal["ACCEPTED", "SENT", "DELIVERED", "READ", "UNDELIVERABLE", "REJECTED", "EXPIRED", "UNKNOWN"]
"""A message's state in the packet API. ACCEPTED: nothing is reported yet."""


class ReportStatus(IntEnum):
    """The `status` of a delivery report."""

    rank: int
    word: str
    packet_word: PacketWord

    SENT = 0, 0, "sent", "SENT"
    DELIVERED = 2, 2, "delivered", "DELIVERED"
    UNDELIVERED = 5, 1, "undelivered", "UNDELIVERABLE"
    READ = 9, 3, "read", "READ"

    def __new__(
        cls, value: int, rank: int = 0, word: str = "", packet_word: PacketWord = "UNDELIVERABLE"
    ) -> "ReportStatus":
        """Every member gives all four; the defaults are for mypy, to which `ReportStatus(value)` is a construction."""
        status = int.__new__(cls, value)
        status._value_ = value
        status.rank, status.word, status.packet_word = rank, word, packet_word
        return status


STATUS_WORDS: Mapping[ReportStatus, Words] = MappingProxyType(
    {
        ReportStatus.SENT: Words("sent", "отправлено"),
        ReportStatus.DELIVERED: Words("delivered", "доставлено"),
        ReportStatus.UNDELIVERED: Words("not delivered", "не доставлено"),
        ReportStatus.READ: Words("read", "прочитано"),
    }
)
"""What a report has told the partner, for people."""
FINAL = frozenset({ReportStatus.UNDELIVERED, ReportStatus.READ})
"""Once the partner has taken one of these, nothing more is reported."""
