"""Three brokers and a replica set of three: what a stack stands on that survives the loss of any one of them.

kafka-1 kafka-2 kafka-3    each broker and controller; replication 3, acknowledged when two hold a record
mongo-1 mongo-2 mongo-3    a replica set
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.processes.process import Program
from deploy.local.servers import kafka, replica_set
from deploy.local.servers.kafka_files import KafkaFiles

REPLICAS = 3
PORTS = 3 * REPLICAS
_CACHE_GB = 0.25


class ReplicatedServers:
    """The servers in `folder`. `ports`: `PORTS` free ones."""

    def __init__(self, folder: Path, files: KafkaFiles, ports: Sequence[int]) -> None:
        self._folder, self._files = folder, files
        pairs = zip(ports[:REPLICAS], ports[REPLICAS : 2 * REPLICAS], strict=True)
        self._nodes = [kafka.Node(*pair, number, f"kafka-{number}") for number, pair in enumerate(pairs, 1)]
        self.mongo_ports = {f"mongo-{number}": port for number, port in enumerate(ports[2 * REPLICAS :], 1)}

    @property
    def kafka_bootstrap(self) -> str:
        return ",".join(f"{HOST}:{node.port}" for node in self._nodes)

    @property
    def mongo_url(self) -> str:
        return replica_set.url(list(self.mongo_ports.values()))

    def programs(self, log: Callable[[str], Path]) -> Iterator[Program]:
        for name, port in self.mongo_ports.items():
            yield replica_set.member_program(name, self._folder / name, log(name), port, _CACHE_GB)
        for node in self._nodes:
            yield kafka.node_program(self._files, self._folder / node.name, log(node.name), node, self._nodes)

    def begin(self) -> None:
        """Once they run. Raises StackError."""
        replica_set.begin(list(self.mongo_ports.values()))
