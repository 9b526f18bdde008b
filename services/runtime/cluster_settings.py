"""How the servers are reached: the settings of Kafka and MongoDB. Part of `settings.py`.

KAFKA_SECURITY_PROTOCOL says what the others must be: SSL and SASL_SSL check the brokers' certificate, and show one of
their own where KAFKA_CERTIFICATE_FILE names it; SASL_… log in by KAFKA_SASL_MECHANISM. MongoDB takes its TLS and logins
from MONGO_URL: `tls`, `tlsCAFile`, `tlsCertificateKeyFile`, `authMechanism`.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class ClusterSettings(BaseModel):
    """Addresses, keys and logins of the servers. The alias is the environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kafka_bootstrap: str = Field("127.0.0.1:9092", alias="KAFKA_BOOTSTRAP", description="host:port of Kafka brokers")
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", alias="KAFKA_SECURITY_PROTOCOL", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_ca_file: str = Field(
        "",
        alias="KAFKA_CA_FILE",
        description="PEM of the CA of the brokers' certificates; empty: the system's",
    )
    kafka_certificate_file: str = Field(
        "", alias="KAFKA_CERTIFICATE_FILE", description="PEM of the certificate to show to brokers that ask for one"
    )
    kafka_key_file: str = Field("", alias="KAFKA_KEY_FILE", description="PEM of the certificate's private key")
    kafka_key_password: str = Field("", alias="KAFKA_KEY_PASSWORD", description="of the private key, if it has one")
    kafka_sasl_mechanism: SaslMechanism = Field(
        "SCRAM-SHA-512", alias="KAFKA_SASL_MECHANISM", description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
    )
    kafka_sasl_username: str = Field("", alias="KAFKA_SASL_USERNAME", description="login at the brokers")
    kafka_sasl_password: str = Field("", alias="KAFKA_SASL_PASSWORD", description="password at the brokers")
    kafka_oauth_token_url: str = Field(
        "", alias="KAFKA_OAUTH_TOKEN_URL", description="of OAUTHBEARER: where client credentials get an access token"
    )
    kafka_oauth_client_id: str = Field("", alias="KAFKA_OAUTH_CLIENT_ID", description="of OAUTHBEARER: the client")
    kafka_oauth_client_secret: str = Field(
        "", alias="KAFKA_OAUTH_CLIENT_SECRET", description="of OAUTHBEARER: the client's secret"
    )
    kafka_oauth_scope: str = Field("", alias="KAFKA_OAUTH_SCOPE", description="of OAUTHBEARER: scopes, blanks between")
    kafka_oauth_ca_file: str = Field(
        "", alias="KAFKA_OAUTH_CA_FILE", description="PEM of the token endpoint's CA; empty: the system's"
    )
    kafka_topic_prefix: str = Field("", alias="KAFKA_TOPIC_PREFIX", description="put before every topic and group name")
    kafka_partitions: int = Field(12, alias="KAFKA_PARTITIONS", ge=1, description="partitions of a new topic")
    kafka_replication: int = Field(3, alias="KAFKA_REPLICATION", ge=1, description="replicas of a new topic")
    create_topics: bool = Field(
        True,
        alias="RPNS_CREATE_TOPICS",
        description="0: make no topics, and refuse to start while some are missing (`rpns topics apply` makes them)",
    )
    mongo_url: str = Field("mongodb://127.0.0.1:27017", alias="MONGO_URL", description="MongoDB connection string")
    mongo_client: Literal["pymongo", "motor"] = Field(
        "pymongo", alias="RPNS_MONGO_CLIENT", description="which client library talks to MongoDB; motor is at its end"
    )
    mongo_database: str = Field("rpns", alias="MONGO_DATABASE", description="name of the database")

    @property
    def kafka_uses_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def kafka_uses_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @model_validator(mode="after")
    def _kafka_is_whole(self) -> Self:
        """What is given must be used, or somebody believes in a protection that is not there."""
        tls = [("KAFKA_CA_FILE", self.kafka_ca_file), ("KAFKA_CERTIFICATE_FILE", self.kafka_certificate_file)]
        login = [("KAFKA_SASL_USERNAME", self.kafka_sasl_username), ("KAFKA_SASL_PASSWORD", self.kafka_sasl_password)]
        oauth = [
            ("KAFKA_OAUTH_TOKEN_URL", self.kafka_oauth_token_url),
            ("KAFKA_OAUTH_CLIENT_ID", self.kafka_oauth_client_id),
            ("KAFKA_OAUTH_CLIENT_SECRET", self.kafka_oauth_client_secret),
        ]
        by_token = self.kafka_sasl_mechanism == "OAUTHBEARER"
        if not self.kafka_uses_tls:
            _must_be_absent(tls, "KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL")
        if not self.kafka_uses_sasl:
            _must_be_absent(login + oauth, "KAFKA_SECURITY_PROTOCOL is SASL_SSL or SASL_PLAINTEXT")
        elif by_token:
            _must_be_present(oauth, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
            _must_be_absent(login, "KAFKA_SASL_MECHANISM is PLAIN or SCRAM")
        else:
            _must_be_present(login, f"KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}")
            _must_be_absent(oauth, "KAFKA_SASL_MECHANISM is OAUTHBEARER")
        if bool(self.kafka_certificate_file) != bool(self.kafka_key_file):
            raise ValueError("KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE: give both or neither")
        return self


def _must_be_present(settings: list[tuple[str, str]], where: str) -> None:
    for name, value in settings:
        if not value:
            raise ValueError(f"{name}: is needed where {where}")


def _must_be_absent(settings: list[tuple[str, str]], where: str) -> None:
    for name, value in settings:
        if value:
            raise ValueError(f"{name}: is of use only where {where}")
