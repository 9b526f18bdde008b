"""What breaks the rules of style in a file: names, calls, models, imports of neighbours, named files and links.

Each rule is a function from a file to what it finds there; `tests/test_architecture.py` says where each one holds.
"""

import ast
import re
from functools import cache
from pathlib import Path

from tests.support.source_tree import (
    PRODUCT,
    ROOT,
    called,
    feature_of,
    imported_names,
    module_of,
    name_of,
    nodes_of,
    sources,
)

VAGUE_FUNCTIONS = {"told", "said", "say", "tell"}
SAYS_NOTHING = {"one", "of", "told", "said", "held", "another", "whoever", "whom"}
"""Names that do not name the thing."""
MOST_POSITIONAL = 5
VARIADIC = {"asyncio.gather", "print", "max", "min", "Path", "attrgetter", "partial", "table.add_row"}
NAMED_PATH = re.compile(
    r"(?<![\w/.<>*-])((?:[\w-]+/)*[\w-]+\.py)(?![\w-])|`((?:services|schemas|deploy|tests|docs)/[\w/-]*)`"
)
COPY_HELPER = "schemas/values.py"
"""The one module that copies models with changes, and refuses fields that they do not have."""


def packages() -> list[str]:
    """The folders that rules of style are held in, one by one."""
    places = [("services", 2), ("schemas", 1), ("deploy", 2), ("tests/unit", 3), ("tests/contract", 3), ("tests", 2)]
    found = {"/".join(name_of(path.parent).split("/")[:depth]) for root, depth in places for path in sources(root)}
    return sorted(found - {"tests/unit", "tests/contract"})


def of_package(package: str) -> list[Path]:
    nested = {other for other in packages() if other.startswith(f"{package}/")}
    return [path for path in sources(package) if not any(name_of(path).startswith(f"{other}/") for other in nested)]


def names_that_say_nothing(path: Path) -> list[str]:
    bound = [node.id for node in nodes_of(path) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    bound += [node.arg for node in nodes_of(path) if isinstance(node, ast.arg)]
    functions = [node.name for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    vague = [name for name in functions if name.strip("_") in VAGUE_FUNCTIONS]
    return [name for name in bound if name.strip("_") in SAYS_NOTHING] + vague


def long_positional_calls(path: Path) -> list[str]:
    calls = [node for node in nodes_of(path) if isinstance(node, ast.Call) and len(node.args) > MOST_POSITIONAL]
    plain = [node for node in calls if not any(isinstance(argument, ast.Starred) for argument in node.args)]
    variadic = VARIADIC | variadic_of_ours()
    return [f"{node.lineno} {called(node)}" for node in plain if called(node) not in variadic]


@cache
def variadic_of_ours() -> set[str]:
    """Functions that take as many arguments as they are given, and classes that are made so."""
    found = set()
    for folder in ("services", "schemas", "deploy", "tests"):
        for node in [node for path in sources(folder) for node in nodes_of(path)]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.vararg:
                found.add(node.name)
            elif isinstance(node, ast.ClassDef):
                inits = [
                    inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"
                ]
                found |= {node.name for init in inits if init.args.vararg}
    return found


def splats_into_models(path: Path) -> list[str]:
    """Constructors that get their fields from a dictionary, where nobody checks the names; mypy does of a TypedDict."""
    found = [
        f"{node.lineno} {called(node)}(**{ast.unparse(keyword.value)[:40]})"
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and re.fullmatch(r"(\w+\.)*([A-Z]\w*|cls)", called(node))
        for keyword in node.keywords
        if keyword.arg is None and not is_typed(keyword.value)
    ]
    return [text for text in found if "TCPConnector" not in text]


def is_typed(node: ast.expr) -> bool:
    """Whether the dictionary is a TypedDict, by the name of what gives it."""
    match node:
        case ast.IfExp():
            return is_typed(node.body) and is_typed(node.orelse)
        case ast.Call():
            return is_typed(node.func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in typed_dictionaries()
    return False


@cache
def typed_dictionaries() -> set[str]:
    """Functions, properties and constants whose value is a TypedDict of ours."""
    nodes = [node for folder in PRODUCT for path in sources(folder) for node in nodes_of(path)]
    classes = {
        node.name for node in nodes if isinstance(node, ast.ClassDef) and "TypedDict" in map(ast.unparse, node.bases)
    }
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.returns is not None]
    constants = [
        (ast.unparse(node.targets[0]), called(node.value))
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    ]
    given = {node.name for node in functions if ast.unparse(node.returns or node) in classes}
    return given | {name for name, made_by in constants if made_by in classes and name.isupper()}


def unchecked_copies(path: Path) -> list[str]:
    if name_of(path) == COPY_HELPER:
        return []
    copies = [node for node in nodes_of(path) if isinstance(node, ast.Attribute) and node.attr == "model_copy"]
    return [f"{node.lineno} {ast.unparse(node)}" for node in copies]


def imports_past_init(path: Path) -> list[str]:
    """Imports of a neighbour feature's inner modules, in place of what its `__init__` offers."""
    own = feature_of(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    found = []
    for module, name in imported_names(path):
        is_module = module_of(f"{module}.{name}") is not None
        feature = feature_of(f"{module}.{name}" if is_module else module)
        is_neighbour = feature is not None and feature.count(".") == 2 and feature != own
        if is_neighbour and module != feature:
            found.append(f"from {module} import {name}")
    return found


def unknown_paths(path: Path) -> list[str]:
    """Files and folders that a docstring, a comment or a document names, and that do not exist."""
    text = path.read_text()
    if path.suffix == ".py":
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        docstrings = [ast.get_docstring(node) or "" for node in nodes_of(path) if isinstance(node, documented)]
        text = "\n".join([*docstrings, *(line.partition("#")[2] for line in text.splitlines())])
    named = {found[1] or found[2] for found in NAMED_PATH.finditer(text)}
    return sorted(name for name in named if not is_known(name, path))


def is_known(name: str, named_in: Path) -> bool:
    """Whether it exists as named, or below a folder that holds the file; a document may name any file by its end."""
    if (ROOT / name).exists():
        return True
    top = name_of(named_in).partition("/")[0] if named_in.suffix == ".py" else ""
    return any(file.startswith(top) and file.endswith(f"/{name}") for file in all_files())


@cache
def all_files() -> list[str]:
    return [name_of(path) for folder in ("services", "schemas", "deploy", "tests") for path in sources(folder)]


def documents() -> list[Path]:
    """All but the history of changes, which names files that are gone."""
    return [
        path
        for folder in (".", "docs", "docs/features", "docs/ru", "docs/ru/features")
        for path in (ROOT / folder).glob("*.md")
        if path.stem != "CHANGELOG"
    ]


def broken_links(path: Path) -> list[str]:
    found = []
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", path.read_text()):
        file, _, anchor = target.partition("#")
        linked = path.parent / file if file else path
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            found.append(target)
    return found


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
