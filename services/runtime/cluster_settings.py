"""How the servers are reached: the settings of Kafka and MongoDB. Part of `settings.py`.

KAFKA_SECURITY_PROTOCOL says what the others must be: SSL and SASL_SSL check the brokers' certificate, and show one of
their own where KAFKA_CERTIFICATE_FILE names it; SASL_… log in by KAFKA_SASL_MECHANISM. MongoDB takes its TLS and logins
from MONGO_URL: `tls`, `tlsCAFile`, `tlsCertificateKeyFile`, `authMechanism`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.runtime.text.setting import setting

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """Addresses, keys and logins of the servers."""

    kafka_bootstrap: str = setting("127.0.0.1:9092", "KAFKA_BOOTSTRAP", "host:port of Kafka brokers")
    kafka_security_protocol: SecurityProtocol = setting(
        "PLAINTEXT", "KAFKA_SECURITY_PROTOCOL", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_ca_file: str = setting("", "KAFKA_CA_FILE", "PEM of the CA of the brokers' certificates; empty: the system's")
    kafka_certificate_file: str = setting(
        "", "KAFKA_CERTIFICATE_FILE", "PEM of the certificate to show to brokers that ask for one"
    )
    kafka_key_file: str = setting("", "KAFKA_KEY_FILE", "PEM of the certificate's private key")
    kafka_key_password: str = setting("", "KAFKA_KEY_PASSWORD", "of the private key, if it has one")
    kafka_sasl_mechanism: SaslMechanism = setting(
        "SCRAM-SHA-512", "KAFKA_SASL_MECHANISM", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
    )
    kafka_sasl_username: str = setting("", "KAFKA_SASL_USERNAME", "login at the brokers")
    kafka_sasl_password: str = setting("", "KAFKA_SASL_PASSWORD", "password at the brokers")
    kafka_oauth_token_url: str = setting(
        "", "KAFKA_OAUTH_TOKEN_URL", "of OAUTHBEARER: where client credentials get an access token"
    )
    kafka_oauth_client_id: str = setting("", "KAFKA_OAUTH_CLIENT_ID", "of OAUTHBEARER: the client")
    kafka_oauth_client_secret: str = setting("", "KAFKA_OAUTH_CLIENT_SECRET", "of OAUTHBEARER: the client's secret")
    kafka_oauth_scope: str = setting("", "KAFKA_OAUTH_SCOPE", "of OAUTHBEARER: scopes, blanks between")
    kafka_oauth_ca_file: str = setting("", "KAFKA_OAUTH_CA_FILE", "PEM of the token endpoint's CA; empty: the system's")
    kafka_topic_prefix: str = setting("", "KAFKA_TOPIC_PREFIX", "put before every topic and group name")
    kafka_partitions: int = setting(12, "KAFKA_PARTITIONS", "partitions of a new topic", least=1)
    kafka_replication: int = setting(3, "KAFKA_REPLICATION", "replicas of a new topic", least=1)
    create_topics: bool = setting(
        True,
        "RPNS_CREATE_TOPICS",
        "0: make no topics, and refuse to start while some are missing (`rpns topics apply` makes them)",
    )
    mongo_url: str = setting("mongodb://127.0.0.1:27017", "MONGO_URL", "MongoDB connection string")
    migrate: bool = setting(
        True,
        "RPNS_MIGRATE",
        "0: leave stored documents as they are, and refuse to start while steps are missing (`rpns database apply`)",
    )
    mongo_client: Literal["pymongo", "motor"] = setting(
        "pymongo", "RPNS_MONGO_CLIENT", "which client library talks to MongoDB; motor is at its end"
    )
    mongo_database: str = setting("rpns", "MONGO_DATABASE", "name of the database")

    @property
    def kafka_uses_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def kafka_uses_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")


def faults_of_cluster(settings: ClusterSettings) -> Iterator[str]:
    """What does not go together. What is given must be used, or somebody believes in a protection that is not there."""
    tls = [("KAFKA_CA_FILE", settings.kafka_ca_file), ("KAFKA_CERTIFICATE_FILE", settings.kafka_certificate_file)]
    login = [
        ("KAFKA_SASL_USERNAME", settings.kafka_sasl_username),
        ("KAFKA_SASL_PASSWORD", settings.kafka_sasl_password),
    ]
    oauth = [
        ("KAFKA_OAUTH_TOKEN_URL", settings.kafka_oauth_token_url),
        ("KAFKA_OAUTH_CLIENT_ID", settings.kafka_oauth_client_id),
        ("KAFKA_OAUTH_CLIENT_SECRET", settings.kafka_oauth_client_secret),
    ]
    by_token = settings.kafka_sasl_mechanism == "OAUTHBEARER"
    if not settings.kafka_uses_tls:
        yield from _present(tls, "KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL")
    if not settings.kafka_uses_sasl:
        yield from _present(login + oauth, "KAFKA_SECURITY_PROTOCOL is SASL_SSL or SASL_PLAINTEXT")
    elif by_token:
        yield from _absent(oauth, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
        yield from _present(login, "KAFKA_SASL_MECHANISM is PLAIN or SCRAM")
    else:
        yield from _absent(login, f"KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}")
        yield from _present(oauth, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
    if bool(settings.kafka_certificate_file) != bool(settings.kafka_key_file):
        yield "KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE: give both or neither"


def _absent(settings: list[tuple[str, str]], where: str) -> list[str]:
    return [f"{name}: is needed where {where}" for name, value in settings if not value]


def _present(settings: list[tuple[str, str]], where: str) -> list[str]:
    return [f"{name}: is of use only where {where}" for name, value in settings if value]
