"""Who was refused at operators' routes and where partners send, for the audit trail: added up, to fill no topic.

    401, 403, 429 ─▶ counted by caller, network and answer ─▶ once a minute: a record for each of the most frequent

A caller who is known (a named token without the scope) is told of from the first refusal, a
stranger from the `FROM_STRANGERS`th within the minute. What does not fit into `_MOST` is one record of all others, and
no more than `_MOST_KEPT` callers are told apart: a minute has at most `_MOST` + 1 records, whoever tries what.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from starlette.types import Scope

from schemas import ids
from schemas.audit_events import Audited
from services.runtime.access.audit import record
from services.runtime.access.callers import Network, caller_address, network_of
from services.runtime.access.operator_routes import route_of
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Log
from services.runtime.looks import path_of
from services.runtime.loops import keep_on

STRANGER = "unknown"
FROM_STRANGERS = 10
EVERY_S = 60.0
_MOST, _MOST_KEPT, _MOST_OF_PATH = 20, 1_000, 200


class Refusal(NamedTuple):
    """One of them. `network` as `callers.network_of` names it; `who` is `STRANGER` for nobody whom we know."""

    who: str
    network: str
    method: str
    path: str
    status: int


_OTHERS = Refusal(STRANGER, "others", "", "", 0)


def _hidden(_: str) -> str:
    """What is shown of an id that somebody asked for: it may be a phone."""
    return "…"


class Refusals:
    """Those of this process since the last record. Safe to call from anywhere on its loop; it waits for nothing."""

    def __init__(self, sink: Log, service: str, trusted: Sequence[Network]) -> None:
        self._sink, self._service, self._trusted = sink, service, trusted
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._first: dict[tuple[str, str, int], Refusal] = {}
        self._beyond = 0

    def note(self, who: str, scope: Scope, status: int) -> None:
        """A request that was refused; `who` is empty for a stranger."""
        network = network_of(caller_address(scope, self._trusted))
        key = who or STRANGER, network, status
        if key not in self._first and len(self._first) >= _MOST_KEPT:
            self._beyond += 1
            return
        path = path_of(route_of(scope["method"], scope["path"]), scope["path"], _hidden)
        self._first.setdefault(key, Refusal(key[0], network, scope["method"], path, status))
        self._counts[key] += 1

    def taken(self) -> list[tuple[Refusal, int]]:
        """What is to be told of, the most frequent first, with their numbers; it begins anew then."""
        known = [(key, n) for key, n in self._counts.most_common() if key[0] != STRANGER or n >= FROM_STRANGERS]
        found = [(self._first[key], count) for key, count in known[:_MOST]]
        rest = sum(count for _, count in known[_MOST:]) + self._beyond
        self._counts, self._first, self._beyond = Counter(), {}, 0
        return [*found, (_OTHERS, rest)] if rest else found

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what is left then is told at once."""
        await keep_on("refusals", self.flush, stop, EVERY_S)
        await self.flush()

    async def flush(self) -> None:
        """Append what has been refused since the last time."""
        events = [self._event(refusal, count) for refusal, count in self.taken()]
        if events:
            await record(self._sink, events)

    def _event(self, refusal: Refusal, count: int) -> Audited:
        return Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=refusal.who,
            address=refusal.network,
            service=self._service,
            method=refusal.method,
            route="",
            path=refusal.path[:_MOST_OF_PATH],
            status=refusal.status,
            count=count,
        )
