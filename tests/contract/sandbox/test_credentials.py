"""The sandbox's certificates and credentials are made once and stay."""

import os
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from deploy.sandbox.apns.keys import make_apns_key
from deploy.sandbox.keys import FILE_NAME, Start, load_credentials
from deploy.sandbox.tls.authority import ensure_certificates, make_ca, server_context
from deploy.sandbox.wiring import secrets


def handshake(ca: Path, context: ssl.SSLContext, host: str) -> str | None:
    """A whole TLS handshake in memory; the protocol that ALPN chose."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cafile=str(ca))
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server, client, server]
    for side in waiting:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.selected_alpn_protocol()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_authority_trusts_the_server(tmp_path: Path, host: str) -> None:
    ca, _ = make_ca(tmp_path)
    assert handshake(ca, server_context(tmp_path, ("h2",)), host) == "h2"


def test_the_server_s_name_is_no_other_host_s(tmp_path: Path) -> None:
    ca, context = make_ca(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(ca, context, "example.org")


def test_certificates_are_used_again(tmp_path: Path) -> None:
    names = ("ca.pem", "ca.key", "server.pem", "server.key")
    ensure_certificates(tmp_path)
    before = [(tmp_path / name).read_bytes() for name in names]
    ensure_certificates(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in names] == before


def test_a_damaged_server_certificate_is_made_anew_by_the_same_authority(tmp_path: Path) -> None:
    ca = ensure_certificates(tmp_path)
    authority = ca.read_bytes()
    (tmp_path / "server.pem").write_text("not a certificate")
    ensure_certificates(tmp_path)
    assert ca.read_bytes() == authority
    assert handshake(ca, server_context(tmp_path, ("h2",)), "localhost") == "h2"


def test_a_new_authority_makes_a_new_server_certificate(tmp_path: Path) -> None:
    ca = ensure_certificates(tmp_path)
    first = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    ca.unlink()
    ensure_certificates(tmp_path)
    second = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    assert first.serial_number != second.serial_number
    assert handshake(ca, server_context(tmp_path, ()), "localhost") is None


def test_private_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    load_credentials(tmp_path, secrets(), Start())
    for name in ("ca.key", "server.key", FILE_NAME):
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600


def test_credentials_stay_but_the_token_address_and_topics_follow_the_start(tmp_path: Path) -> None:
    first = load_credentials(tmp_path, secrets(), Start({"fcm_token": "https://localhost:1/token"}, ("app.one",)))
    second = load_credentials(tmp_path, secrets(), Start({"fcm_token": "https://localhost:2/token"}, ("app.two",)))
    assert second["fcm"].token_uri == "https://localhost:2/token"
    assert second["apns"].topics == ("app.two",)
    assert second["fcm"].private_key == first["fcm"].private_key
    assert second["apns"].private_key == first["apns"].private_key
    assert (second["hms"], second["rustore"], second["rustore_universal"]) == (
        first["hms"],
        first["rustore"],
        first["rustore_universal"],
    )


def test_apple_s_ids_have_ten_characters() -> None:
    key = make_apns_key(team_id=None)
    assert {len(key.team_id), len(key.key_id)} == {10}
