"""`rpns dead-letters`: what was put aside, why, and what is to become of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli import show
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, Refused, path
from deploy.cli.options import AsJson, confirm, given, read_text
from deploy.cli.place import operator
from deploy.cli.words import phrase, state_in

Json = dict[str, Any]
NAME = "dead-letters"
MOST = 1000
COLUMNS = {
    "letterId": "letter",
    "changedAt": "put aside, UTC",
    "type": "event",
    "size": "bytes",
    "state": "state",
    "reason": "why",
}
app = typer.Typer(no_args_is_help=True, help="Dead letters: records that were put aside.")
Letter = Annotated[str, typer.Argument(help="as the list has it: <topic>/<partition>/<offset>", show_default=False)]
Topic = Annotated[str | None, typer.Option(help="only this topic's, as message-requested")]
Reason = Annotated[str | None, typer.Option(help="only those whose reason holds this")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask whether you are sure")]


@app.command("list")
def list_letters(
    context: typer.Context,
    topic: Topic = None,
    reason: Reason = None,
    state: Annotated[str, typer.Option(help="open, done, all")] = "open",
    limit: Annotated[int, typer.Option(help="of each topic", min=1, max=MOST)] = 200,
    as_json: AsJson = False,
) -> None:
    """List them, the newest first; nothing of their content."""
    rows = _letters(operator(context), topic, reason, state, limit)
    shown = [{**row, "changedAt": row["at"]} for row in rows]
    show.listing(
        rows if as_json else shown, COLUMNS, phrase("no dead letters ({state})", state=state_in(state)), as_json
    )


@app.command("show")
def show_letter(
    context: typer.Context,
    letter: Letter,
    content: Annotated[
        bool, typer.Option("--content", help="the record too; it may hold what is personal (scope support)")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one: where it comes from, why it was put aside, and with --content the record itself."""
    asking, place = operator(context), _path(letter)
    found: Json = asking.call("GET", place)
    if content:
        found = {**found, "value": asking.call("GET", f"{place}/content")["value"]}
    if as_json:
        show.as_json(found)
        return
    out = show.console()
    for name, title in _titles().items():
        value = _value(name, found[name])
        out.print(f"[dim]{title + ':':<20}[/] {show.words(value)}", soft_wrap=True)
    if content:
        out.print(escape(str(found["value"])), soft_wrap=True)


@app.command()
def redrive(
    context: typer.Context,
    letters: Annotated[list[str] | None, typer.Argument(help="<topic>/<partition>/<offset> …")] = None,
    topic: Annotated[str | None, typer.Option(help="all open ones of this topic instead")] = None,
    reason: Reason = None,
    file: Annotated[Path | None, typer.Option(help="the mended record, for one letter (- is standard input)")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send records to their topics again, under their keys, each once. What was done of one is not done twice."""
    asking = operator(context)
    if file is not None and (topic or len(letters or ()) != 1):
        raise Fault(phrase("--file goes with one letter"))
    ask = None if yes else partial(phrase, "Send {count} {count:record|records} again?")
    chosen = _chosen(asking, letters or [], topic, reason, ask=ask)
    body = given(value=None if file is None else read_text(file))
    _each(asking, chosen, "redrive", body, as_json)


@app.command()
def discard(
    context: typer.Context,
    letters: Annotated[list[str] | None, typer.Argument(help="<topic>/<partition>/<offset> …")] = None,
    topic: Annotated[str | None, typer.Option(help="all open ones of this topic instead")] = None,
    reason: Reason = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Note that nothing is to be done about records; they stay where they are until their time is over."""
    asking = operator(context)
    ask = None if yes else partial(phrase, "Discard {count} {count:record|records}?")
    chosen = _chosen(asking, letters or [], topic, reason, ask=ask)
    _each(asking, chosen, "discard", None, as_json)


def _letters(asking: Gateway, topic: str | None, reason: str | None, state: str, limit: int) -> list[Json]:
    found: list[Json] = asking.call("GET", "/v1/dead-letters", topic=topic, state=state, limit=limit)
    return [row for row in found if reason is None or reason in row["reason"]]


def _chosen(
    asking: Gateway, letters: list[str], topic: str | None, reason: str | None, *, ask: Callable[..., str] | None
) -> list[str]:
    """The letters that are named, or all open ones of a topic, once somebody is sure. Raises Fault."""
    if bool(letters) == bool(topic):
        raise Fault(phrase("name letters, or a --topic"))
    if letters:
        return letters
    found = [row["letterId"] for row in reversed(_letters(asking, topic, reason, "open", MOST))]
    if found and ask is not None:
        confirm(ask(count=len(found)))
    return found


def _each(asking: Gateway, letters: list[str], what: str, body: Json | None, as_json: bool) -> None:
    """The oldest first. Ends with exit code 1 when one was refused; the others are done all the same."""
    answers, refused = [], 0
    for letter in letters:
        try:
            answer: Json = asking.call("POST", f"{_path(letter)}/{what}", body)
        except Refused as fault:
            refused += 1
            show.errors().print(f"[red]✗[/] {escape(letter)}: {escape(str(fault))}")
            continue
        answers.append(answer)
        if not as_json:
            show.done(_outcome(letter, answer), answer, to_json=False)
    if as_json:
        show.as_json(answers)
    elif not letters:
        show.console().print(f"[dim]{phrase('no open dead letters')}[/]")
    if refused:
        raise typer.Exit(1)


def _outcome(letter: str, answer: Json) -> str:
    if answer["state"] == "redriven" and answer["failureWithdrawn"]:
        return phrase("{letter} is sent again; its message was to fail, and is not", letter=letter)
    if answer["state"] == "redriven":
        return phrase("{letter} is sent again", letter=letter)
    return phrase("{letter} is {state}", letter=letter, state=state_in(answer["state"]))


def _value(name: str, value: Any) -> Any:
    if name == "at":
        return show.moment(value)[:19]
    return state_in(value) if name == "state" else value


def _titles() -> dict[str, str]:
    """Of what is shown of one letter."""
    return {
        "letterId": phrase("letter"),
        "topic": phrase("topic"),
        "place": phrase("its place there"),
        "at": phrase("put aside, UTC").replace("UTC", show.zone()),
        "reason": phrase("why"),
        "key": phrase("key"),
        "type": phrase("event"),
        "size": phrase("bytes"),
        "isCut": phrase("cut"),
        "failure": phrase("failure held back"),
        "state": phrase("state"),
        "by": phrase("by"),
    }


def _path(letter: str) -> str:
    parts = letter.rsplit("/", 2)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        text = "{letter} is no dead letter: it must be <topic>/<partition>/<offset>, as the list has it"
        raise Fault(phrase(text, letter=repr(letter)))
    return f"/v1/dead-letters{path(*parts)}"
