"""Who was refused at operators' routes and where partners send, for the audit trail: added up, to fill no topic.

    401, 403, 429 ─▶ counted by caller, network, route, answer ─▶ once a minute: a record for each of the most frequent
    a sign-in to an account that failed ─▶ likewise, and by the account; the first of its kind ─▶ a record at once

What was tried stands in each record, so no harmless request hides another. What gives rights, or a way in
(`operator_routes.gives_rights`), has room of its own; what finds none is added up apart from what is harmless.

A caller who is known (a named token without the scope) is told of from the first refusal, and so is whoever tried to
sign in to an account that there is; any other stranger from the `FROM_STRANGERS`th within the minute. Of each of these
kinds no more than `_MOST_KEPT` are told apart, and a minute has at most `MOST_RIGHTS` + `MOST` + 2 records, whoever
tries what. Nothing here waits: a sign-in that fails takes as long for a name that nobody has, also while Kafka is away.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from starlette.types import Scope

from schemas import ids
from schemas.audit_events import Audited, AuditedChange, ChangedField
from services.runtime.access.audit import Caller, TriedAccount, record
from services.runtime.access.callers import Network, caller_address, network_of
from services.runtime.access.operator_routes import audited_route_of, gives_rights, routes_at
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Log
from services.runtime.looks import path_of
from services.runtime.loops import keep_on

STRANGER = "unknown"
OTHERS = "others"
"""Stands for the network of those who had no room."""
RIGHTS = "rights"
"""The path of what was tried to be given rights, and had no room."""
FROM_STRANGERS = 10
EVERY_S = 60.0
MOST_RIGHTS, MOST, MOST_AT_ONCE = 40, 20, 20
_MOST_KEPT, _MOST_OF_PATH = 1_000, 200
_HIDDEN = "…"
_OF_STRANGERS = 2
"""The rank of those of whom nothing is known."""
_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))


class Refusal(NamedTuple):
    """What is added up. `network` as `callers.network_of` names it; `who` is `STRANGER` for nobody whom we know."""

    caller: Caller
    network: str
    method: str
    route: str  # as the table of routes writes it, or the path that stands in none
    status: int
    account: TriedAccount | None = None

    @property
    def is_about_rights(self) -> bool:
        return gives_rights(self.method, self.route)

    @property
    def rank(self) -> int:
        """Who comes first where there is little room: strangers must not hide whom we know."""
        if self.caller.who != STRANGER:
            return 0
        return _OF_STRANGERS if self.account is None else 1


def _others(path: str) -> Refusal:
    return Refusal(Caller(STRANGER), OTHERS, "", path, 0)


class Refusals:
    """Those of this process since the last record. Safe to call from anywhere on its loop; it waits for nothing."""

    def __init__(self, sink: Log, service: str, trusted: Sequence[Network]) -> None:
        self._sink, self._service, self._trusted = sink, service, trusted
        self._told, self._telling = set[Refusal](), set[asyncio.Task[None]]()
        self._begin()

    def note(self, caller: Caller, scope: Scope, status: int, account: TriedAccount | None = None) -> None:
        """A request that was refused; `account`: which one it was to sign in to, if there is such a one."""
        known = caller if caller.who else Caller(STRANGER)
        network = network_of(caller_address(scope, self._trusted))
        method, route = _asked(scope)
        refusal = Refusal(known, network, method, route, status=status, account=account)
        is_new = refusal not in self._paths
        has_room = not is_new or self._kept[refusal.rank] < _MOST_KEPT
        if refusal.rank == _OF_STRANGERS and (has_room or network in self._by_network):
            self._by_network[network] += 1
        if not has_room:
            self._beyond[refusal.is_about_rights] += 1
            return
        self._kept[refusal.rank] += is_new
        path = path_of(audited_route_of(method, scope["path"]), scope["path"], lambda _: _HIDDEN)
        self._paths[refusal] = _common(self._paths.get(refusal, path), path)
        self._counts[refusal] += 1
        if account is not None and is_new and refusal not in self._told and len(self._firsts) < MOST_AT_ONCE:
            self._firsts.add(refusal)
            telling = asyncio.get_running_loop().create_task(self._tell_first(refusal, self._firsts))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    def taken(self) -> list[tuple[Refusal, str, int]]:
        """What is to be told of, with its path and number; it begins anew then."""
        known = [found for found in self._counts.items() if found[1] and self._is_told(found[0])]
        known.sort(key=lambda found: (found[0].rank, -found[1]))
        rights = [found for found in known if found[0].is_about_rights]
        rest = [found for found in known if not found[0].is_about_rights]
        listed = [*rights[:MOST_RIGHTS], *rest[:MOST]]
        others = (
            (RIGHTS, _sum(rights[MOST_RIGHTS:]) + self._beyond[True]),
            ("", _sum(rest[MOST:]) + self._beyond[False]),
        )
        lines = [(refusal, self._paths[refusal], count) for refusal, count in listed]
        self._told = self._firsts | {refusal for refusal, _ in listed if refusal.account is not None}
        self._begin()
        return [*lines, *((_others(path), path, count) for path, count in others if count)]

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what is left then is told at once."""
        await keep_on("refusals", self.flush, stop, EVERY_S)
        await self.flush()
        await asyncio.gather(*self._telling)

    async def flush(self) -> None:
        """Append what has been refused since the last time."""
        events = [self._event(refusal, path, count) for refusal, path, count in self.taken()]
        if events:
            await record(self._sink, events)

    async def _tell_first(self, refusal: Refusal, firsts: set[Refusal]) -> None:
        """Unless the minute has ended, and it was told with its repeats."""
        if firsts is self._firsts:
            self._counts[refusal] -= 1
            await record(self._sink, [self._event(refusal, self._paths[refusal], 1)])

    def _begin(self) -> None:
        self._firsts: set[Refusal] = set()  # told at once; those of the minute before are in `_told`
        self._counts: Counter[Refusal] = Counter()
        self._paths: dict[Refusal, str] = {}
        self._kept: Counter[int] = Counter()  # how many are told apart, by rank
        self._by_network: Counter[str] = Counter()  # of strangers, whatever they tried; of those that are kept
        self._beyond = {True: 0, False: 0}

    def _is_told(self, refusal: Refusal) -> bool:
        return refusal.rank < _OF_STRANGERS or self._by_network[refusal.network] >= FROM_STRANGERS

    def _event(self, refusal: Refusal, path: str, count: int) -> Audited:
        return Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=refusal.caller.who,
            who_id=refusal.caller.who_id,
            address=refusal.network,
            service=self._service,
            method=refusal.method,
            route="",
            path=path[:_MOST_OF_PATH],
            status=refusal.status,
            count=count,
            changes=() if refusal.account is None else (_tried(refusal.account),),
        )


def _asked(scope: Scope) -> tuple[str, str]:
    """The method, and the path without what stands in its places."""
    method = scope["method"] if scope["method"] in _METHODS else _HIDDEN
    route = audited_route_of(method, scope["path"]) or next(iter(routes_at(scope["path"])), None)
    return method, path_of(None, scope["path"], lambda _: _HIDDEN)[:_MOST_OF_PATH] if route is None else route.path


def _common(path: str, other: str) -> str:
    """What stands in both; of the rest that it differed."""
    if path == other:
        return path
    parts = zip_longest(path.split("/"), other.split("/"), fillvalue=_HIDDEN)
    return "/".join(part if part == also else _HIDDEN for part, also in parts)


def _sum(found: Iterable[tuple[Refusal, int]]) -> int:
    return sum(count for _, count in found)


def _tried(account: TriedAccount) -> AuditedChange:
    """Nothing has changed: it says which account it was."""
    values = (ChangedField(name="name", after=account.name),)
    return AuditedChange(entity=f"session/{account.account_id}", fields=("name",), values=values)
