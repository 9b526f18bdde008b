"""How repairs reach Kafka and MongoDB, show how far they are, and end with one line when they cannot."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from aiokafka.errors import KafkaError

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.place import Place
from deploy.cli.words import phrase, rule_in
from deploy.repair.opened import Opened, Refused, opened
from deploy.repair.replay import Progress
from schemas.codec import Damaged, Newer
from services.runtime import mongo, telemetry
from services.runtime.crypto.master_key import BadMasterKey
from services.runtime.settings import Settings

_EVERY_S = 1.0
T = TypeVar("T")


class Shown:
    """Says on standard error, once a second, what is done, of how much, and how fast."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._next_s = quiet, 0.0

    def __call__(self, what: str, progress: Progress) -> None:
        now = time.monotonic()
        if self._quiet or now < self._next_s:
            return
        self._next_s = now + _EVERY_S
        rate = progress.rate
        left_s = (progress.total - progress.done) / rate if rate else 0
        text = "{what}: {done} of {total}, {rate} a second, {left} s left"
        names = {"what": what, "done": progress.done, "total": progress.total}
        line = phrase(text, **names, rate=f"{rate:,.0f}", left=f"{left_s:,.0f}")
        show.errors().print(f"[dim]{line}[/]")


def reached(
    context: typer.Context, name: str, work: Callable[[Opened, Shown], Awaitable[T]], *, quiet: bool = False
) -> T:
    """What `work` makes of the deployment that the settings name. Raises Fault."""
    place: Place = context.obj
    settings = place.settings()
    telemetry.configure_logging(f"rpns {name}", "warning")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is said once, below

    async def run() -> T:
        async with opened(settings) as found:
            return await work(found, Shown(quiet=quiet))

    try:
        return asyncio.run(run())
    except BaseExceptionGroup as group:
        raise _fault(settings, _first(group)) from None
    except Exception as error:
        raise _fault(settings, error) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _fault(settings: Settings, error: BaseException) -> BaseException:
    match error:
        case Refused() | BadMasterKey() | Fault():
            return Fault(rule_in(str(error)))
        case Newer():
            return Fault(phrase("a newer release has written {what}: repair with that one", what=error))
        case Damaged():
            return Fault(phrase("{what}: a rebuild makes it again from the log", what=error))
        case KafkaError():
            return Fault(phrase("Kafka at {address}: {error}", address=settings.kafka_bootstrap, error=repr(error)))
        case TimeoutError():
            return Fault(phrase("Kafka at {address} gave no answer in time", address=settings.kafka_bootstrap))
        case mongo.Unavailable():
            return Fault(f"MongoDB: {error}")
    return error
