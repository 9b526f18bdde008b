"""The platform on servers that ask for TLS and logins and allow each service only what it needs."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from deploy.local import Stack
from deploy.local.provision import provision
from deploy.sandbox.tls.authority import write_private
from schemas import topics
from services.runtime import mongo
from services.runtime.log import connection
from services.runtime.settings import Settings
from tests.support.opening import ENV, opened
from tests.support.repairs import done, ran
from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, READ, World


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("secured"), env=ENV, secured=True) as stack:
        provision(stack.describe())
        yield stack


@pytest.fixture(scope="module")
async def world(stack: Stack) -> AsyncIterator[World]:
    async with opened(stack) as world:
        yield world


async def test_a_password_reaches_four_kinds_of_phone_and_nothing_is_refused(world: World) -> None:
    phone = world.new_phone()
    devices = [await world.enrol(platform, phone) for platform in PLATFORMS]
    ref = await world.send(phone)

    await world.reported(ref, READ)
    await world.fleet.until(lambda: all(len(device.shown) == 1 for device in devices))

    async def is_counted() -> bool:
        logs = [world.stack.logs(name) for name in world.stack.ports]
        assert not [log for log in logs if "uthoriz" in log]
        return bool((await world.trace(ref))["state"] == "READ")

    await eventually(is_counted, "the message is read, and no log speaks of a refusal")


async def test_without_the_proxy_nothing_reaches_a_provider(world: World, stack: Stack) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    await asyncio.to_thread(stack.kill, "proxy")
    ref = await world.send(phone)

    async def is_planned() -> bool:
        return bool((await world.trace(ref))["links"][0]["deliveries"])

    await eventually(is_planned, "the router has sent it on to dispatch")
    assert not device.shown
    await world.restart("proxy")
    await world.reported(ref, READ)


async def test_a_service_may_not_write_what_it_is_not_trusted_with(stack: Stack) -> None:
    login = stack.login_of("router")
    settings = Settings.from_environment({**stack.env, **login})
    async with AIOKafkaProducer(**connection.options(settings)) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(topics.APPLICATION_EVENTS.name, b"{}")
        await producer.send_and_wait(topics.STATUS_EVENTS["single"].name + topics.BULK, b"no event, but it may")


@pytest.mark.parametrize(
    "changed",
    [
        {"KAFKA_SASL_PASSWORD": "wrong"},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_CA_FILE": ""},
        {"KAFKA_CA_FILE": ""},
    ],
    ids=["a wrong password", "no TLS", "a broker of an unknown authority"],
)
async def test_who_does_not_prove_who_it_is_gets_no_connection(stack: Stack, changed: dict[str, str]) -> None:
    settings = Settings.from_environment({**stack.env, **changed})
    producer = AIOKafkaProducer(**connection.options(settings), request_timeout_ms=3_000)
    try:
        with pytest.raises(KafkaConnectionError):
            await producer.start()
    finally:
        await producer.stop()


def test_the_database_takes_nobody_without_tls_and_a_login_and_nobody_beyond_its_database(stack: Stack) -> None:
    with MongoClient[dict[str, object]](stack.mongo_url) as client:
        assert client["rpns"]["partners"].find_one() is None  # it may look
        with pytest.raises(OperationFailure, match="not authorized"):
            client["other"]["things"].find_one()
    plain = stack.mongo_url.partition("?")[0].rpartition("@")[2]
    with (
        MongoClient[dict[str, object]](f"mongodb://{plain}", serverSelectionTimeoutMS=1_000) as stranger,
        pytest.raises(ServerSelectionTimeoutError),
    ):
        stranger["rpns"]["partners"].find_one()


async def test_repairs_need_no_more_than_the_database_user_may(world: World, tmp_path: Path) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    await world.reported(await world.send(phone), READ)
    first = await done(world, "rebuild")
    again = await done(world, "rebuild", "--fresh")
    assert again["records"] >= first["records"] > 0
    backup = await done(world, "backup", str(tmp_path / "backup"))
    assert backup["documents"] > 0


@pytest.mark.parametrize("command", ["backup", "rebuild", "restore"])
async def test_a_repair_by_a_login_that_does_not_see_who_works_is_refused(
    world: World, tmp_path: Path, command: str
) -> None:
    folder = [] if command == "rebuild" else [str(tmp_path / "backup")]
    refused = await ran(world, command, *folder, **world.stack.login_of("router"))
    assert (refused.code, "may not look at the groups" in refused.err) == (1, True), refused
    assert not (tmp_path / "backup").exists()


async def test_a_certificate_is_a_login_at_the_database(stack: Stack, tmp_path: Path) -> None:
    folder = stack.data_dir / "cluster" / "mongo" / "tls"
    certificate = _client_certificate(folder, tmp_path / "client.pem")
    operator = json.loads((stack.data_dir / "cluster" / "passwords.json").read_text())["mongo/operator"]
    place = stack.mongo_url.partition("@")[2].partition("/")[0]
    tls = f"tls=true&tlsCAFile={folder / 'ca.pem'}"
    with MongoClient[dict[str, object]](f"mongodb://operator:{operator}@{place}/?authSource=admin&{tls}") as client:
        roles = [{"role": "readWrite", "db": "rpns"}]
        client["$external"].command("createUser", "CN=services,O=Bank", roles=roles)
    shown = f"tlsCertificateKeyFile={certificate}"
    url = f"mongodb://{place}/?{tls}&{shown}&authMechanism=MONGODB-X509&authSource=%24external&replicaSet=rpns"
    async with mongo.database(Settings.from_environment({**stack.env, "MONGO_URL": url})) as database:
        assert await mongo.takes_writes(database)
        with pytest.raises(OperationFailure, match="not authorized"):
            await database.client["other"]["things"].find_one()
    strange = url.replace(f"&{shown}", "")
    async with mongo.database(Settings.from_environment({**stack.env, "MONGO_URL": strange})) as database:
        assert not await mongo.takes_writes(database)


def _client_certificate(authority: Path, file: Path) -> Path:
    """Of an organization that is not the servers', signed by their authority, with its key."""
    issuer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    signing = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), password=None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank"), x509.NameAttribute(NameOID.COMMON_NAME, "services")]
    )
    made = (
        x509.CertificateBuilder(issuer.subject, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(file, pem + made.public_bytes(serialization.Encoding.PEM))
    return file
