"""Every text with which a caller may be refused, collected from where the product's source says it.

raise Problem(409, "Done already", f"it is {mark.state}, by {mark.by}")   ─▶ "Done already", "it is ◦, by ◦"
rule = "must be new" if fresh else "must exist"                           ─▶ both, where `rule` is handed to a refusal
"""

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.support.source_tree import PRODUCT, name_of, nodes_of, sources, tree_of

PLACE = "◦"
"""What is only known when it runs."""
REFUSING: Mapping[str, Sequence[int]] = {
    "Problem": (1, 2),
    "HTTPException": (1,),
    "Refused": (2,),
    "Refusal": (2,),
    "PacketRefused": (2,),
    "PacketFault": (2,),
    "rejected_for": (3,),
    "Cause": (),
    "invalid": (1,),
    "Fault": (1,),
    "field_error": (1,),
    "ListFault": (1,),
    "BadField": (1,),
    "BadKey": (1,),
    "ProofRefused": (1,),
    "_broken": (1,),
    "_Broken": (1,),
    "_refused": (1, 2),
    "BadAddress": (0,),
    "NotJson": (0,),
    "ValueError": (0,),
    "NotSigned": (0,),
    "UnreadableReport": (0,),
    "BadCursor": (0,),
    "CannotContinue": (0,),
    "Reached": (0,),
    "RejectedLine": (2,),
    "translation_of": (0,),
    "form": (1,),
}
"""Which arguments of these calls are texts."""
NAMED = {"title", "detail", "rule"}
"""Keywords of those calls, and keys of objects, that hold texts."""
TABLES = {
    "services/runtime/http/field_rules.py": ("_RULES", "_RULES_WITH", "words_of"),
    "services/ingest/rules/errors.py": ("_TABLE",),
    "services/runtime/lists/lines.py": ("_MISTAKEN",),
    "services/runtime/access/packet_key.py": ("UNKNOWN", "FORBIDDEN_ADDRESS"),
}
"""Constants that hold nothing else, and members of an Enum that are handed on by value."""
NOBODY_ASKED = (
    "schemas/__main__.py",
    "schemas/asyncapi.py",
    "services/dispatch/",
    "services/registry/sign_in/oidc/discovery.py",  # in the process's log
    "services/registry/sign_in/oidc/id_token.py",
    "services/runtime/access/oidc/",  # at the start
    "services/router/",
    "services/runtime/access/refusals.py",  # a record of one
    "services/runtime/http/egress.py",
    "services/runtime/http_client/",
    "services/runtime/openapi/",
    "services/runtime/text/setting.py",
    "services/runtime/words/",
    "services/statistics/",
    "services/traces/",
)
"""Where such calls refuse nobody who has asked for something."""
_DEEPEST = 14
Meant = Mapping[str, Sequence[ast.AST]]


def refusal_texts() -> dict[str, str]:
    """Each text with `◦` for each of its places, and a module that says it."""
    found: dict[str, str] = {}
    for path in (path for folder in PRODUCT for path in sources(folder)):
        if not name_of(path).startswith(NOBODY_ASKED):
            for text in _said_by(path):
                found.setdefault(text, name_of(path))
    return found


def _said_by(path: Path) -> Iterator[str]:
    meant = _meant_in(path)
    for expression in _expressions(path):
        for text in _texts(expression, meant):
            if text.replace(PLACE, "").strip(" :;,."):
                yield text


def _expressions(path: Path) -> Iterator[ast.expr]:
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and (places := REFUSING.get(_name(node.func))) is not None:
            yield from (argument for place, argument in enumerate(node.args) if place in places)
        if isinstance(node, ast.Call):
            yield from (word.value for word in node.keywords if word.arg in NAMED and _name(node.func) in _MAKING)
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value in NAMED)
    for name in TABLES.get(name_of(path), ()):
        for value in _meant_in(path)[name]:
            yield from _held(value)


_MAKING = {*REFUSING, "ProblemBody", "BadLine"}


def _held(table: ast.AST) -> Iterator[ast.expr]:
    """The texts of a table, however deep in it."""
    if isinstance(table, ast.Dict):
        for value in table.values:
            yield from _held(value)
    elif isinstance(table, ast.Tuple):
        for value in table.elts:
            yield from _held(value)
    elif isinstance(table, ast.Lambda):
        yield table.body
    elif isinstance(table, ast.FunctionDef):
        yield from (node.value for node in ast.walk(table) if isinstance(node, ast.Return) and node.value is not None)
    elif isinstance(table, ast.expr) and not (isinstance(table, ast.Constant) and not isinstance(table.value, str)):
        yield table


@cache
def _meant_in(path: Path) -> Meant:
    """What names may stand for: what this module assigns to them or returns, and constants of all others."""
    return {**_constants(), **_assigned(path), **_functions(path)}


@cache
def _constants() -> Meant:
    found: dict[str, Sequence[ast.AST]] = {}
    for path in (path for folder in PRODUCT for path in sources(folder)):
        for name, values in _assigned(path).items():
            if name.isupper() and not name.startswith("_"):
                found[name] = (*found.get(name, ()), *values)
        found |= {name: made for name, made in _functions(path).items() if name == "suggestion"}
    return found


def _functions(path: Path) -> dict[str, Sequence[ast.AST]]:
    """The functions of the module that make a text."""
    made = (node for node in tree_of(path).body if isinstance(node, ast.FunctionDef) and node.returns is not None)
    return {node.name: [node] for node in made if ast.unparse(node.returns or node) == "str"}


def _assigned(path: Path) -> dict[str, Sequence[ast.AST]]:
    found: dict[str, list[ast.AST]] = {}
    for node in nodes_of(path):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.setdefault(node.target.id, []).append(node.value)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name, value in _pairs(target, node.value):
                    found.setdefault(name, []).append(value)
    return dict(found)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        both = zip(target.elts, value.elts, strict=False)
        yield from ((name.id, each) for name, each in both if isinstance(name, ast.Name))


def _name(function: ast.AST) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _texts(node: ast.AST, meant: Meant, depth: int = 0) -> list[str]:
    """All that the expression may say."""
    if depth > _DEEPEST:
        return [PLACE]
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(found) for found in itertools.product(*(_texts(part, meant, depth + 1) for part in parts))]
        case ast.FormattedValue(value=value):
            return _texts(value, meant, depth + 1)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = _texts(left, meant, depth + 1), _texts(right, meant, depth + 1)
            return [first + second for first, second in itertools.product(*sides)]
        case ast.IfExp(body=body, orelse=other):
            return [*_texts(body, meant, depth + 1), *_texts(other, meant, depth + 1)]
        case ast.BoolOp(values=values):
            return _first_of([_texts(value, meant, depth + 1) for value in values])
        case ast.Name(id=name):
            return _all_of(meant.get(name, ()), meant, depth)
        case ast.Attribute(attr=name) if name.isupper():
            return _all_of(meant.get(name, ()), meant, depth)
        case ast.Call(func=ast.Name(id=name)):
            return _returned(node, meant.get(name, ()), meant, depth)
        case ast.Subscript(value=ast.Name(id=name)):
            tables = [value for value in meant.get(name, ()) if isinstance(value, ast.Dict)]
            return _all_of([value for table in tables for value in table.values], meant, depth)
    return [PLACE]


def _first_of(each: Sequence[Sequence[str]]) -> list[str]:
    """Of `a or b`: b only where a may be empty, or nobody knows."""
    found: list[str] = []
    for texts in each:
        found += filter(None, texts)
        if all(text and text != PLACE for text in texts):
            break
    return found


def _all_of(values: Sequence[ast.AST], meant: Meant, depth: int) -> list[str]:
    known = [value for value in values if not isinstance(value, ast.FunctionDef)]
    return list(dict.fromkeys(text for value in known for text in _texts(value, meant, depth + 1))) or [PLACE]


def _returned(call: ast.Call, functions: Sequence[ast.AST], meant: Meant, depth: int) -> list[str]:
    """What a function of this module makes of the arguments of this call."""
    found: list[str] = []
    for function in (value for value in functions if isinstance(value, ast.FunctionDef)):
        names = [argument.arg for argument in function.args.args]
        defaults = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
        given = {
            name: [_bound(value, meant, depth)]
            for name, value in [*defaults.items(), *zip(names, call.args, strict=False)]
        }
        inner = {**meant, **dict.fromkeys(names, ()), **given}
        returns = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value is not None]
        found += [text for value in returns for text in _texts(value, inner, depth + 1)]
    return list(dict.fromkeys(found)) or [PLACE]


def _bound(value: ast.expr, meant: Meant, depth: int) -> ast.expr:
    """The argument as what it says, for the names in it mean something else within the function."""
    texts = _texts(value, meant, depth + 1)
    return ast.Constant(texts[0]) if len(texts) == 1 else ast.BoolOp(ast.Or(), [ast.Constant(text) for text in texts])
