"""Sends the examples, each with the proof that its document asks for, and judges what is answered.

await walk.send("registry.changePartner", at={"partner_id": "acme"})      the example as it is
await walk.send("status.postChannelReport", {"id": posted}, at=…)          with what must exist under a key
"""

import asyncio
import base64
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson

from deploy.local.provision import BATCH_KEY, await_read
from tests.support.api_examples.documents import JSON, Operation
from tests.support.waiting import eventually
from tests.support.world import World

NOWHERE: Mapping[str, str] = MappingProxyType({})
SHOWN_ONCE = {"apiKey", "credential", "password", "secret", "webhookSecret"}
"""What answers show must stand in no log."""
STREAM = "text/event-stream"
_OPERATORS = ("operator", "session")


@dataclass
class Walk:
    """`proofs` are headers by the name of their security scheme; a part of the walk may put others there."""

    world: World
    http: aiohttp.ClientSession
    known: Mapping[str, list[Operation]]
    proofs: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """What an earlier part was answered, and a later one asks for."""
    sent: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    async def send(
        self,
        name: str,
        changes: Mapping[str, Any] | None = None,
        /,
        *,
        more: Mapping[str, Any] | None = None,
        by: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        at: Mapping[str, str] = NOWHERE,
    ) -> Any:
        """The last answer's body, of JSON the value. A GET is sent in each way to prove who asks, or in that of `by`.

        `changes` are values for keys of the example's body, `more` what it has beside, `at` the parameters of the path.
        """
        self.sent.add(name)
        answer: Any = None
        for operation in self.known[name]:
            for way in operation.ways or [""]:
                if by in (None, way):
                    for kind, example in operation.examples():
                        body = replaced(name, example, changes or {})
                        body = {**body, **more} if more else body
                        given = {**self.proofs.get(way, {}), **(headers or {})}
                        url = self._url(operation, way) + _filled(operation, at) + _query(query)
                        answer = await self._ask(operation, url, given, kind, body)
                    if operation.method != "GET":
                        return answer
        return answer

    async def until(
        self,
        name: str,
        is_wanted: Callable[[Any], bool],
        /,
        *,
        by: str | None = None,
        query: Mapping[str, str] | None = None,
        at: Mapping[str, str] = NOWHERE,
    ) -> Any:
        """The answer of a GET, asked until it is the wanted one; only that one is judged."""
        operation = next(found for found in self.known[name] if by in (None, *found.ways))
        way = by or operation.ways[0]
        url = self._url(operation, way) + _filled(operation, at) + _query(query)
        seen: list[Any] = []

        async def has_come() -> bool:
            async with self.http.get(url, headers=self.proofs[way]) as response:
                seen[:] = [orjson.loads(await response.read())]
                return response.status == 200 and is_wanted(seen[0])

        await eventually(has_come, lambda: f"{name}: {seen}", 60, 0.2)
        return await self.send(name, by=by, query=query, at=at)

    @contextmanager
    def proving(self, scheme: str, proof: dict[str, str]) -> Iterator[None]:
        """Inside, somebody else asks."""
        before, self.proofs[scheme] = self.proofs.get(scheme, {}), proof
        yield
        self.proofs[scheme] = before

    async def is_read(self, changed_at_ms: int) -> None:
        """Until each service knows the partners and applications as they were then."""
        await asyncio.to_thread(await_read, self.world.stack.describe(), changed_at_ms)

    async def walk(self, parts: Iterable[Callable[["Walk"], Awaitable[None]]]) -> None:
        """Each part; one that breaks off leaves a fault, and the next begins."""
        for part in parts:
            try:
                await part(self)
            except Exception:
                self.faults.append(f"{part.__name__} broke off: {traceback.format_exc(limit=-4)}")

    async def _ask(self, operation: Operation, url: str, headers: Mapping[str, str], kind: str, body: Any) -> Any:
        data = body.encode() if isinstance(body, str) else orjson.dumps(body) if kind else None
        given = {**headers, **({"Content-Type": kind} if kind else {})}
        async with self.http.request(
            operation.method, url, headers=given, data=data, allow_redirects=False
        ) as response:
            is_stream = response.content_type == STREAM
            content = await (response.content.readline() if is_stream else response.read())
            fault = operation.fault_of(response.status, response.content_type if content else "", content)
            if fault is not None:
                self.faults.append(f"{operation.name}, {operation.method} {url}: {fault}")
            if "Set-Cookie" in response.headers:
                self._keep(response.headers.getall("Set-Cookie"))
            answer = orjson.loads(content) if content and response.content_type == JSON else content
            if isinstance(answer, dict):
                self.world.secret |= {answer[key] for key in SHOWN_ONCE & answer.keys() if answer[key]}
            return answer

    def _keep(self, cookies: list[str]) -> None:
        shown = "; ".join(cookie.partition(";")[0] for cookie in cookies)
        self.proofs["session"] = {"Cookie": shown, "X-RPNS-Console": "1"}

    def _url(self, operation: Operation, way: str) -> str:
        stack = self.world.stack
        is_operators = way in _OPERATORS or operation.path.startswith("/v1/session")
        return stack.operators_url if is_operators else stack.public_url


def replaced(name: str, example: Any, changes: Mapping[str, Any]) -> Any:
    """The example with other values under these keys, wherever they stand. Fails for one that stands nowhere."""
    left = set(changes)

    def inner(part: Any) -> Any:
        if isinstance(part, dict):
            left.difference_update(part)
            return {key: changes[key] if key in changes else inner(value) for key, value in part.items()}
        return [inner(item) for item in part] if isinstance(part, list) else part

    made = inner(example)
    assert not left, f"{name}: the example has no {left}"
    return made


def basic(login: str, password: str) -> dict[str, str]:
    """The proof of a partner."""
    return {"Authorization": f"Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    """The proof of an operator or an installation."""
    return {"Authorization": f"Bearer {token}"}


def batch_key(key: str = BATCH_KEY) -> dict[str, str]:
    """The proof of who sends packets."""
    return {"Authorization": f"Key {key}"}


def _filled(operation: Operation, path: Mapping[str, str]) -> str:
    return operation.path.format(**{name: quote(value, safe="") for name, value in path.items()})


def _query(query: Mapping[str, str] | None) -> str:
    return f"?{urlencode(query)}" if query else ""
