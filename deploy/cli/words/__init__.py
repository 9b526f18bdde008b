"""What the command line says itself, in the language of whoever reads it: tables, English and Russian side by side.

    spoken.py      says a text, looked up by its English, with its places filled
    choice.py      which language is spoken: asked for, of the environment, and one that the terminal can show
    rules.py       rules and states that are said in English where they are checked
    framework.py   puts helps and refusals of usage, which Typer prints, into that language

`tables/` has a file for each group of commands, and usage.py for what Typer says. A text is written in English where it
is said; the test `tests/unit/deploy/test_cli_words.py` collects all of them, and every help, and asks for the Russian
of each. JSON for machines and exit codes are the same in every language.
"""

from deploy.cli.words.rules import reason_in, rule_in, state_in
from deploy.cli.words.spoken import phrase, speaking, spoken

__all__ = ["phrase", "reason_in", "rule_in", "speaking", "spoken", "state_in"]
