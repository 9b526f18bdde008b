"""Options that several commands have."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.fault import Fault
from deploy.cli.words import phrase, rule_in
from services.runtime.lists.lines import ListFault, encoding_of

AsJson = Annotated[bool, typer.Option("--json", help="print JSON for machines")]
Application = Annotated[str, typer.Argument(help="id of the application", show_default=False)]
Partner = Annotated[str, typer.Argument(help="id of the partner", show_default=False)]
Charset = Annotated[
    str, typer.Option("--charset", help="of the file, where it is not UTF-8 and does not say so: windows-1251 …")
]
SecretFile = Annotated[
    Path | None,
    typer.Option("--secret-file", help="read it from this file (- is standard input) instead of drawing one"),
]


_YES, _NO = ("y", "yes", "д", "да"), ("", "n", "no", "н", "нет")


def encoding(charset: str) -> str:
    """Raises Fault for one that nobody reads."""
    try:
        return encoding_of(charset)
    except ListFault as fault:
        raise Fault(rule_in(str(fault))) from None


def read_text(file: Path) -> str:
    """The content of a file or of standard input. Raises Fault, which never holds the content."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Fault(phrase("{file} cannot be read: {why}", file=file, why=error.strerror)) from None
    except UnicodeError:
        raise Fault(phrase("{file} is not UTF-8 text", file=file)) from None


def read_json(file: Path) -> dict[str, Any]:
    """Raises Fault, which names the place where the file is broken and shows nothing of it."""
    try:
        body = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        place = {"line": str(error.lineno), "column": str(error.colno)}
        raise Fault(phrase("{file} is not JSON: line {line}, column {column}", file=file, **place)) from None
    except RecursionError:
        raise Fault(phrase("{file} is nested too deep", file=file)) from None
    if not isinstance(body, dict):
        raise Fault(phrase("{file} must hold a JSON object", file=file))
    return body


def secret_of(name: str, file: Path | None) -> dict[str, str]:
    """The body's part that holds a given secret; nothing when one is to be drawn. Raises Fault."""
    if file is None:
        return {}
    if not (secret := read_text(file).strip()):
        raise Fault(phrase("{file} is empty", file=file))
    return {name: secret}


def confirm(question: str) -> None:
    """Raises Abort unless it is answered with yes, in either language."""
    while True:
        answer = typer.prompt(f"{question} [{phrase('y/N')}]", default="", show_default=False).strip().lower()
        if answer in _YES:
            return
        if answer in _NO:
            raise typer.Abort


def given(**values: Any) -> dict[str, Any]:
    """What was said; None and empty lists were not."""
    return {name: value for name, value in values.items() if value is not None and value != []}


def switched(values: dict[str, Any], clearing: list[str], allowed: dict[str, str]) -> dict[str, Any]:
    """A change: `values`, and null for what is to be cleared. Raises Fault when there is nothing to change."""
    for name in clearing:
        if name not in allowed:
            raise Fault(phrase("--clear {name}: can be {choice}", name=name, choice=", ".join(allowed)))
        values[allowed[name]] = None
    if not values:
        raise Fault(phrase("nothing to change: name at least one option"))
    return values
