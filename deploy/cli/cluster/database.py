"""`rpns database`: the form of the stored documents against the one that this release wants.

It reaches MongoDB itself, by the services' own settings (MONGO_URL …) or the local stack's: the form comes before the
services do. Exit codes: 0 as wanted, or done; 1 refused or out of reach; 4 steps are missing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.options import AsJson, confirm
from deploy.cli.place import Place
from deploy.cli.words import phrase, rule_in, speaking, spoken
from schemas.language import Language
from services.runtime import mongo
from services.runtime.mongo import upkeep
from services.runtime.mongo.upkeep import STEPS, VERSION, Form, NewerDatabase
from services.runtime.settings import Settings

NAME = "database"
LEFT = 4
"""Exit code: steps are missing."""
COLUMNS = {"number": "form", "step": "step", "what": "what it changes", "state": "state", "changed": "documents"}
app = typer.Typer(no_args_is_help=True, help="The form of stored documents: what there is against what is wanted.")


@app.command()
def plan(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the steps, those that were taken and those that are missing. Exit code 0: none is missing; 4: some are."""
    form = _asked(context, upkeep.form_of)
    _show(form, as_json)
    if form.missing(STEPS) and not form.is_new:
        raise typer.Exit(LEFT)


@app.command()
def apply(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the steps that are missing; killed, it goes on where it was. A newer release's database is refused."""
    form = _asked(context, upkeep.form_of)
    final = [step for step in form.missing(STEPS) if step.excludes_older]
    if final and not yes:
        question = phrase("No release before this one can work on the database afterwards. Go on?")
        confirm(question)
    _show(_asked(context, upkeep.applied), as_json)


def _asked(context: typer.Context, work: Callable[[mongo.Database], Awaitable[Form]]) -> Form:
    """Raises Fault."""
    place: Place = context.obj
    try:
        return asyncio.run(_form(place.settings(), work))
    except NewerDatabase as error:
        raise Fault(rule_in(str(error))) from None
    except mongo.TRANSIENT_ERRORS as error:
        raise Fault(f"MongoDB: {error}") from None


async def _form(settings: Settings, work: Callable[[mongo.Database], Awaitable[Form]]) -> Form:
    async with mongo.database(settings) as database:
        form = await work(database)
    form.check(STEPS)
    return form


def _show(form: Form, as_json: bool) -> None:
    notes = {entry["step"]: entry for entry in form.applied}
    with speaking(Language.ENGLISH if as_json else spoken()):
        rows = [_row(number, notes) | {"state": _state(number, form, notes)} for number in range(1, VERSION + 1)]
    show.listing(rows, COLUMNS, phrase("this release wants no steps"), as_json)


def _row(number: int, notes: dict[str, Any]) -> dict[str, Any]:
    step = STEPS[number - 1]
    return {
        "number": number,
        "step": step.name,
        "what": rule_in(step.what),
        "changed": notes.get(step.name, {}).get("changed"),
    }


def _state(number: int, form: Form, notes: dict[str, Any]) -> str:
    if form.is_new:
        return phrase("not needed: nothing is stored yet")
    if number > form.version:
        return phrase("missing")
    noted = notes.get(STEPS[number - 1].name)
    if noted is None:
        return phrase("there from the beginning")
    at = f"{noted['at'].replace(tzinfo=UTC):%Y-%m-%d %H:%M}"
    return phrase("taken {at} by {release}", at=at, release=noted["release"])
