"""What Typer prints of itself, in the language that is spoken: helps, headings, and refusals of wrong usage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer import rich_utils
from typer._click.exceptions import NoArgsIsHelpError, UsageError

from deploy.cli.words.rules import usage_in
from deploy.cli.words.spoken import help_in, phrase, spoken
from deploy.cli.words.tables import usage
from schemas.language import Language


def translate(command: Any) -> None:
    """Put the helps of a tree of commands that was just built, and Typer's own headings, into the language."""
    for name, english in usage.HEADINGS.items():
        setattr(rich_utils, name, phrase(english) if "{" not in english else help_in(english))
    _translate(command)


def _translate(command: Any) -> None:
    for each in (command, *command.params):
        for field in ("help", "short_help", "prompt"):
            if text := getattr(each, field, None):
                setattr(each, field, help_in(text))
    usage_line, help_option = command.get_usage, command.get_help_option
    command.get_usage = lambda ctx: usage_line(ctx).replace("Usage:", phrase("Usage:"), 1)
    command.get_help_option = lambda ctx: _with_help_in(help_option(ctx))
    for child in getattr(command, "commands", {}).values():
        _translate(child)


def _with_help_in(option: Any) -> Any:
    """The option --help, which is made when it is asked for."""
    if option is not None:
        option.help = help_in(option.help)
    return option


@contextmanager
def wrong_usage() -> Iterator[None]:
    """What is wrong with the arguments, which Typer says in English, said in the language."""
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except UsageError as error:
        if spoken() is Language.ENGLISH:
            raise
        raise UsageError(usage_in(error.format_message()), error.ctx) from None
