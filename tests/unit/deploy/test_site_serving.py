"""Where the site is served: at the port that was asked for or not at all, else at the usual one or a free one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.site import __main__ as site
from deploy.site import serving
from deploy.site.serving import ServingError, address, hint, port_of, server


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield int(somebody.getsockname()[1])


def test_a_port_that_was_asked_for_and_is_taken_is_an_error_that_names_it(
    taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.main(["serve", str(taken)]) == 1
    assert capsys.readouterr().err == (f"error: port {taken} is taken; set SITE_PORT to another one, or leave it out\n")


def test_where_the_usual_port_is_taken_a_free_one_is_and_the_hint_says_so(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "PORT", taken)
    with server(tmp_path) as listening:
        assert listening.server_port != taken
        hinted = hint(listening, None)
        assert hinted.startswith(f"Port {taken} is taken, so a free one was chosen")
        assert address(listening) in hinted


def test_at_a_port_that_was_asked_for_the_hint_is_the_address_alone(tmp_path: Path) -> None:
    with server(tmp_path, 0) as listening:
        assert (
            hint(listening, listening.server_port) == f"the site, with its search: {address(listening)} (Ctrl-C ends)"
        )


@pytest.mark.parametrize("wrong", ["0", "65536", "-1", "here"])
def test_what_is_no_port_is_an_error(wrong: str) -> None:
    with pytest.raises(ServingError, match="SITE_PORT must be a port, 1 to 65535"):
        port_of(wrong)
