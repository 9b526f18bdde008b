"""The placeholders in the texts of a mailing: which braces are one, which are text, which are a mistake. Pure.

{{name}}  {{ name }}             a value of the recipient
{{'{{'}}  {{'}}'}}  {{'{'}}      braces as text
{a}  :-{  {"a": {"b": 1}}        single braces, and double ones that close single ones, are text; a name in them is told
{{name}  {{na me}}  {name}}  {{{name}}}  {{}}      refused, with the place: everybody would be sent them as they are
"""

import re
from collections.abc import Callable

NAMED = re.compile(r"\{\{\s*(?:(\w{1,64})|(['\"])([{}]{1,2})\2)\s*\}\}")
_SINGLE = re.compile(r"(?<!\{)\{\s*(\w{1,64})\s*\}(?!\})")
_RUN = re.compile(r"\{+|\}+")
_RULE = "is no placeholder: a value is {{name}}, and braces as text are {{'{{'}} and {{'}}'}}"


def replaced(text: str, mark: Callable[[str], str]) -> str:
    """The text with `mark(name)` for each placeholder, and with the braces that are text."""
    if "{{" not in text:
        return text
    return NAMED.sub(lambda found: found[3] if found[1] is None else mark(found[1]), text)


def single_braced(text: str) -> list[str]:
    """Names that stand in single braces: text, which everybody gets as it is, and perhaps a placeholder was meant."""
    return _SINGLE.findall(text) if "{" in text else []


def odd_braces(text: str) -> str | None:
    """Where braces are odd, and the rule; None when they are not."""
    if "{{" not in text and "}}" not in text:
        return None
    at = behind = open_ones = 0  # `behind`: where the last placeholder ends
    while run := _RUN.search(text, at):
        count, start = len(run[0]), run.start()
        at = run.end()
        if text[start] == "{":
            if count == 1:
                open_ones += 1
            elif count == 2 and (named := NAMED.match(text, start)):
                at = behind = named.end()
            else:
                return _odd_at(text, start, count)
        elif open_ones >= count:
            open_ones -= count
        elif count > 1 or start == behind > 0:
            return _odd_at(text, start, count)
    return None


def _odd_at(text: str, at: int, count: int) -> str:
    lines = text.count("\n", 0, at) + 1
    where = f"character {at + 1}" if lines == 1 else f"line {lines}, character {at - text.rfind(chr(10), 0, at)}"
    return f"{where}: `{text[at : at + min(count, 5)]}` {_RULE}"
