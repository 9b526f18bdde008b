"""Every text that the command line says, collected from where its source says it, and every help of its commands.

raise Fault(phrase("{file} is empty", file=file))    ─▶ "{file} is empty", with the places {file}
COLUMNS = {"name": "name"}; show.listing(rows, COLUMNS, …)     ─▶ "name"
out.print("done")                                 ─▶ nothing says it in two languages: `unsaid`
"""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from typer.main import get_command

from deploy.cli.app import app
from deploy.cli.words.rules import RULES
from tests.support.source_tree import name_of, sources, tree_of

PRINTING = {"print", "done", "Fault", "Refused", "BadParameter", "confirm", "prompt", "listing", "add_column"}
"""What puts a text before somebody."""
SHOW = "deploy/cli/show.py"
NO_WORDS = {"topics apply", "Test push"}
"""What a record and a message hold."""
ELSEWHERE = "deploy/cli/words/"
"""Tables."""
RULED = {"LeftOut": 0, "BadCell": 1, "ListFault": 1, "Bad": 2, "ValueError": 0}
"""Calls, and which of their arguments is a rule or a reason, which `rule_in` says in the language."""
PLACE = "◦"
_SPEAKING = {
    "phrase",
    "rule_in",
    "partial",
    "escape",
    "help_in",
    "Option",
    "Argument",
    "call",
    "AssertionError",
    *RULED,
}
_NOT_WORDS = re.compile(r"\[/?[a-z ]*\]?|--[a-z-]+|https?:\S*|\{[^}]*\}|MongoDB|UTC")
_PROSE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")


class Phrase(NamedTuple):
    """A text, where it is said, and the names of the values for its places; None where they are not known."""

    text: str
    where: str
    places: frozenset[str] | None


def phrases() -> list[Phrase]:
    """Of all calls of `phrase`, and the titles of all tables."""
    return [
        phrase
        for path in sources("deploy/cli")
        if not name_of(path).startswith(ELSEWHERE)
        for phrase in _phrases_in(path)
    ]


def helps() -> dict[str, str]:
    """Every help and prompt, and the command that has it."""
    found: dict[str, str] = {}

    def walk(command: Any, name: str) -> None:
        for each in (command, *command.params):
            for text in (each.help, getattr(each, "short_help", None), getattr(each, "prompt", None)):
                if text:
                    found.setdefault(text, name)
        for child in getattr(command, "commands", {}).values():
            walk(child, f"{name} {child.name}")

    walk(get_command(app), "rpns")
    return found


def unsaid() -> list[str]:
    """Words that are printed, or look as if they were, without `phrase`."""
    return [
        f"{name_of(path)}:{node.lineno}: {node.value!r}"
        for path in sources("deploy/cli")
        if not name_of(path).startswith(ELSEWHERE)
        for node in _bare_words(tree_of(path))
    ]


def rules() -> dict[str, str]:
    """Rules and reasons with `◦` for each of their places, and where they are said."""
    found: dict[str, str] = {}
    for path in sources("deploy/cli"):
        for call in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)):
            place = RULED.get(_name(call.func))
            if place is not None and len(call.args) > place and (text := _with_places(call.args[place])):
                found[text] = f"{name_of(path)}:{call.lineno}"
    return found


def _with_places(node: ast.expr) -> str:
    """Empty for what is no text, or is somebody else's."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else PLACE for part in parts)
    return ""


def _phrases_in(path: Any) -> Iterator[Phrase]:
    tree = tree_of(path)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Module)):
        for call in _own_calls(function):
            where = f"{name_of(path)}:{call.lineno}"
            if (_name(call.func) == "phrase" and where.split(":")[0] != SHOW) or _is_partial_say(call):
                first = call.args[1] if _is_partial_say(call) else call.args[0]
                named = {word.arg for word in call.keywords}
                texts = _texts(first, function)
                is_one = not isinstance(first, ast.Name) or len(_assigned(first.id, function)) == 1
                is_known = is_one and None not in named and not _is_partial_say(call)
                places = frozenset(filter(None, named)) if is_known else None
                assert texts, f"{where}: say takes a text, or one that is assigned beside it"
                yield from (Phrase(text, where, places) for text in texts)
            elif _name(call.func) == "phrase" and isinstance(call.args[0], ast.Constant):
                yield Phrase(str(call.args[0].value), where, frozenset())
            elif _name(call.func) == "listing":
                titles = _titles(call.args[1], function, tree)
                assert titles, f"{where}: which titles has it?"
                yield from (Phrase(text, where, frozenset()) for text in titles)


def _own_calls(function: ast.AST) -> Iterator[ast.Call]:
    """Not those of functions within it; a module's only what stands outside of functions."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _own_calls(child)


def _is_partial_say(call: ast.Call) -> bool:
    return _name(call.func) == "partial" and bool(call.args) and _name(call.args[0]) == "phrase"


def _texts(node: ast.expr, function: ast.AST) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return _texts(body, function) + _texts(other, function)
        case ast.Name(id=name):
            return [text for value in _assigned(name, function) for text in _texts(value, function)]
    return []


def _titles(node: ast.expr, function: ast.AST, module: ast.Module) -> list[str]:
    match node:
        case ast.Dict(values=values):
            return [text for value in values for text in _texts(value, function)]
        case ast.IfExp(body=body, orelse=other):
            return _titles(body, function, module) + _titles(other, function, module)
        case ast.Name(id=name):
            found = _assigned(name, function) or _assigned(name, module)
            return [text for value in found for text in _titles(value, function, module)]
    return []


def _assigned(name: str, function: ast.AST) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
    ]


def _bare_words(tree: ast.Module) -> Iterator[ast.Constant]:
    spoken, printed, others = set[int](), set[int](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_name(node.func) in _SPEAKING):
            spoken |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Call) and _name(node.func) in PRINTING:
            printed |= {id(inner) for argument in node.args for inner in ast.walk(argument)}
        if isinstance(node, ast.keyword) and node.arg == "help":
            others.add(id(node.value))
        if isinstance(node, ast.Compare | ast.Subscript | ast.Dict):
            others |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # docstrings
            others.add(id(node.value))
    assigned = _assigned_texts(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken | others:
            if node.value in NO_WORDS or node.value in RULES:
                continue
            words = _NOT_WORDS.sub("", node.value)
            is_printed = id(node) in printed and re.search("[A-Za-z]{2}", words)
            if is_printed or (_PROSE.search(words) and node.value not in assigned):
                yield node


def _assigned_texts(tree: ast.Module) -> set[str]:
    """What is said by the name of a variable."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    calls = [(call, function) for function in functions for call in _own_calls(function)]
    phrases = [(call, function) for call, function in calls if _name(call.func) == "phrase" and call.args]
    return {text for call, function in phrases for text in _texts(call.args[0], function)}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
