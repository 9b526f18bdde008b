"""What a sender costs in memory, where an installation has hundreds of applications."""

import ssl

import pytest
from yarl import URL

from services.dispatch.providers.http.client import Client, provider_pool
from services.dispatch.providers.http.either import EitherClient
from services.runtime.http_client.tls import tls_context


async def test_senders_share_what_they_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def counted() -> ssl.SSLContext:
        made.append(create())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    tls_context.cache_clear()
    senders = [EitherClient(URL(f"https://push-{number}.example/send"), "", 10) for number in range(50)]
    clients = [Client(provider_pool("", 10)) for _ in range(50)]
    assert len(made) == 3  # HTTP/2, either, HTTP/1.1
    for sender in senders:
        await sender.close()
    for client in clients:
        await client.close()
