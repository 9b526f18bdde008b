"""The secured servers of a stack and its way out: their programs, their users, and how services reach them."""

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from deploy.local.cluster import access_lists
from deploy.local.cluster.kafka import BROKER, OPERATOR, SecuredKafka
from deploy.local.cluster.mongo import SecuredMongo
from deploy.local.cluster.proxy import LOGIN_SETTING
from deploy.local.ports import HOST, accepts
from deploy.local.processes.process import Program
from deploy.local.report import StackError
from deploy.local.servers.kafka_files import KafkaFiles
from deploy.local.settings import write_private
from schemas.permissions import PERMISSIONS
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.settings import Settings

_USERS = (BROKER, OPERATOR, *PERMISSIONS)
_PASSWORDS, _PROXY_USER = "passwords.json", "rpns"


class SecuredServers:
    """The servers in `folder`. Methods raise StackError."""

    def __init__(self, folder: Path, files: KafkaFiles) -> None:
        passwords = _passwords(folder / _PASSWORDS)
        kafka = {user: passwords[f"kafka/{user}"] for user in _USERS}
        self._kafka = SecuredKafka(files, folder / "kafka", kafka)
        self._proxy_password = passwords["proxy"]
        self._mongo = SecuredMongo(
            folder / "mongo", owner_password=passwords["mongo/rpns"], operator_password=passwords["mongo/operator"]
        )

    def programs(self, log: Callable[[str], Path], ports: Mapping[str, int], cache_gb: float) -> Iterator[Program]:
        """`ports` of kafka, controller, mongo and proxy."""
        yield self._mongo.program(log("mongo"), ports["mongo"], cache_gb)
        yield self._kafka.program(log("kafka"), ports["kafka"], ports["controller"])
        command = [sys.executable, "-m", "deploy.local.cluster.proxy", "--port", str(ports["proxy"])]
        login = {LOGIN_SETTING: f"{_PROXY_USER}:{self._proxy_password}"}
        yield Program("proxy", command, log("proxy"), lambda _: accepts(ports["proxy"]), env=login)

    def mongo_url(self, port: int) -> str:
        return self._mongo.url(port)

    def login(self, service: str) -> dict[str, str]:
        """The settings by which a service, or the operator, reaches Kafka."""
        return self._kafka.client_settings(service)

    def way_out(self, proxy_port: int) -> dict[str, str]:
        """The settings by which services reach providers and receivers."""
        return {"RPNS_OUTBOUND_PROXY": f"http://{_PROXY_USER}:{self._proxy_password}@{HOST}:{proxy_port}"}

    def prepare(self, environment: Mapping[str, str], mongo_port: int) -> None:
        """Once they run: users, topics and access lists. `environment` is what the services share."""
        self._mongo.prepare(mongo_port)
        settings = Settings.from_environment({**environment, **self.login(OPERATOR)})
        try:
            asyncio.run(access_lists.prepare(settings))
        except TRANSIENT_ERRORS as error:
            raise StackError(f"Kafka's topics and access lists could not be made: {error!r}") from error


def _passwords(file: Path) -> dict[str, str]:
    if not file.exists():
        names = [*(f"kafka/{user}" for user in _USERS), "mongo/rpns", "mongo/operator", "proxy"]
        write_private(file, {name: secrets.token_urlsafe(24) for name in names})
    return dict(json.loads(file.read_text()))
