"""Many devices in one process: one stream brings all pushes, a few connections take all receipts back.

    sandbox /follow ─▶ by (provider, token) ─▶ Device.take ─▶ outbox ─▶ POST …/receipts, in batches
                                                   └─▶ listeners: what happened, as it happens

A receipt that does not get through is sent again until it does, as the SDK does it: nothing is lost while the platform
is away. After a break of the stream, what the sandbox has meanwhile received is read before going on.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Self

import aiohttp
import orjson

from deploy.sandbox.phone.activities import Activities
from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.device import Device, Happening, now_ms
from deploy.sandbox.phone.kinds import Platform, identity
from deploy.sandbox.phone.sdk_api import UNREACHABLE, DeviceApi, RefusedError
from deploy.sandbox.phone.sdk_push import Push, UnreadablePushError, read_push

BATCH = 500  # receipts in one request
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0
SILENCE_S = 30.0  # the stream speaks every ten seconds
READ_LIMIT = 2**20
FETCH_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # a push may be faster than what the platform knows of it
KEPT = 100_000  # pushes that the sandbox keeps
Listener = Callable[[Happening], None]


class Fleet:
    """Devices of one application. Use as an async context manager; it follows the sandbox while inside.

    gateway    the platform's public address          control    the sandbox's control API
    backend    proves who logs in; None: the devices only say so

    `counts` says how often each thing happened; `faults` holds what a good platform never causes: pushes that cannot
    be read, receipts that were refused.
    """

    def __init__(
        self, gateway: str, control: str, api_key: str, backend: Backend | None = None, connections: int = 32
    ) -> None:
        self.backend = backend
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.devices: list[Device] = []
        self.listeners: list[Listener] = []
        self._control = control.rstrip("/")
        self.api = DeviceApi(gateway, api_key, connections)
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._by_token: dict[tuple[str, str], Device] = {}
        self._live: dict[str, set[Activities]] = {}  # by the token of an activity, or "channel/<id>"
        self._happened = asyncio.Event()
        self._taken: deque[tuple[str, str, int]] = deque(maxlen=KEPT)

    async def __aenter__(self) -> Self:
        await self.api.__aenter__()
        self._stream = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S), read_bufsize=READ_LIMIT
        )
        connected = asyncio.Event()
        self._following = asyncio.create_task(self._follow(connected))
        waiting = asyncio.create_task(connected.wait())
        done, _ = await asyncio.wait({self._following, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._following in done:
            await self.__aexit__()
            self._following.result()
        return self

    async def __aexit__(self, *exc: object) -> None:
        tasks = [self._following, *self._sending.values(), *self._working]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stream.close()
        await self.api.__aexit__()

    def device(self, platform: Platform, seed: str | None = None, **about: Any) -> Device:
        """A phone; `about` are fields of Device. With a seed it is the same installation in every process.

        It does nothing before `install`.
        """
        made = Device(platform, self, **(identity(seed) if seed is not None else {}), **about)
        self.devices.append(made)
        return made

    async def enrol(
        self, platform: Platform, user: str | None = None, phone: str | None = None, **about: Any
    ) -> Device:
        """A phone that is installed, has a token and is logged in, if there is somebody to log in; as `device`."""
        made = self.device(platform, **about)
        await made.install()
        await made.register_token()
        if user or phone:
            await made.personalize(user, phone)
        if not made.habits.allows_pushes:
            await made.change_settings(pushOsEnabled=False)
        return made

    async def until(self, condition: Callable[[], bool], timeout_s: float = 15) -> None:
        """Wait until `condition` holds; it is looked at whenever something happens. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._happened.clear()
                await self._happened.wait()

    async def drained(self, timeout_s: float = 30) -> None:
        """Wait until every receipt has been taken by the platform. Raises TimeoutError."""
        await self.until(lambda: not self._sending, timeout_s)

    # the way in

    async def _follow(self, connected: asyncio.Event) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            try:
                async with self._stream.get(f"{self._control}/follow") as response:
                    response.raise_for_status()
                    if connected.is_set():
                        await self._catch_up()
                    connected.set()
                    wait_s = FIRST_WAIT_S
                    async for line in lines(response.content):
                        self._take(orjson.loads(line))
            except UNREACHABLE:
                if not connected.is_set():
                    raise  # there was never a sandbox at that address
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _catch_up(self) -> None:
        async with self._stream.get(f"{self._control}/received", params={"limit": KEPT}) as response:
            response.raise_for_status()
            known = set(self._taken)
            for received in orjson.loads(await response.read())["received"]:
                if _identity(received) not in known:
                    self._take(received)

    def _take(self, received: dict[str, Any]) -> None:
        if "error" in received:
            return  # this reader was too slow: the stream ends, and what is missing is read after reconnecting
        self._taken.append(_identity(received))
        live = self._live.get(received["token"])
        if live is not None and received["provider"] == "apns":
            for activities in tuple(live):
                activities.take(received["token"], received["payload"])
            return
        device = self._by_token.get((received["provider"], received["token"]))
        if device is None:
            return
        try:
            push = read_push(device.provider, device.opened(received["payload"]))
        except UnreadablePushError as error:
            self._fault(f"{device.name or device.platform}: {error}")
            return
        device.take(push)

    # what devices call (`device.Carrier`)

    def moved(self, device: Device, old_token: str) -> None:
        self._by_token.pop((device.arrives_at, old_token), None)
        self._by_token[device.arrives_at, device.token] = device

    async def subscribe(self) -> tuple[str, str]:
        """As a page does it: the platform names its key, the push service gives an endpoint."""
        body = {"applicationServerKey": await self.api.web_push_key()}
        async with self._stream.post(f"{self._control}/web/subscriptions", json=body) as response:
            response.raise_for_status()
            made = orjson.loads(await response.read())
            return made["subscription"], made["endpoint"]

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(delay_s, callback)

    def hear(self, happening: Happening) -> None:
        self.counts[happening.what] += 1
        for listener in self.listeners:
            listener(happening)
        self._happened.set()

    def post(self, device: Device) -> None:
        if device.installation_id not in self._sending:
            self._sending[device.installation_id] = asyncio.create_task(self._send(device))

    def fetch(self, device: Device, push: Push) -> None:
        self.spawn(self._fetch(device, push))

    def route(self, token: str, activities: Activities) -> None:
        self._live.setdefault(token, set()).add(activities)

    def changed(self) -> None:
        self._happened.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    # the way out

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (*UNREACHABLE, RefusedError) as error:
            self._fault(f"a call of the SDK: {error!r}")

    async def _fetch(self, device: Device, push: Push) -> None:
        for wait_s in (*FETCH_WAITS_S, None):
            try:
                device.fetched(push, await self.api.content(device.who, push.message_id, push.link))
                return
            except UNREACHABLE:
                pass  # tried again, and in the end the push is shown as it came
            except RefusedError as error:
                if error.status != 404 and not error.is_passing:
                    break
            if wait_s is not None:
                await asyncio.sleep(wait_s)
        device.fetched(push, None)

    async def _send(self, device: Device) -> None:
        wait_s = FIRST_WAIT_S
        try:
            while device.outbox:
                batch = device.outbox[:BATCH]
                try:
                    results = await self.api.send_receipts(device.who, batch, now_ms())
                except UNREACHABLE:
                    pass  # the batch stays in the outbox and is sent again
                except RefusedError as error:
                    if not error.is_passing:
                        self._fault(f"receipts of {device.name or device.platform}: {error}")
                        return
                else:
                    del device.outbox[: len(batch)]
                    refused = [result for result in results if not result["accepted"]]
                    if refused:
                        self._fault(f"receipts of {device.name or device.platform}: {refused}")
                    wait_s = FIRST_WAIT_S
                    continue
                self.counts["receipts sent again"] += 1
                await asyncio.sleep(wait_s * random.uniform(0.5, 1))
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        finally:
            del self._sending[device.installation_id]
            self._happened.set()

    def _fault(self, text: str) -> None:
        self.faults.append(text)
        self._happened.set()


async def lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The whole lines of a stream that are not empty, however long."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line


def _identity(received: dict[str, Any]) -> tuple[str, str, int]:
    return received["message_id"], received["token"], received["at_ms"]
