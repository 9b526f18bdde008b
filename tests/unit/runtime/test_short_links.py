"""Addresses in texts: what is one, what becomes of it, and where it leads."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Channel, Content, Link, SecureValues
from services.runtime.short_links import ShortLinks, is_code, location_of
from services.runtime.text.link_text import text_of
from services.runtime.text.links import found_in

BASE = "https://s.example"
LONG = "https://www.bank.example/offers/2027/spring?utm_source=push"
WORDS = [LONG, f"{LONG}&a=(1)", "https://банк.рф/очень/длинный/путь/к/предложению", "Hi", "a.b"]
SECURE = SecureValues(names=("code",), hour=1, sealed="")


def digests(name: str) -> list[str]:
    return [f"{abs(hash((key, name))):032x}" for key in ("new", "old")]


SHORT = ShortLinks(BASE, digests)


def push(text: str, **changes: object) -> Link:
    return Link(channel=Channel.PUSH, ttl_ms=60_000, content=Content(text=text)).replace(**changes)


def shown(link: Link, short: ShortLinks = SHORT) -> str:
    text = text_of(short.shortened("m", 0, link))
    assert text is not None
    return text


@given(st.lists(st.sampled_from(WORDS)))
def test_every_short_link_leads_back_to_what_it_replaced(words: list[str]) -> None:
    text = " ".join(f"{word}," for word in words)
    link = push(text)
    behind = {f"{BASE}/l/{short.codes[0]}": short.url for short in SHORT.of("m", 0, link)}
    short = shown(link)
    assert len(behind) == sum("://" in word for word in words)
    for address, url in behind.items():
        assert short.count(address) == 1
        short = short.replace(address, url)
    assert short == text
    assert shown(push(shown(link))) == shown(link)


@given(st.text(alphabet=st.sampled_from("htps:/.,()[]ab %я\"'\n")))
def test_no_text_breaks_it(text: str) -> None:
    for match in found_in(f"{text} https://a.example/{text}"):
        location = location_of(match.url)
        assert location is None or location.isascii()
    shown(push(f"https://a.example/{text * 3}"))


def test_two_addresses_with_a_comma_between_become_two_short_links() -> None:
    first, second = SHORT.of("m", 0, push(f"{LONG},{LONG}/b"))
    assert (first.url, second.url) == (LONG, f"{LONG}/b")
    assert shown(push(f"{LONG},{LONG}/b")) == f"{BASE}/l/{first.codes[0]},{BASE}/l/{second.codes[0]}"


def test_codes_are_stable_distinct_and_of_every_key() -> None:
    link = push(f"{LONG} {LONG}")
    first, second = SHORT.of("m", 0, link)
    assert SHORT.of("m", 0, link) == [first, second]
    codes = {*first.codes, *second.codes, *SHORT.of("m", 1, link)[0].codes, *SHORT.of("n", 0, link)[0].codes}
    assert len(codes) == 8
    assert all(is_code(code) for code in codes)
    assert not is_code("../../admin")
    assert not is_code(first.codes[0] + "1")


@pytest.mark.parametrize(
    "link",
    [
        push("https://a.example"),  # the short one would be longer
        push(f"{BASE}/l/abcdefghijkl?and=what-else-may-stand-here"),
        push(LONG, shorten_links=False),
        push("https://user:secret@bank.example/a/long/path/to/the/offer"),
        push("https://[not-an-address]/a/long/path/to/the/offer"),
        push("", content=Content(text=f"{LONG}&c=%code%", secure=SECURE)),
    ],
)  # fmt: skip
def test_what_must_stay_stays(link: Link) -> None:
    assert SHORT.shortened("m", 0, link) is link


def test_without_a_public_address_nothing_is_shortened() -> None:
    assert shown(push(LONG), ShortLinks("", digests)) == LONG


def test_a_placeholder_elsewhere_in_the_text_does_not_matter() -> None:
    assert "%code%" in shown(push("", content=Content(text=f"%code% {LONG}", secure=SECURE)))
    encoded = f"{LONG}&name=%D0%BF%D1%80"
    assert shown(push(encoded)).startswith(f"{BASE}/l/")


def test_the_text_of_another_channel_is_shortened_and_the_rest_of_its_data_kept() -> None:
    given_data = {"text": LONG, "big": 2**70, "order": 1}
    sms = Link(channel=Channel.SMS, ttl_ms=1, data=json.dumps(given_data))
    data = json.loads(SHORT.shortened("m", 1, sms).data or "")
    assert data == {**given_data, "text": f"{BASE}/l/{SHORT.of('m', 1, sms)[0].codes[0]}"}
    inner = {"instantContent": {"data": {"text": f"now {LONG}"}}}
    viber = Link(channel=Channel.VIBER, ttl_ms=1, data=json.dumps(inner))
    assert shown(viber).startswith(f"now {BASE}/l/")
    bare = Link(channel=Channel.VIBER, ttl_ms=1, data="{}")
    assert SHORT.shortened("m", 0, bare) is bare


def test_a_location_is_what_a_browser_opens() -> None:
    assert location_of("HTTPS://Банк.рф:8443/путь?а=1#я") == "https://xn--80ab2al.xn--p1ai:8443/" + (
        "%D0%BF%D1%83%D1%82%D1%8C?%D0%B0=1#%D1%8F"
    )
    assert location_of("https://bank.example/%D0%BF?x=a%20b") == "https://bank.example/%D0%BF?x=a%20b"
    assert location_of("https://a..example/") is None
    assert location_of("https://bank.example:99999/") is None
