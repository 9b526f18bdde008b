"""`rpns topics`: the cluster's topics against those that this release and these settings ask for.

It reaches Kafka itself, by the services' own settings (KAFKA_BOOTSTRAP …) or the local stack's: topics come before the
services do. Exit codes: 0 as wanted, or done; 1 refused or out of reach; 4 something is left to do.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import typer
from aiokafka.errors import KafkaError
from rich.markup import escape

from deploy.cli import show
from deploy.cli.cluster.trail import record_change
from deploy.cli.fault import Fault
from deploy.cli.options import AsJson
from deploy.cli.place import Place
from deploy.cli.words import phrase, rule_in, speaking, spoken
from schemas.language import Language
from services.runtime.log import upkeep
from services.runtime.log.upkeep import Change
from services.runtime.settings import Settings

NAME = "topics"
LEFT = 4
"""Exit code: something is left to do."""
COLUMNS = {"topic": "topic", "kind": "what", "difference": "difference", "then": "what is done"}
Grow = Annotated[
    bool, typer.Option("--grow", help="also add partitions to topics in use, where nothing waits and nobody reads")
]
T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="Topics: what exists against what this release and these settings want.")


@app.command()
def plan(context: typer.Context, grow: Grow = False, as_json: AsJson = False) -> None:
    """Show what `apply` would do, and what it would not do, and why. Exit code 0: nothing; 4: something."""
    found = _planned(context, grow)
    _show(found, as_json)
    if any(change.is_harm for change in found):
        raise typer.Exit(LEFT)


@app.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Whether the services can start and lose nothing. Exit code 0: yes; 4: something is missing or weaker."""
    found = [change for change in _planned(context, grow=False) if change.is_harm]
    _show(found, as_json)
    if found:
        raise typer.Exit(LEFT)


@app.command()
def apply(context: typer.Context, grow: Grow = False, as_json: AsJson = False) -> None:
    """Make what is missing and safe. Exit code 0: all is as wanted; 4: something is left, as shown."""
    settings = _settings(context)
    wanted = _wanted(settings)
    found = _asked(settings, upkeep.planned(settings, wanted, grow=grow))
    made = _asked(settings, upkeep.applied(settings, found))
    if made and (why := _asked(settings, record_change(settings, made))):
        line = phrase("the audit trail does not know of it: {why}", why=escape(why))
        show.errors().print(f"[yellow]{line}[/]")
    left = [change for change in found if not change.is_safe and change.is_harm]
    if as_json:
        _show(found, as_json=True)
    else:
        for change in made:
            show.console().print(f"[green]✓[/] {change.topic.name}: {rule_in(change.what)}", soft_wrap=True)
        _show(left, as_json=False)
    if left:
        raise typer.Exit(LEFT)


def _planned(context: typer.Context, grow: bool) -> list[Change]:
    settings = _settings(context)
    return _asked(settings, upkeep.planned(settings, _wanted(settings), grow=grow))


def _settings(context: typer.Context) -> Settings:
    place: Place = context.obj
    return place.settings()


def _wanted(settings: Settings) -> list[upkeep.Wanted]:
    return upkeep.wanted_topics(
        upkeep.every_topic(), settings.kafka_topic_prefix, settings.kafka_partitions, settings.kafka_replication
    )


def _asked(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Raises Fault."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is said once, below
    try:
        return asyncio.run(work)
    except KafkaError as error:
        raise Fault(
            phrase("Kafka at {address}: {error}", address=settings.kafka_bootstrap, error=repr(error))
        ) from None
    except TimeoutError:
        raise Fault(phrase("Kafka at {address} gave no answer in time", address=settings.kafka_bootstrap)) from None


def _row(change: Change) -> dict[str, Any]:
    then = rule_in(change.refusal) or phrase("apply makes it")
    return {"topic": change.topic.name, "kind": change.kind, "difference": rule_in(change.what), "then": then}


def _show(found: Sequence[Change], as_json: bool) -> None:
    with speaking(Language.ENGLISH if as_json else spoken()):
        rows = [_row(change) for change in found]
    show.listing(rows, COLUMNS, phrase("all topics are as wanted"), as_json)
