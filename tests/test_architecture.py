"""The rules of the tree, held against every import and name in it."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.source_rules import (
    broken_links,
    documents,
    imports_past_init,
    long_positional_calls,
    names_that_say_nothing,
    of_package,
    packages,
    splats_into_models,
    unchecked_copies,
    unknown_paths,
)
from tests.support.source_tree import (
    PRODUCT,
    ROOT,
    SERVICES,
    docstring_of,
    imports,
    module_of,
    name_of,
    nodes_of,
    sources,
)

PURE_FOLDERS = ("rules", "policy", "fold")
"""What lies in a folder of this name decides, and does nothing else."""
DECIDING = {
    "services/dispatch/payload": ("envelope", "fit", "text"),
    "services/ingest/packet": ("rules", "errors", "templates"),
    "services/registry/hms_receipts": ("rules",),
    "services/registry/receipts": ("rules", "bodies"),
    "services/registry/identity": ("keys", "proof"),
    "services/router": ("checks", "lifetimes", "plan", "plan_channel", "plan_live"),
    "services/statistics": ("merge",),
    "services/traces": ("spans",),
    "services/status/api": ("explain",),
    "services/status/history": ("entries",),
    "services/status/message": ("model", "parts", "states", "document", "content"),
    "services/status/reports": ("packet_callback", "pace"),
    "services/status/channels": ("reports",),
}
"""Modules that decide beside others that do not; each of them has to say that it is pure."""
MOST_FILES = 13
ONE_OF_EACH = {ROOT / "deploy/tour/scenes"}
"""Lists, of which any entry stands for all."""
STANDARD = frozenset(__import__("sys").stdlib_module_names)
COMPUTING = STANDARD | {
    "schemas",
    "phonenumbers",
    "pydantic",
    "orjson",
    "msgspec",
    "typing_extensions",
    "jwt",
    "cryptography",
}
"""What computes, and reaches for nothing. The last two judge signatures and keys."""
ONLY_TYPES = {"starlette.types"}
IMPURE_STANDARD = {"asyncio", "os", "socket", "time", "subprocess", "threading", "random", "secrets", "requests"}
IMPURE_NAMES = {
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    "uuid.uuid1",
    "uuid.uuid4",
    "ids.uuid7",
    "uuid7",
    "open",
    "print",
}
"""Clocks, what draws, and files: neither called nor handed on, a default included."""
NO_IO = {"asyncio", "socket", "subprocess", "aiohttp", "httpx", "pymongo", "motor", "aiokafka"}
KAFKA_BOUNDARY = {
    "services/runtime/log/kafka.py",
    "services/runtime/log/fetches.py",
    "services/runtime/log/progress.py",
    "services/runtime/log/topics.py",
    "services/runtime/log/appends.py",
    "services/runtime/log/batch_consumer.py",
    "services/runtime/log/concurrent_consumer.py",
    "services/runtime/log/connection.py",
    "services/runtime/log/committed.py",
    "services/runtime/log/upkeep/clients.py",
    "services/runtime/log/upkeep/settling.py",
    "services/runtime/log/upkeep/groups.py",
    "services/runtime/log/upkeep/letters.py",
    "services/runtime/log/upkeep/offsets.py",
    "services/runtime/log/upkeep/reading.py",
    "services/runtime/log/upkeep/replay.py",
    "services/runtime/log/upkeep/group_offsets.py",
    "services/runtime/log/upkeep/topics.py",
    "services/statistics/worker.py",
}
DATABASE_BOUNDARY = "services/runtime/mongo/"
DATABASE_TYPES = {"services/runtime/scheduling/timers.py", "services/runtime/installations/reader.py"}
"""Stores by other names."""


def says_pure(path: Path) -> bool:
    return bool(re.search(r"\bPure\b", docstring_of(path)))


def pure_modules() -> list[Path]:
    return [path for folder in ("services", "schemas") for path in sources(folder) if says_pure(path)]


def decides(path: Path) -> bool:
    folder = path.parent.relative_to(ROOT).as_posix()
    if path.stem == "__init__":
        return False
    return path.parent.name in PURE_FOLDERS or path.stem in DECIDING.get(folder, ())


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    others = tuple(f"services.{other}" for other in SERVICES if other != service)
    for path in sources(f"services/{service}"):
        assert not [name for name in imports(path) if name.startswith(others)], name_of(path)


def test_the_runtime_imports_no_service() -> None:
    folders = tuple(f"services.{service}" for service in SERVICES)
    for path in sources("services/runtime"):
        assert not [name for name in imports(path) if name.startswith(folders)], name_of(path)


def test_schemas_import_msgspec_orjson_and_the_standard_library_only() -> None:
    for path in sources("schemas"):
        tops = {name.partition(".")[0] for name in imports(path)}
        assert tops <= STANDARD | {"schemas", "msgspec", "orjson"}, name_of(path)


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_what_says_that_it_is_pure_imports_only_what_computes_or_is_pure_itself(path: Path) -> None:
    """Never a clock, the environment or a socket; what is imported for its types alone does not count."""
    for name in imports(path):
        top = name.partition(".")[0]
        if top == "services":
            file = module_of(name) or module_of(name.rpartition(".")[0])  # of a name that a module holds, the module
            assert file is not None, f"{name_of(path)} imports {name}"
            assert file.is_dir() or says_pure(file), (
                f"{name_of(path)} imports {name}, which does not say that it is pure"
            )
        else:
            is_known = top in COMPUTING or any(name.startswith(types) for types in ONLY_TYPES)
            assert is_known, f"{name_of(path)} imports {name}"
            assert top not in IMPURE_STANDARD, f"{name_of(path)} imports {name}"


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_what_says_that_it_is_pure_names_no_clock_and_draws_nothing(path: Path) -> None:
    names = {ast.unparse(node) for node in nodes_of(path) if isinstance(node, ast.Attribute | ast.Name)}
    assert not names & IMPURE_NAMES, name_of(path)


def test_whatever_decides_says_that_it_is_pure() -> None:
    deciding = [path for path in sources("services") if decides(path)]
    assert len(deciding) > 30
    assert not [name_of(path) for path in deciding if not says_pure(path)]


def test_only_settings_reads_the_environment() -> None:
    for path in sources("services"):
        reads = [
            ast.unparse(node)
            for node in nodes_of(path)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
        ]
        assert not reads or name_of(path) == "services/runtime/settings.py", f"{name_of(path)}: {reads}"


def test_only_the_log_boundary_imports_a_kafka_library() -> None:
    for path in sources("services"):
        if any(name.partition(".")[0] in {"aiokafka", "faust", "kafka"} for name in imports(path)):
            assert name_of(path) in KAFKA_BOUNDARY, name_of(path)


def test_only_the_database_boundary_imports_its_driver() -> None:
    for path in sources("services"):
        if any(name.partition(".")[0] in {"motor", "pymongo", "bson"} for name in imports(path)):
            name = name_of(path)
            allowed = name.startswith(DATABASE_BOUNDARY) or name in DATABASE_TYPES or path.stem.endswith("store")
            assert allowed, name


def test_one_module_writes_in_bulk_and_one_translates_errors_of_the_database() -> None:
    """Whoever looked at them by himself would take a failed write concern for success, or for a poisoned record."""
    for path in sources("services"):
        if name_of(path).startswith(DATABASE_BOUNDARY):
            continue
        called = {node.attr for node in nodes_of(path) if isinstance(node, ast.Attribute)}
        assert not called & {"bulk_write", "insert_many", "with_options"}, name_of(path)
        assert not any(name.startswith(("pymongo.errors", "bson.errors")) for name in imports(path)), name_of(path)


def test_every_collection_is_read_and_written_through_the_database_boundary() -> None:
    for path in sources("services"):
        if name_of(path).startswith(DATABASE_BOUNDARY):
            continue
        raw = {ast.unparse(node) for node in nodes_of(path) if isinstance(node, ast.Subscript)}
        raw = {text for text in raw if re.fullmatch(r"(self\.)?_?database\['\w+'\]", text)}
        given = {
            ast.unparse(argument) for node in nodes_of(path) if isinstance(node, ast.Call) for argument in node.args
        }
        assert raw <= given, f"{name_of(path)}: {raw - given}"


def test_only_the_sealing_boundary_encodes_and_decodes() -> None:
    """Whoever went round it would write people's data in the clear. Those excepted read, and need nothing personal."""
    for path in sources("services"):
        if name_of(path) in {
            "services/runtime/crypto/record_encryption.py",
            "services/runtime/directory.py",
            "services/statistics/worker.py",
            "services/traces/follow.py",
        }:
            continue
        calls = {ast.unparse(node) for node in nodes_of(path) if isinstance(node, ast.Attribute)}
        assert not calls & {"codec.encode", "codec.decode"}, name_of(path)


def test_the_product_imports_neither_deploy_nor_tests() -> None:
    for folder in ("services", "schemas"):
        for path in sources(folder):
            assert not {name.partition(".")[0] for name in imports(path)} & {"deploy", "tests"}, name_of(path)


def test_the_sandbox_imports_nothing_of_the_product() -> None:
    """It stands for the outside world: a misunderstanding that both share would hide itself."""
    for path in sources("deploy/sandbox"):
        assert not {name.partition(".")[0] for name in imports(path)} & {"services", "schemas"}, name_of(path)


def test_a_folder_holds_what_can_be_seen_at_a_glance() -> None:
    """A feature that has outgrown its folder has another one in it; names do not repeat the folder's."""
    for root in ("services", "deploy"):
        for folder in {path.parent for path in sources(root)} - ONE_OF_EACH:
            files = [path for path in folder.glob("*.py") if not path.stem.startswith("__")]
            assert len(files) <= MOST_FILES, f"{name_of(folder)}: {len(files)} files"
            repeats = [name_of(path) for path in files if path.stem.startswith(f"{folder.name}_")]
            assert not repeats, repeats


def test_services_shows_the_processes_and_what_they_stand_on() -> None:
    shown = {path.name for path in (ROOT / "services").iterdir() if not path.name.startswith("__")}
    assert shown == {*SERVICES, "runtime"}


def test_every_file_says_what_it_is_for() -> None:
    for folder in ("services", "schemas", "deploy", "tests"):
        for path in sources(folder):
            assert not path.read_text().strip() or docstring_of(path), name_of(path)


def test_what_encrypts_does_no_io() -> None:
    for path in sources("services/runtime/crypto"):
        assert not {name.partition(".")[0] for name in imports(path)} & NO_IO, name_of(path)
        ours = {name for name in imports(path) if name.startswith("services.runtime.")}
        others = [
            name for name in ours if not name.startswith(("services.runtime.crypto", "services.runtime.telemetry"))
        ]
        assert not others, f"{name_of(path)}: {others}"


RULES: dict[str, tuple[Callable[[Path], list[str]], tuple[str, ...]]] = {
    "a name says what the thing is": (names_that_say_nothing, ("",)),
    "five positional arguments at most": (long_positional_calls, ("",)),
    "no model is made from an unchecked dictionary": (splats_into_models, PRODUCT),
    "copies with changes are checked": (unchecked_copies, PRODUCT),
    "neighbour features are imported through what they offer": (imports_past_init, ("services/",)),
    "files that are named exist": (unknown_paths, ("",)),
}
"""How each rule finds what breaks it, and in which packages it holds."""
CASES = [(rule, package) for rule, (_, places) in RULES.items() for package in packages() if package.startswith(places)]


@pytest.mark.parametrize(("rule", "package"), CASES)
def test_a_package_keeps_to_the_rule(rule: str, package: str) -> None:
    broken = [f"{name_of(path)}: {found}" for path in of_package(package) for found in RULES[rule][0](path)]
    assert not broken, "\n".join(broken)


def test_documents_name_files_that_exist_and_link_to_what_is_there() -> None:
    broken = [
        f"{name_of(path)}: {found}" for path in documents() for found in (*unknown_paths(path), *broken_links(path))
    ]
    assert not broken, "\n".join(broken)
