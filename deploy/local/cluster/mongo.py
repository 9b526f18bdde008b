"""MongoDB as a bank runs it, on one machine: a replica set with TLS and users, each with the rights it needs.

The set has one member: what differs from a plain server is how it is reached. `prepare` makes a new data folder a set
with users, through the exception that MongoDB makes for its own machine until there is one.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.ports import HOST
from deploy.local.processes.process import Program
from deploy.local.report import StackError
from deploy.local.servers import mongo
from deploy.sandbox.tls.authority import ensure_certificates, write_private

SET_NAME = "rpns"
OWNER, OPERATOR = "rpns", "operator"
_ALREADY_INITIALIZED, _AUTHENTICATION_FAILED = 23, 18
_WAIT_MS, _LOOK_S = 20_000, 0.1
Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class SecuredMongo:
    """A secured server. `owner_password` is the services' user's, which reads and writes their database alone."""

    folder: Path
    owner_password: str
    operator_password: str
    database: str = "rpns"

    def url(self, port: int) -> str:
        """What the services are given."""
        login = f"{OWNER}:{quote_plus(self.owner_password)}"
        return f"mongodb://{login}@{HOST}:{port}/?replicaSet={SET_NAME}&authSource={self.database}&{self._tls}"

    def program(self, log: Path, port: int, cache_gb: float) -> Program:
        tls = self.folder / "tls"
        ensure_certificates(tls)
        write_private(tls / "mongo.pem", (tls / "server.key").read_bytes() + (tls / "server.pem").read_bytes())
        key_file = self.folder / "members.key"
        if not key_file.exists():
            write_private(key_file, secrets.token_urlsafe(96).replace("-", "+").replace("_", "/").encode())
        plain = mongo.program(self.folder / "data", log, port, cache_gb)
        secured = [
            *("--replSet", SET_NAME, "--keyFile", str(key_file), "--oplogSize", "256"),
            *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(tls / "mongo.pem")),
            *("--tlsCAFile", str(tls / "ca.pem"), "--tlsAllowConnectionsWithoutCertificates"),
        ]
        return Program(plain.name, [*plain.command, *secured], log, plain.is_ready, stop_s=plain.stop_s)

    def prepare(self, port: int) -> None:
        """Make the set and its users, unless that was done, and tell it its port. Raises StackError."""
        try:
            if self._is_new(port):
                self._make_users(port)
            with self._client(port, OPERATOR, self.operator_password) as operator:
                self._move_to(operator, port)
                _await_primary(operator)
                self._make_owner(operator)
        except PyMongoError as error:
            raise StackError(f"MongoDB could not be prepared: {type(error).__name__}: {error}") from error

    def _is_new(self, port: int) -> bool:
        """True when there is no operator yet."""
        try:
            with self._client(port, OPERATOR, self.operator_password) as operator:
                operator.admin.command("connectionStatus")
        except OperationFailure as error:
            if error.code == _AUTHENTICATION_FAILED:
                return True
            raise
        return False

    def _make_users(self, port: int) -> None:
        with self._client(port) as stranger:
            try:
                stranger.admin.command("replSetInitiate", self._members(port, 1))
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    raise
            _await_primary(stranger)
            roles = [{"role": "root", "db": "admin"}]
            stranger.admin.command("createUser", OPERATOR, pwd=self.operator_password, roles=roles)

    def _make_owner(self, operator: Client) -> None:
        """Its own database, and the one that `rpns rebuild` makes beside it."""
        roles = [{"role": "readWrite", "db": name} for name in (self.database, f"{self.database}-rebuilt")]
        if operator[self.database].command("usersInfo", OWNER)["users"]:
            operator[self.database].command("grantRolesToUser", OWNER, roles=roles)
        else:
            operator[self.database].command("createUser", OWNER, pwd=self.owner_password, roles=roles)

    def _move_to(self, operator: Client, port: int) -> None:
        """The set knows its member by the port of its last start."""
        known = operator.local["system.replset"].find_one() or {"version": 0}
        wanted = self._members(port, known["version"] + 1)
        if known.get("members", [{}])[0].get("host") != wanted["members"][0]["host"]:
            operator.admin.command("replSetReconfig", wanted, force=True)

    @staticmethod
    def _members(port: int, version: int) -> dict[str, Any]:
        return {"_id": SET_NAME, "version": version, "members": [{"_id": 0, "host": f"{HOST}:{port}"}]}

    def _client(self, port: int, user: str = "", password: str = "") -> Client:
        """The member, asked directly; without a user as a stranger on its own machine."""
        login = f"{user}:{quote_plus(password)}@" if user else ""
        options = f"directConnection=true&authSource=admin&{self._tls}"
        return MongoClient(f"mongodb://{login}{HOST}:{port}/?{options}", serverSelectionTimeoutMS=_WAIT_MS)

    @property
    def _tls(self) -> str:
        return f"tls=true&tlsCAFile={quote_plus(str(self.folder / 'tls' / 'ca.pem'))}"


def _await_primary(client: Client) -> None:
    until_s = time.monotonic() + _WAIT_MS / 1000
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > until_s:
            raise StackError("MongoDB has not become a primary in time")
        time.sleep(_LOOK_S)
