"""A real broker that asks for a certificate, or for an access token of a real endpoint that soon ends."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.ports import HOST, free_ports
from deploy.local.processes.guard import Guard
from deploy.local.processes.process import Process, Program, wait_ready
from deploy.local.servers import kafka as local_kafka
from deploy.local.servers.kafka_files import ready_files
from deploy.sandbox.tls.authority import ensure_certificates, write_private
from schemas import ids, topics
from schemas.events import RequestRepeated
from services.runtime.log import connection, kafka, upkeep
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from tests.support.waiting import eventually

STATUS = topics.STATUS_EVENTS["single"]
TOKEN_S = 4
"""A broker ends a connection whose token has ended, and says so to nobody."""
PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=INSIDE://{host}:{inside},CERTIFICATES://{host}:{certificates},TOKENS://{host}:{tokens},CONTROLLER://{host}:{controller}
advertised.listeners=INSIDE://{host}:{inside},CERTIFICATES://{host}:{certificates},TOKENS://{host}:{tokens}
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
listener.security.protocol.map=INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT,CERTIFICATES:SSL,TOKENS:SASL_SSL
listener.name.certificates.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={tls}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={tls}/ca.pem
listener.name.tokens.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.tokens.oauthbearer.sasl.jaas.config={oauth}.OAuthBearerLoginModule required;
listener.name.tokens.oauthbearer.sasl.server.callback.handler.class={oauth}.OAuthBearerValidatorCallbackHandler
listener.name.tokens.oauthbearer.connections.max.reauth.ms=3600000
sasl.oauthbearer.jwks.endpoint.url={keys}
sasl.oauthbearer.expected.audience=kafka
sasl.oauthbearer.clock.skew.seconds=0
"""


@dataclass
class TokenEndpoint:
    """Client credentials in, signed tokens out."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    given: list[str] = field(default_factory=list)
    url: str = ""

    def key_set(self) -> str:
        own = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**own, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    def token(self) -> str:
        now = int(time.time())
        claims = {"sub": "rpns", "aud": "kafka", "scope": "log", "iat": now, "exp": now + TOKEN_S}
        self.given.append(jwt.encode(claims, self.key, "RS256", {"kid": "k1"}))
        return self.given[-1]

    @contextmanager
    def serving(self) -> Iterator["TokenEndpoint"]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                is_known = form.get("client_secret") == ["secret"]
                body = json.dumps({"access_token": endpoint.token(), "expires_in": TOKEN_S} if is_known else {})
                self.send_response(200 if is_known else 401)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_request(self, code: object = "-", size: object = "-") -> None:
                """Says nothing."""

        server = ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://{HOST}:{server.server_port}/token"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


@dataclass(frozen=True)
class Broker:
    tls: Path
    certificates: int
    tokens: int
    endpoint: TokenEndpoint

    def by_certificate(self, **more: str) -> Settings:
        return Settings.from_environment(
            {
                "KAFKA_BOOTSTRAP": f"{HOST}:{self.certificates}",
                "KAFKA_SECURITY_PROTOCOL": "SSL",
                "KAFKA_CA_FILE": str(self.tls / "ca.pem"),
                "KAFKA_PARTITIONS": "2",
                "KAFKA_REPLICATION": "1",
                **more,
            }
        )

    def by_token(self, secret: str = "secret") -> Settings:
        return Settings.from_environment(
            {
                "KAFKA_BOOTSTRAP": f"{HOST}:{self.tokens}",
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
                "KAFKA_CA_FILE": str(self.tls / "ca.pem"),
                "KAFKA_OAUTH_TOKEN_URL": self.endpoint.url,
                "KAFKA_OAUTH_CLIENT_ID": "rpns",
                "KAFKA_OAUTH_CLIENT_SECRET": secret,
                "KAFKA_TOPIC_PREFIX": "tokens-",
                "KAFKA_PARTITIONS": "2",
                "KAFKA_REPLICATION": "1",
            }
        )


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("logins")
    files, tls = ready_files(lambda step: None, local_kafka.prepare), folder / "tls"
    ensure_certificates(tls)
    write_private(tls / "broker.pem", (tls / "server.key").read_bytes() + (tls / "server.pem").read_bytes())
    inside, certificates, tokens, controller = free_ports(4)
    with TokenEndpoint().serving() as endpoint, Guard() as guard:
        keys = folder / "keys.json"
        keys.write_text(endpoint.key_set())
        own = PROPERTIES.format(
            host=HOST,
            oauth="org.apache.kafka.common.security.oauthbearer",
            inside=inside,
            certificates=certificates,
            tokens=tokens,
            controller=controller,
            tls=tls,
            keys=keys.as_uri(),
        )
        config = folder / "server.properties"
        config.write_text(own + local_kafka.ONE_BROKER.format(storage=folder / "log"))
        files.format(folder / "log")
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys.as_uri()}"
        command = [*local_kafka.java(files, allowed, *local_kafka.LOGGING), "kafka.Kafka", str(config)]
        process = Process(Program("kafka", command, folder / "kafka.log", local_kafka.has_started), guard)
        try:
            wait_ready([process], lambda _: None)
            yield Broker(tls, certificates, tokens, endpoint)
        finally:
            process.ask_to_end()
            process.wait_ended()


def append() -> Append:
    event = RequestRepeated(event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="bank", request_id="r")
    return Append(STATUS, event.message_id, event)


async def test_a_certificate_is_a_login(broker: Broker) -> None:
    shown = {
        "KAFKA_CERTIFICATE_FILE": str(broker.tls / "server.pem"),
        "KAFKA_KEY_FILE": str(broker.tls / "server.key"),
    }
    settings = broker.by_certificate(**shown)
    await kafka.create_topics(settings, [STATUS])
    async with kafka.opened_log(settings) as log:
        await log.append([append()])
    assert await upkeep.planned(settings, upkeep.wanted_topics([STATUS], "", 2, 1)) == []


async def test_who_shows_no_certificate_gets_no_connection(broker: Broker) -> None:
    producer = AIOKafkaProducer(**connection.options(broker.by_certificate()), request_timeout_ms=3_000)
    try:
        with pytest.raises(KafkaError):
            await producer.start()
    finally:
        await producer.stop()


async def test_a_session_outlives_its_tokens(broker: Broker) -> None:
    settings = broker.by_token()
    await kafka.create_topics(settings, [STATUS])
    appended, before = 0, len(broker.endpoint.given)
    async with kafka.opened_log(settings) as log:

        async def has_had_three_more() -> bool:
            nonlocal appended
            await log.append([append()])
            appended += 1
            return len(broker.endpoint.given) >= before + 3

        await eventually(has_had_three_more, "tokens are fetched as they end", timeout_s=60)
    consumer = kafka.consumer(settings, [STATUS], "status")
    await consumer.start()
    try:

        async def has_all() -> bool:
            await consumer.getmany(timeout_ms=100)
            places = consumer.assignment()
            return bool(places) and sum([await consumer.position(place) for place in places]) == appended

        await eventually(has_all, "what was appended is there once", timeout_s=60)
    finally:
        await consumer.stop()


async def test_a_client_that_the_endpoint_does_not_know_gets_no_connection(broker: Broker) -> None:
    producer = AIOKafkaProducer(**connection.options(broker.by_token("wrong")), request_timeout_ms=3_000)
    try:
        with pytest.raises(KafkaError):
            await producer.start()
    finally:
        await producer.stop()
