"""Addresses from outside: what is taken, what is kept, and what stands in the request line."""

import asyncio
import base64
import string
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.providers.http.client import Client, outside_pool
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.outbound_addresses import ForbiddenAddress, checked_url, exact_url
from services.runtime.http.web_address import BadAddress, web_address
from services.runtime.http_client import Answer, NotSent
from services.runtime.short_links import location_of
from services.status.reports.signed_post import ReportSender

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
INWARD = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.000.000.001"),
    *("0.0.0.0", "0", "localhost", "LOCALHOST.", "169.254.169.254"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1%25lo]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1"),
    *("a@127.0.0.1", "127.0.0.1\\@a.example", "127.0.0.1%00"),
]
VISIBLE = (string.ascii_letters + string.digits + string.punctuation).replace("#", "")
TARGETS = st.text(VISIBLE, max_size=40).map(lambda text: "/" + text)
EXACT = [
    "/a%2Fb",
    "/a+b%20c?sig=a%2Bb%3D&x=%41%zz",
    "/a/../b/./c//d",
    "//twice",
    "/bare?",
    "/?",
    "/a?b?c",
    "/a;b=c,d|e^f`g{h}\"<i>\\j'k",
    "/%",
    "/%D0%BF?q=%d0%bf",
    "/a@b:c",
]


@given(TARGETS)
def test_the_target_is_the_one_that_was_given(target: str) -> None:
    assert exact_url(f"https://a.example{target}").raw_path_qs == target
    assert str(web_address(f"https://a.example:8443{target}")) == f"https://a.example:8443{target}"


@given(st.text(max_size=60), st.sampled_from(["https://a.example/", "http://", "HTTP://банк.рф?", ""]))
def test_any_text_is_refused_or_kept_for_good(text: str, prefix: str) -> None:
    try:
        kept = str(web_address(prefix + text))
    except BadAddress:
        with pytest.raises(ForbiddenAddress):
            checked_url(prefix + text)
        return
    assert str(web_address(kept)) == kept
    target = web_address(kept).target
    assert target.startswith("/")
    assert target.isascii()
    assert " " not in target


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example?x=1", "https://a.example/?x=1"),
        ("  https://a.example/x  ", "https://a.example/x"),
        ("HTTPS://A.Example/X", "https://A.Example/X"),
        ("https://a.example/оплата?имя=а б", "https://a.example/%D0%BE%D0%BF%D0%BB%D0%B0%D1%82%D0%B0?%D0%B8%D0%BC%D1%8F=%D0%B0%20%D0%B1"),
        ("https://a.example/#/offers/1", "https://a.example/#/offers/1"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://a_b.internal./x", "http://a_b.internal./x"),
    ],
)  # fmt: skip
def test_only_what_cannot_travel_is_encoded(given_text: str, kept: str) -> None:
    assert str(web_address(given_text)) == kept


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://a.example/\r\nHost: b", "control"),
        ("https://a.example/\tx", "control"),
        ("https://a.example/\u200b", "invisible"),
        ("https://a.example/\ud800", "invisible"),
        ("https://user:secret@a.example/", "without a login"),
        ("https://@a.example/", "without a login"),
        ("ftp://a.example/", "http or https"),
        ("a.example/x", "http or https"),
        ("https:/a.example", "http or https"),
        ("https:///x", "with a host"),
        ("https://a..example/", "with a host"),
        ("https://a b/", "with a host"),
        ("https://a%2eexample/", "with a host"),
        ("https://a.example:0/", "with a host"),
        ("https://a.example:65536/", "with a host"),
        ("https://[::1/", "with a host"),
        ("https://[fe80::1%25eth0]/", "with a host"),
        ("https://a.example\\@b.example/", "slash"),
        ("https://" + "a" * 64 + ".example/", "with a host"),
        ("https://a.example/" + "я" * 400, "at most 2048"),
    ],
)
def test_a_refusal_says_the_rule(text: str, rule: str) -> None:
    with pytest.raises(BadAddress, match=rule):
        web_address(text)


def test_a_short_link_leads_to_the_very_bytes() -> None:
    assert location_of("HTTPS://банк.рф/a%2Fb?") == "https://xn--80ab2al.xn--p1ai/a%2Fb?"
    assert location_of("https://a.example:8443/a?sig=%2B%zz#/x") == "https://a.example:8443/a?sig=%2B%zz#/x"
    assert location_of("https://a.example/" + "я" * 2000) is not None


class Lines:
    """A receiver that keeps the first line of each request and knows nothing of URLs."""

    def __init__(self) -> None:
        self.first: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        self.first.append(head.split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def lines() -> AsyncIterator[Lines]:
    seen = Lines()
    server = await asyncio.start_server(seen.serve, "127.0.0.1", 0)
    seen.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield seen
    server.close()
    await server.wait_closed()


async def test_reports_go_to_the_very_bytes(lines: Lines) -> None:
    pool = outside_pool("", 10, allow_private=True)
    wire = ReportSender(pool, SECRETS)
    for target in EXACT:
        assert (await wire.post(lines.url + target, b"{}", None, "report")).taken
    await pool.close()
    assert lines.first == [f"POST {target} HTTP/1.1".encode() for target in EXACT]


async def test_pushes_go_to_the_very_bytes(lines: Lines) -> None:
    client = Client(outside_pool("", 10, allow_private=True))
    for target in EXACT:
        assert isinstance(await client.post(checked_url(lines.url + target), b"", b"{}"), Answer)
    await client.close()
    assert lines.first == [f"POST {target} HTTP/1.1".encode() for target in EXACT]


async def test_no_spelling_of_a_private_address_is_connected_to(lines: Lines) -> None:
    port = lines.url.rpartition(":")[2]
    pool = outside_pool("", 100, allow_private=False)
    wire = ReportSender(pool, SECRETS)
    answers = {host: await wire.post(f"http://{host}:{port}/x", b"{}", None, "report") for host in INWARD}
    await pool.close()
    assert {host for host, answer in answers.items() if answer.http_status} == set()
    assert not lines.first


async def test_no_spelling_of_a_private_address_is_pushed_to(lines: Lines) -> None:
    port = lines.url.rpartition(":")[2]
    client = Client(outside_pool("", 100, allow_private=False))
    for host in INWARD:
        try:
            url = checked_url(f"http://{host}:{port}/x")
        except ForbiddenAddress:
            continue
        assert isinstance(await client.post(url, b"", b"{}"), NotSent), host
    await client.close()
    assert not lines.first


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("STRAẞE。банк.рф:8443", "xn--strae-oqa.xn--80ab2al.xn--p1ai:8443"),
        ("οδος.example", "xn--pxavbm.example"),
        ("ΟΔΟΣ.example", "xn--pxavbq.example"),
    ],
)
def test_phones_are_shown_the_host_that_we_would_connect_to(host: str, name: str) -> None:
    assert location_of(f"https://{host}/") == f"https://{name}/"
    assert f"https://{exact_url(f'https://{host}/').raw_authority}/" == f"https://{name}/"


def test_a_host_that_becomes_none_when_it_is_looked_up_is_refused() -> None:
    assert location_of("https://⒈.example/") is None  # 1..example
    with pytest.raises(ForbiddenAddress):
        checked_url("https://⒈.example/")


async def test_a_report_to_a_host_that_nobody_can_look_up_is_not_taken_and_raises_nothing() -> None:
    pool = outside_pool("", 10, allow_private=True)
    answer = await ReportSender(pool, SECRETS).post("https://⒈.example/", b"{}", None, "report")
    await pool.close()
    assert not answer.taken
    assert not answer.is_down
    assert answer.detail.startswith("not allowed")
