"""Options that several commands have."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.cli.fault import Fault
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


def encoding(charset: str) -> str:
    """Raises Fault for one that nobody reads."""
    try:
        return encoding_of(charset)
    except ListFault as fault:
        raise Fault(str(fault)) from None


def read_text(file: Path) -> str:
    """The content of a file or of standard input. Raises Fault, which never holds the content."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Fault(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise Fault(f"{file} is not UTF-8 text") from None


def secret_of(name: str, file: Path | None) -> dict[str, str]:
    """The body's part that holds a given secret; nothing when one is to be drawn. Raises Fault."""
    if file is None:
        return {}
    if not (secret := read_text(file).strip()):
        raise Fault(f"{file} is empty")
    return {name: secret}


def given(**values: Any) -> dict[str, Any]:
    """What was said; None and empty lists were not."""
    return {name: value for name, value in values.items() if value is not None and value != []}


def switched(values: dict[str, Any], clearing: list[str], allowed: dict[str, str]) -> dict[str, Any]:
    """A change: `values`, and null for what is to be cleared. Raises Fault when there is nothing to change."""
    for name in clearing:
        if name not in allowed:
            raise Fault(f"--clear {name}: can be {', '.join(allowed)}")
        values[allowed[name]] = None
    if not values:
        raise Fault("nothing to change: name at least one option")
    return values
