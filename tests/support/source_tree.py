"""The product's source as the tests of its structure read it: files, imports, names and calls."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "schemas")
SERVICES = ("ingest", "registry", "router", "dispatch", "status", "statistics", "traces")


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def nodes_of(path: Path) -> Iterator[ast.AST]:
    return ast.walk(tree_of(path))


def docstring_of(path: Path) -> str:
    return ast.get_docstring(tree_of(path)) or ""


def module_of(name: str) -> Path | None:
    """The file of a module, or the folder of a package; None for what is neither."""
    path = ROOT / name.replace(".", "/")
    file = path.with_suffix(".py")
    return file if file.exists() else path if path.is_dir() else None


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, in full, and not only for its types."""
    yield from (f"{module}.{name}".rstrip(".") for module, name in _imports(path, types_too=False))


def imported_names(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every `from … import …`, also of what is imported for its types alone."""
    yield from ((module, name) for module, name in _imports(path, types_too=True) if name)


def _imports(path: Path, types_too: bool) -> Iterator[tuple[str, str]]:
    guards = [node for node in nodes_of(path) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    left_out = set() if types_too else {id(inner) for node in guards for inner in ast.walk(node)}
    for node in nodes_of(path):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            module = node.module or ""
            yield module, ""
            yield from ((module, alias.name) for alias in node.names)


def feature_of(module: str) -> str | None:
    """The feature that a module belongs to, `services.<process>.<folder>`; the process itself for what lies beside
    features, None for what is of no process."""
    parts = module.split(".")
    if parts[0] != "services" or len(parts) < 2 or parts[1] not in SERVICES:
        return None
    return ".".join(parts[:3]) if ROOT.joinpath(*parts[:3]).is_dir() and len(parts) > 2 else ".".join(parts[:2])


def called(call: ast.Call) -> str:
    return ast.unparse(call.func)
