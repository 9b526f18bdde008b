"""How the cluster is reached: which settings go together, and what the clients are made with."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest
from aiokafka.errors import AuthenticationFailedError, KafkaConnectionError

from services.runtime.http import egress
from services.runtime.log import connection
from services.runtime.settings import BadSettings, Settings

SCRAM = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_USERNAME": "router",
    "KAFKA_SASL_PASSWORD": "secret",
}
TOKENS = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
    "KAFKA_OAUTH_TOKEN_URL": "https://127.0.0.1/token",
    "KAFKA_OAUTH_CLIENT_ID": "router",
    "KAFKA_OAUTH_CLIENT_SECRET": "secret",
}


def test_without_settings_nothing_is_asked_for() -> None:
    found = connection.options(Settings.from_environment({"KAFKA_BOOTSTRAP": "a:1,b:2"}))

    assert found == {"bootstrap_servers": "a:1,b:2", "security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_over_tls_checks_the_brokers_names(mechanism: str) -> None:
    found = connection.options(Settings.from_environment(SCRAM | {"KAFKA_SASL_MECHANISM": mechanism}))

    assert found["security_protocol"] == "SASL_SSL"
    assert found["sasl_mechanism"] == mechanism
    assert (found["sasl_plain_username"], found["sasl_plain_password"]) == ("router", "secret")
    context = found["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-a-file\n")
    given = {name: value for name, value in SCRAM.items() if name != "KAFKA_SASL_PASSWORD"}

    settings = Settings.from_environment(given | {"KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password")})

    assert connection.options(settings)["sasl_plain_password"] == "from-a-file"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_CA_FILE": "ca.pem"}, "KAFKA_CA_FILE: is of use only where"),
        ({"KAFKA_SASL_USERNAME": "x"}, "KAFKA_SASL_USERNAME: is of use only where"),
        (SCRAM | {"KAFKA_SASL_PASSWORD": ""}, "KAFKA_SASL_PASSWORD: is needed where"),
        (SCRAM | {"KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM"),
        (SCRAM | {"KAFKA_OAUTH_CLIENT_ID": "x"}, "KAFKA_OAUTH_CLIENT_ID: is of use only where"),
        (TOKENS | {"KAFKA_OAUTH_TOKEN_URL": ""}, "KAFKA_OAUTH_TOKEN_URL: is needed where"),
        (TOKENS | {"KAFKA_SASL_USERNAME": "x"}, "KAFKA_SASL_USERNAME: is of use only where"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_KEY_FILE": "k"}, "give both or neither"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_by_name(given: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        Settings.from_environment(given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"KAFKA_CA_FILE": "{folder}/absent.pem"}, "KAFKA_CA_FILE: cannot be used"),
        ({"KAFKA_CA_FILE": "{folder}/text.pem"}, "KAFKA_CA_FILE: cannot be used"),
        (
            {"KAFKA_CERTIFICATE_FILE": "{folder}/text.pem", "KAFKA_KEY_FILE": "{folder}/text.pem"},
            "KAFKA_CERTIFICATE_FILE, KAFKA_KEY_FILE: cannot be used",
        ),
    ],
)
def test_files_that_cannot_be_used_are_refused_by_name(given: dict[str, str], named: str, tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    placed = {name: value.format(folder=tmp_path) for name, value in given.items()}
    settings = Settings.from_environment({"KAFKA_SECURITY_PROTOCOL": "SSL"} | placed)

    with pytest.raises(BadSettings, match=named):
        connection.options(settings)


class Endpoint(HTTPServer):
    """A token endpoint; `answers` are used one after the other, the last one again and again."""

    def __init__(self, answers: list[tuple[int, object]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.forms = answers, list[dict[str, list[str]]]()
        self.asked_for: list[tuple[str, str | None]] = []  # and by which login at a proxy

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.forms.append(parse_qs(body.decode()))
        self.server.asked_for.append((self.path, self.headers["Proxy-Authorization"]))
        code, answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def endpoint(*answers: tuple[int, object]) -> Iterator[Endpoint]:
    server = Endpoint(list(answers))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def tokens(server: Endpoint, clock: list[float]) -> connection.AccessTokens:
    form = b"grant_type=client_credentials&client_id=router"
    return connection.AccessTokens(server.url, form, ssl.create_default_context(), lambda: clock[0])


async def test_a_token_is_fetched_once_for_all_and_again_before_it_ends() -> None:
    clock = [0.0]
    with endpoint(
        (200, {"access_token": "first", "expires_in": 100}), (200, {"access_token": "second", "expires_in": 100})
    ) as server:
        provider = tokens(server, clock)
        together = await asyncio.gather(*(provider.token() for _ in range(5)))
        clock[0] = 79
        kept = await provider.token()
        clock[0] = 81
        renewed = await provider.token()

    assert (set(together), kept, renewed) == ({"first"}, "first", "second")
    assert server.forms == [{"grant_type": ["client_credentials"], "client_id": ["router"]}] * 2


async def test_the_endpoint_is_asked_through_the_operators_proxy_and_through_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with endpoint((200, {"access_token": "seen"})) as server:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        assert await tokens(server, [0.0]).token() == "seen"
        asked = connection.AccessTokens("http://tokens.example/token", b"", ssl.create_default_context())
        egress.use(egress.Proxy.of(f"http://bank:way@127.0.0.1:{server.server_port}", ""))
        try:
            assert await asked.token() == "seen"
        finally:
            egress.use(None)
    assert server.asked_for == [("/token", None), ("http://tokens.example/token", "Basic YmFuazp3YXk=")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, {}), AuthenticationFailedError),
        ((503, {}), KafkaConnectionError),
        ((200, {"token": "x"}), KafkaConnectionError),
        ((200, ["x"]), KafkaConnectionError),
    ],
)
async def test_an_endpoint_without_a_token_is_an_error_of_the_log_and_is_asked_again(
    answer: tuple[int, object], error: type[Exception]
) -> None:
    with endpoint(answer, (200, {"access_token": "later"})) as server:
        provider = tokens(server, [0.0])
        with pytest.raises(error):
            await provider.token()
        assert await provider.token() == "later"
