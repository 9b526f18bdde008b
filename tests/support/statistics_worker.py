"""The statistics worker as a process of its own, on the real Kafka: started, killed, ended."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import aiohttp

from deploy.local.ports import free_ports
from schemas import codec
from schemas.statistic_events import StatisticChanged, StatisticPart, key_of
from schemas.topics import DELIVERY_STATISTICS, STATISTIC_PARTS
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from services.runtime.settings import Settings
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
_COUNTED_S = 120.0
"""The broker waits for a killed worker until its session is over."""


@dataclass
class Worker:
    """`newest` holds the statistics by their keys, as a reader of `delivery-statistics` has them; `published` is how
    many records it has read."""

    settings: Settings
    log: Log
    output: IO[bytes]
    newest: dict[str, StatisticChanged] = field(default_factory=dict)
    published: int = 0
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it is ready."""
        (port,) = free_ports(1)
        own = {
            "KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "KAFKA_TOPIC_PREFIX": self.settings.kafka_topic_prefix,
            "KAFKA_PARTITIONS": str(self.settings.kafka_partitions),
            "KAFKA_REPLICATION": "1",
            "RPNS_METRICS_PORT": str(port),
        }
        command = (sys.executable, "-m", "services.statistics")
        self.process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **own}, cwd=ROOT, stderr=self.output
        )
        async with aiohttp.ClientSession() as http:

            async def has_begun() -> bool:
                assert self.process is not None
                assert self.process.returncode is None, "the worker has ended"
                return await _answers(http, f"http://127.0.0.1:{port}/readyz")

            await eventually(has_begun, "the worker is ready", 60)

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()

    async def count(self, *parts: StatisticPart) -> None:
        await self.log.append([Append(STATISTIC_PARTS, key_of(part.statistic), part) for part in parts])

    async def until(self, counts: dict[str, int]) -> None:
        """Until the newest statistics have these counts, by key. Fails with what there was."""
        await eventually(lambda: self.counts == counts, lambda: f"{counts}, not {self.counts}", _COUNTED_S)

    @property
    def counts(self) -> dict[str, int]:
        return {key: statistic.count for key, statistic in self.newest.items()}

    def heard(self, key: str, value: bytes | None) -> None:
        assert value is not None
        changed = codec.decode(DELIVERY_STATISTICS, value)
        assert isinstance(changed, StatisticChanged)
        assert key == key_of(changed.statistic)
        self.published += 1
        if key not in self.newest or changed.count >= self.newest[key].count:
            self.newest[key] = changed


@asynccontextmanager
async def worker_on(settings: Settings) -> AsyncIterator[Worker]:
    """Topics, a log and a reader; the worker itself is not started yet, and is killed if it still runs at the end."""
    await kafka.create_topics(settings)
    with tempfile.TemporaryFile() as output:
        async with kafka.opened_log(settings) as log:
            worker = Worker(settings, log, output)
            reading = asyncio.ensure_future(kafka.follow(settings, DELIVERY_STATISTICS, worker.heard, asyncio.Event()))
            try:
                yield worker
            finally:
                if worker.process is not None and worker.process.returncode is None:
                    await worker.end(signal.SIGKILL)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


def errors_in(output: IO[bytes]) -> Sequence[str]:
    """Its lines at error level."""
    output.seek(0)
    return [line for line in output.read().decode().splitlines() if '"level":"error"' in line or "Traceback" in line]


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
