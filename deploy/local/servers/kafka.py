"""Kafka of the local stack: real KRaft nodes, broker and controller in one JVM, its heap bounded. One, or three."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST, free_ports
from deploy.local.processes.guard import Guard
from deploy.local.processes.process import Process, Program, wait_ready
from deploy.local.report import StackError
from deploy.local.servers.kafka_files import FORMAT_FILES, JVM_OPTIONS, KafkaFiles

CLUSTER_ID = "cnBucy1sb2NhbC1zdGFjaw"  # sixteen bytes in base64, as Kafka wants it
STARTED = "Kafka Server started"

ONE_BROKER = """log.dirs={storage}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
metadata.max.idle.interval.ms=5000
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.io.buffer.size=131072
"""
"""Settings of a small broker that is alone, however it is reached."""
PROPERTIES = (
    """process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
"""
    + ONE_BROKER
)

REPLICATED = """group.initial.rebalance.delay.ms=1000
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
min.insync.replicas=2
unclean.leader.election.enable=false
"""
"""What differs in one of three; a setting that comes again wins."""
SMALL = "-Xmx288m"

LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


def java(files: KafkaFiles, *options: str) -> list[str]:
    return [str(files.java), *JVM_OPTIONS, *options, "-cp", files.classpath]


@dataclass(frozen=True)
class Node:
    """A broker that is a controller as well, and its ports; `name` is that of its process."""

    port: int
    controller_port: int
    number: int = 1
    name: str = "kafka"


def _configure(folder: Path, node: Node, quorum: Sequence[Node]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "server.properties"
    properties = PROPERTIES.format(
        host=HOST,
        node=node.number,
        voters=",".join(f"{voter.number}@{HOST}:{voter.controller_port}" for voter in quorum),
        port=node.port,
        controller_port=node.controller_port,
        storage=folder / "log",
    )
    config.write_text(properties + (REPLICATED if len(quorum) > 1 else ""))
    return config


def program(files: KafkaFiles, folder: Path, log: Path, port: int, controller_port: int) -> Program:
    """Kafka with its data in `folder`; the ports may differ from those of the last start."""
    node = Node(port, controller_port)
    return node_program(files, folder, log, node, (node,))


def node_program(files: KafkaFiles, folder: Path, log: Path, node: Node, quorum: Sequence[Node]) -> Program:
    """One of the nodes of a cluster: three of them hold each record twice before it is acknowledged."""
    config = _configure(folder, node, quorum)
    files.format(folder / "log", node.number)
    options = [*files.aot_options, "-XX:AOTMode=auto", *LOGGING, *([SMALL] if len(quorum) > 1 else [])]
    return Program(node.name, [*java(files, *options), "kafka.Kafka", str(config)], log, has_started)


def has_started(process: Process) -> bool:
    """Whether it says so in its log: it listens a moment before it takes new topics."""
    return STARTED in process.output()


def prepare(files: KafkaFiles) -> None:
    """Fill the user's folder: a formatted storage to copy, and the ahead-of-time cache of a practice run.

    Raises StackError when Kafka does not work here at all.
    """
    folder = files.folder / "practice"
    port, controller_port = free_ports(2)
    node = Node(port, controller_port)
    config = _configure(folder, node, (node,))
    tool = [*java(files), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(config)]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"Kafka's storage tool failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    (files.folder / "format").mkdir()
    for name in FORMAT_FILES:
        (folder / "log" / name).rename(files.folder / "format" / name)
    files.format(folder / "log")
    output = f"-XX:AOTCacheOutput={files.folder / 'kafka.aot'}"
    command = [*java(files, output, *LOGGING), "kafka.Kafka", str(config)]
    with Guard() as guard:
        # The cache is written after the server has stopped, by a second JVM: seconds, or a minute on a busy machine.
        practice = Process(Program("kafka", command, folder / "output", has_started, stop_s=120), guard)
        try:
            wait_ready([practice], lambda _: None)
            practice.ask_to_end()
            practice.wait_ended()
        finally:
            practice.kill()
    shutil.rmtree(folder)
