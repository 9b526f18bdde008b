"""Who is calling: no header that a caller brings is believed, whatever proxies stand before the service."""

import pytest

from services.runtime.access.callers import caller_address, is_within, network_of, networks

TRUSTED = networks("127.0.0.0/8, 10.0.0.0/8, 2001:db8:1::/48")
TELLS = networks("10.1.2.0/24")


def called(peer: str | None, *lines: str) -> str:
    headers = [(b"host", b"rpns"), *((b"x-forwarded-for", line.encode()) for line in lines)]
    return caller_address({"type": "http", "client": peer and (peer, 4711), "headers": headers}, TRUSTED)


@pytest.mark.parametrize(
    ("peer", "lines", "caller"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),  # nobody whom we trust says so
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("10.1.2.3, 203.0.113.9",), "203.0.113.9"),  # a proxy that appends to the caller's line
        ("127.0.0.1", ("10.1.2.3", "203.0.113.9"), "203.0.113.9"),  # a proxy that adds a line of its own
        ("127.0.0.1", ("10.1.2.3", "", " , ", "203.0.113.9"), "203.0.113.9"),
        ("127.0.0.1", ("198.51.100.1", "203.0.113.9, 10.0.0.2", "10.0.0.3"), "203.0.113.9"),  # two proxies of ours
        ("127.0.0.1", ("10.0.0.2",), "10.0.0.2"),
        ("127.0.0.1", ("203.0.113.9:51000",), "203.0.113.9"),
        ("127.0.0.1", ("[2001:db8::9]:51000",), "2001:db8::9"),
        ("127.0.0.1", ("10.1.2.3, unknown",), "unknown"),
        ("::ffff:127.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("127.0.0.1", ("::ffff:203.0.113.9",), "203.0.113.9"),
        ("::ffff:203.0.113.9", (), "203.0.113.9"),
        ("2001:db8:1::5", ("2001:db8:2::5",), "2001:db8:2::5"),
        (None, ("10.1.2.3",), ""),
    ],
)
def test_the_caller_is_the_last_whom_no_trusted_proxy_vouches_for(
    peer: str | None, lines: tuple[str, ...], caller: str
) -> None:
    assert called(peer, *lines) == caller


def test_a_forged_line_does_not_bring_a_caller_into_a_subnet() -> None:
    assert not is_within(called("127.0.0.1", "10.1.2.3", "203.0.113.9"), TELLS)
    assert is_within(called("127.0.0.1", "203.0.113.9", "198.51.100.3"), networks("198.51.100.0/24"))


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:DB8::1", "2001:db8:0::1", True),
        ("unknown", "_hidden", False),
    ],
)
def test_limits_count_ipv6_by_what_one_subscriber_is_given(address: str, other: str, same: bool) -> None:
    assert (network_of(address) == network_of(other)) is same


def test_the_network_of_an_address_is_shown_as_one() -> None:
    assert network_of("2001:db8:0:7:1:2:3:4") == "2001:db8:0:7::/64"
    assert network_of("192.0.2.1") == "192.0.2.1"
