"""Kafka as a bank runs it, on one machine: TLS, a login (SCRAM) for every service, and access lists that deny the rest.

    clients ─ SASL_SSL, SCRAM-SHA-512 ─▶ broker ─ SSL with certificates on both sides ─▶ controller     one JVM

`broker` and `operator` may do everything; every other user only what an access list allows
(`schemas/permissions.py`). The users are written down when the storage is formatted, so their passwords are drawn once
for a data folder.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.processes.process import Program
from deploy.local.report import StackError
from deploy.local.servers.kafka import CLUSTER_ID, ONE_BROKER, has_started, java
from deploy.local.servers.kafka_files import FORMAT_FILES, KafkaFiles
from deploy.sandbox.tls.authority import ensure_certificates, write_private

BROKER, OPERATOR = "broker", "operator"
_MECHANISM = "SCRAM-SHA-512"
_PROPERTIES = (
    """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=CLIENTS://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=CLIENTS://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:SSL
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
listener.name.clients.scram-sha-512.sasl.jaas.config={jaas}
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{broker};User:{operator};User:CN=localhost
"""
    + ONE_BROKER
)


@dataclass(frozen=True)
class SecuredKafka:
    """A secured broker. `passwords` by user; `broker` and `operator` are among them."""

    files: KafkaFiles
    folder: Path
    passwords: Mapping[str, str]

    @property
    def ca_file(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def client_settings(self, user: str) -> dict[str, str]:
        """The settings by which a process of ours is this user."""
        return {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_CA_FILE": str(self.ca_file),
            "KAFKA_SASL_MECHANISM": _MECHANISM,
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": self.passwords[user],
        }

    def program(self, log: Path, port: int, controller_port: int) -> Program:
        """The broker; the ports may differ from those of the last start. Raises StackError."""
        config = self._configure(port, controller_port)
        self._format(config)
        return Program("kafka", [*java(self.files), "kafka.Kafka", str(config)], log, has_started)

    def _configure(self, port: int, controller_port: int) -> Path:
        tls = self.folder / "tls"
        ensure_certificates(tls)
        keystore, config = tls / "broker.pem", self.folder / "server.properties"
        write_private(keystore, (tls / "server.key").read_bytes() + (tls / "server.pem").read_bytes())
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        properties = _PROPERTIES.format(
            host=HOST,
            port=port,
            controller_port=controller_port,
            mechanism=_MECHANISM,
            jaas=f'{login} required username="{BROKER}" password="{self.passwords[BROKER]}";',
            keystore=keystore,
            ca=self.ca_file,
            broker=BROKER,
            operator=OPERATOR,
            storage=self.folder / "log",
        )
        write_private(config, properties.encode())
        return config

    def _format(self, config: Path) -> None:
        """Format the storage with its users, unless it has been."""
        if (self.folder / "log" / FORMAT_FILES[0]).exists():
            return
        users: list[str] = []
        for name, password in self.passwords.items():
            users += ["--add-scram", f"{_MECHANISM}=[name={name},password={password}]"]
        tool = [*java(self.files), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(config), *users]
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"Kafka's storage tool failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
