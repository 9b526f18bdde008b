"""What the channel platform has taken, and its delivery reports: as planned for a phone, or on demand.

A report is posted until it is answered 200, for some minutes; what it was answered is kept. The plan of a phone (or of
all) is a list of steps, done one after the other when a message is taken; without steps the platform is silent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp

TRIES = 100
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0
TIMEOUT_S = 10.0
_ZONE = timezone(timedelta(hours=3))
_DATE = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True)
class Step:
    """One report, `after_ms` behind the one before it, posted `times` times over."""

    status: int
    error_code: int = 0
    after_ms: int = 0
    times: int = 1


@dataclass
class Posted:
    """A message that was taken."""

    id: str
    mt_num: str
    at_ms: int
    phone: str
    type: str
    data: dict[str, Any]
    notify_url: str | None
    repeats: int = 0  # how often it was posted again
    answered: list[int] = field(default_factory=list)  # what each report was answered; 0: nothing


DELIVERED = (Step(2, after_ms=50),)


class Reporter:
    """The inbox of the platform and the reports on it."""

    def __init__(self) -> None:
        self.plans: dict[str | None, Sequence[Step]] = {None: DELIVERED}
        self._posted: dict[str, Posted] = {}
        self._arrived = asyncio.Condition()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._session: aiohttp.ClientSession | None = None

    def by_id(self, posted_id: str) -> Posted | None:
        return self._posted.get(posted_id)

    def to_phone(self, phone: str | None) -> list[Posted]:
        """Oldest first; None for all."""
        return [posted for posted in self._posted.values() if phone in (None, posted.phone)]

    def clear(self) -> None:
        """Forgets messages and plans."""
        self._posted.clear()
        self.plans = {None: DELIVERED}

    def take(self, posted: Posted) -> None:
        """Keeps a message and follows the plan for its phone."""
        self._posted[posted.id] = posted
        self._run(self._wake())
        self._run(self._follow(posted, self.plans.get(posted.phone, self.plans[None])))

    async def wait(self, phone: str | None, count: int, timeout_s: float) -> list[Posted]:
        """As soon as there are `count`, or what there is when the time is over."""
        try:
            async with asyncio.timeout(timeout_s), self._arrived:
                await self._arrived.wait_for(lambda: len(self.to_phone(phone)) >= count)
        except TimeoutError:
            pass  # the caller sees by their number that they have not come
        return self.to_phone(phone)

    async def report(self, posted: Posted, step: Step) -> list[int]:
        """Posts a report, as often as the step says; the answers that it came to an end with."""
        await asyncio.sleep(step.after_ms / 1000)
        return [await self._until_taken(posted, step) for _ in range(step.times)]

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def _follow(self, posted: Posted, steps: Sequence[Step]) -> None:
        for step in steps:
            await self.report(posted, step)

    async def _until_taken(self, posted: Posted, step: Step) -> int:
        wait_s, answered = FIRST_WAIT_S, 0
        for left in reversed(range(TRIES)):
            answered = await self._post(posted, step)
            posted.answered.append(answered)
            if answered == 200 or not left:
                break
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        return answered

    async def _post(self, posted: Posted, step: Step) -> int:
        if posted.notify_url is None:
            return 0
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        try:
            async with self._session.post(posted.notify_url, json=_body(posted, step)) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0


def _body(posted: Posted, step: Step) -> dict[str, Any]:
    now = datetime.now(_ZONE).strftime(_DATE)
    return {
        "id": posted.id,
        "mtNum": posted.mt_num,
        "status": step.status,
        "type": posted.type,
        "doneDate": now if step.status in (2, 9) else "",
        "submitDate": datetime.fromtimestamp(posted.at_ms / 1000, _ZONE).strftime(_DATE),
        "sourceAddr": posted.data.get("serviceNumber", ""),
        "destAddr": posted.phone,
        "text": posted.data.get("text", ""),
        "partCount": "001",
        "errorCode": str(step.error_code),
        "trafficType": 2,
    }
