"""A headless Chromium, driven over the DevTools protocol: pages, service workers, screenshots."""

import asyncio
import base64
import itertools
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import orjson

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_S = 30.0
CALL_S = 30.0
Json = dict[str, Any]
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")


class NoBrowserError(Exception):
    """There is no browser on the PATH."""


class ScriptError(Exception):
    """A script in the browser threw."""


class Browser:
    """The connection; `session` of a call is a page's or a worker's, empty for the browser itself."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.events: list[Json] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}

    async def call(self, method: str, session: str = "", **params: Any) -> Json:
        """One command. Raises ScriptError with what the browser says, TimeoutError."""
        number = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        sent: Json = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        await self._socket.send_str(orjson.dumps(sent).decode())
        async with asyncio.timeout(CALL_S):
            came = await answer
        if "error" in came:
            raise ScriptError(f"{method}: {came['error']['message']}")
        result: Json = came["result"]
        return result

    async def attach(self, target: str) -> str:
        """The session of a target."""
        return str((await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"])

    async def run(self, session: str, script: str) -> Any:
        """The value of an expression; promises are awaited. Raises ScriptError."""
        about = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        came = await self.call("Runtime.evaluate", session, **about)
        if "exceptionDetails" in came:
            thrown = came["exceptionDetails"]
            raise ScriptError(thrown.get("exception", {}).get("description", thrown["text"]))
        return came["result"].get("value")

    async def screenshot(self, session: str) -> bytes:
        """The whole page as PNG."""
        shot = await self.call("Page.captureScreenshot", session, format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            came = orjson.loads(message.data)
            waiting = self._waiting.pop(came.get("id", 0), None)
            if waiting is None:
                self.events.append(came)
            elif not waiting.done():
                waiting.set_result(came)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with a profile of its own, gone at the end. Raises NoBrowserError."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise NoBrowserError(f"none of {', '.join(NAMES)} is on the PATH")
    with TemporaryDirectory(prefix="rpns-browser-", ignore_cleanup_errors=True) as folder:
        arguments = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage")
        running = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "--window-size=900,1100",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with (
                asyncio.TaskGroup() as tasks,
                aiohttp.ClientSession() as http,
                http.ws_connect(await _address(running), max_msg_size=0) as socket,
            ):
                browser = Browser(socket)
                around = [tasks.create_task(browser.listen()), tasks.create_task(_drained(running))]
                yield browser
                for task in around:
                    task.cancel()
        finally:
            with suppress(ProcessLookupError):
                running.terminate()
            await running.wait()


async def _address(running: asyncio.subprocess.Process) -> str:
    """The address on which the browser says that it listens."""
    assert running.stderr is not None
    async with asyncio.timeout(START_S):
        async for line in running.stderr:
            if found := _LISTENING.search(line):
                return found[1].decode()
    raise NoBrowserError("it ended before it was ready")


async def _drained(running: asyncio.subprocess.Process) -> None:
    """What it goes on writing about this machine is nobody's concern, but must not fill the pipe."""
    assert running.stderr is not None
    async for _ in running.stderr:
        pass
