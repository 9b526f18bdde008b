"""The rules of the tree, held against every import and name in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICES = ("ingest", "registry", "router", "dispatch", "status", "statistics")
PURE = {
    "ingest": ("accept",),
    "registry": ("devices", "identity"),
    "router": ("plan",),
    "dispatch": ("deliver", "limiter", "breaker", "guard", "payload"),
    "statistics": ("merge",),
    "status": ("fold", "cascade", "content", "channel_reports"),
}
STANDARD = frozenset(__import__("sys").stdlib_module_names)
ALLOWED_IN_PURE = STANDARD | {"schemas", "phonenumbers", "pydantic", "orjson"}
CRYPTOGRAPHY = {"jwt", "cryptography"}
"""Of the modules that judge signatures: they compute, and reach for nothing."""
IMPURE_STANDARD = {"asyncio", "os", "socket", "time", "subprocess", "threading", "random", "requests"}
SHARED_PURE = (
    "services.delivery_ids",
    "services.phones",
    "services.short_links",
    "services.text_links",
    "services.schedule",
    "services.versions",
    "services.directory_index",
    "services.web_address",
    "services.sms_parts",
)
KAFKA_BOUNDARY = {"services/kafka.py", "services/consume.py", "services/flow.py", "services/statistics/worker.py"}
DATABASE_BOUNDARY = {"mongo", "mongo_collection", "mongo_errors"}


def sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, in full."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def pure_modules() -> list[Path]:
    return [
        path
        for service, stems in PURE.items()
        for path in sources(f"services/{service}")
        if is_pure(path.stem, stems) and path.parent.name == service
    ] + [
        ROOT / f"services/{name}.py"
        for name in (
            "delivery_ids",
            "directory_index",
            "schedule",
            "short_links",
            "sms_parts",
            "text_links",
            "versions",
            "web_address",
        )
    ]


def is_pure(stem: str, stems: tuple[str, ...]) -> bool:
    """`fold` and `fold_reports` are; `folding` is not."""
    return any(stem == pure or stem.startswith(f"{pure}_") for pure in stems)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    others = tuple(f"services.{other}" for other in SERVICES if other != service)
    for path in sources(f"services/{service}"):
        assert not [name for name in imports(path) if name.startswith(others)], name_of(path)


def test_shared_modules_import_no_service() -> None:
    folders = tuple(f"services.{service}" for service in SERVICES)
    for path in (ROOT / "services").glob("*.py"):
        assert not [name for name in imports(path) if name.startswith(folders)], name_of(path)


def test_schemas_import_pydantic_orjson_and_the_standard_library_only() -> None:
    for path in sources("schemas"):
        tops = {name.partition(".")[0] for name in imports(path)}
        assert tops <= STANDARD | {"schemas", "pydantic", "orjson"}, name_of(path)


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_pure_modules_are_pure(path: Path) -> None:
    """They import schemas, the standard library and their pure neighbours, and never a clock or a socket."""
    own = f"services.{path.parent.name}."
    stems = PURE.get(path.parent.name, ())
    for name in imports(path):
        top = name.partition(".")[0]
        if top == "services":
            own_stem = name.removeprefix(own).partition(".")[0] if name.startswith(own) else ""
            near = is_pure(own_stem, (*stems, "provider", "message"))
            shared = name in {"services", own.rstrip(".")} or name.startswith(SHARED_PURE)
            assert near or shared, f"{name_of(path)} imports {name}"
        else:
            signs = CRYPTOGRAPHY if path.stem.startswith("identity_") else set()
            assert top in ALLOWED_IN_PURE | signs, f"{name_of(path)} imports {name}"
            assert top not in IMPURE_STANDARD, f"{name_of(path)} imports {name}"
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not calls & {"datetime.now", "datetime.utcnow", "date.today", "now_ms", "uuid.uuid4", "ids.uuid7", "uuid7"}


def test_only_settings_reads_the_environment() -> None:
    for path in sources("services"):
        reads = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
        ]
        assert not reads or name_of(path) == "services/settings.py", f"{name_of(path)}: {reads}"


def test_only_the_log_boundary_imports_a_kafka_library() -> None:
    for path in sources("services"):
        if any(name.partition(".")[0] in {"aiokafka", "faust", "kafka"} for name in imports(path)):
            assert name_of(path) in KAFKA_BOUNDARY, name_of(path)


def test_only_the_database_boundary_imports_its_driver() -> None:
    for path in sources("services"):
        if any(name.partition(".")[0] in {"motor", "pymongo", "bson"} for name in imports(path)):
            allowed = path.stem in {*DATABASE_BOUNDARY, "timers", "installations"} or path.stem.endswith("store")
            assert allowed, name_of(path)


def test_one_module_writes_in_bulk_and_one_translates_errors_of_the_database() -> None:
    """Whoever looked at them by himself would take a failed write concern for success, or for a poisoned record."""
    for path in sources("services"):
        if path.stem in DATABASE_BOUNDARY:
            continue
        tree = ast.parse(path.read_text())
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not called & {"bulk_write", "insert_many", "with_options"}, name_of(path)
        assert not any(name.startswith(("pymongo.errors", "bson.errors")) for name in imports(path)), name_of(path)


def test_every_collection_is_read_and_written_through_the_database_boundary() -> None:
    for path in sources("services"):
        if path.stem in DATABASE_BOUNDARY:
            continue
        tree = ast.parse(path.read_text())
        raw = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
        raw = {one for one in raw if re.fullmatch(r"(self\.)?_?database\['\w+'\]", one)}
        given = {
            ast.unparse(argument) for node in ast.walk(tree) if isinstance(node, ast.Call) for argument in node.args
        }
        assert raw <= given, f"{name_of(path)}: {raw - given}"


def test_only_the_sealing_boundary_encodes_and_decodes() -> None:
    """Whoever went round it would write people's data in clear. Those excepted read, and need nothing personal."""
    for path in sources("services"):
        if name_of(path) in {"services/sealing.py", "services/directory.py", "services/statistics/worker.py"}:
            continue
        calls = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not calls & {"codec.encode", "codec.decode", "codec.decode_object"}, name_of(path)


def test_the_product_imports_neither_deploy_nor_tests() -> None:
    for folder in ("services", "schemas"):
        for path in sources(folder):
            assert not {name.partition(".")[0] for name in imports(path)} & {"deploy", "tests"}, name_of(path)


def test_the_sandbox_imports_nothing_of_the_product() -> None:
    """It stands for the outside world: a misunderstanding that both share would hide itself."""
    for path in sources("deploy/sandbox"):
        assert not {name.partition(".")[0] for name in imports(path)} & {"services", "schemas"}, name_of(path)


def test_every_file_says_what_it_is_for() -> None:
    for folder in ("services", "schemas", "deploy", "tests"):
        for path in sources(folder):
            text = path.read_text()
            assert not text.strip() or ast.get_docstring(ast.parse(text)), name_of(path)
