"""Addresses that a message shows: http(s) with a host, sent in ASCII; or error 4 with field and rule."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mailing.rules.draft import draft
from services.ingest.mailing.rules.template import Template
from services.ingest.rules.address import MARK, shown_url_of
from services.ingest.rules.errors import Refused
from tests.support.requests import NOW, PARTNER, Senders, cascade, first, option, push, refused, request

BAD = [
    "not a url",
    "bank.example/a.png",
    "//bank.example/a.png",
    "ftp://bank.example/a.png",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "https://",
    "https:///a.png",
    "https://:443/a.png",
    "https://user:secret@bank.example/a.png",
    "https://bank.example:99999/a.png",
    "https://bank example/a.png",
    "https://bank..example/a.png",
    "https://bank.example/a\nb.png",
    "https://bank.example/a\u200bb.png",
    "https://[::1/a.png",
    "https://\u037a/a.png",
]
GOOD = {
    "https://bank.example/a.png": "https://bank.example/a.png",
    "HTTP://bank.example:8080/a.png?b=1#c": "http://bank.example:8080/a.png?b=1#c",
    "https://bank.example/карта 1.png": "https://bank.example/%D0%BA%D0%B0%D1%80%D1%82%D0%B0%201.png",
    "https://банк.рф/a": "https://xn--80ab2al.xn--p1ai/a",
    "https://bank.example/a%2Fb?s=%41+%20": "https://bank.example/a%2Fb?s=%41+%20",
    "https://[2001:db8::1]/a": "https://[2001:db8::1]/a",
    " https://bank.example/a ": "https://bank.example/a",
}


def _link(options: str) -> dict[str, Any]:
    return {"title": "Open", "action": "link", "options": options}


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "content.contentUrl": lambda url: {"content": {"contentCategory": "IMAGE", "contentUrl": url}},
    "content.actions[0].options": lambda url: {"content": {"actions": [_link(url)]}},
    "extraOptions.RICH.content-url": lambda url: option("RICH", {"content-url": url, "content-category": "HTML"}),
    "extraOptions.RICH.actions[0].options": lambda url: option("RICH", {"actions": [_link(url)]}),
}


def _sent(data: dict[str, Any]) -> str:
    """What of the message is sent to phones and providers, as text."""
    content = first(push(**data)).content
    assert content is not None
    rich = orjson.loads(content.enrichment or "{}")
    buttons = [button.options for button in content.actions] + [action["options"] for action in rich.get("actions", ())]
    return str(next(address for address in (content.content_url, rich.get("content-url"), *buttons) if address))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_is_error_4_with_field_and_rule(place: str, url: str) -> None:
    code, detail = refused(request(push(**PLACES[place](url))))
    assert (code, detail.partition(": ")[0]) == (4, f"message.data.{place}")
    assert "must" in detail


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("url", GOOD)
def test_an_address_is_sent_in_ascii(place: str, url: str) -> None:
    assert _sent(PLACES[place](url)) == GOOD[url]


def test_a_later_link_is_looked_at_as_well() -> None:
    body = request(cascadeChainLink=cascade("READ", push(**PLACES["content.contentUrl"]("not a url"))))
    assert refused(body)[1].startswith("cascadeChainLink.message.data.content.contentUrl: must be")


@pytest.mark.parametrize("action", ["open-app", "pay"])
@pytest.mark.parametrize("options", ["bank://cards/7", "any text", "", "{}"])
def test_what_opens_the_app_is_its_own_matter(action: str, options: str) -> None:
    content = first(push(content={"actions": [{"title": "Pay", "action": action, "options": options}]})).content
    assert content is not None
    assert content.actions[0].options == options


@pytest.mark.parametrize("url", [None, ""])
def test_no_address_is_none(url: str | None) -> None:
    content = first(push(content={"contentCategory": "IMAGE", "contentUrl": url})).content
    assert content is not None
    assert content.content_url is None


@given(st.text(max_size=60) | st.text(max_size=40).map("https://".__add__))
def test_whatever_is_taken_is_ascii_and_taken_again_as_it_is(url: str) -> None:
    if MARK.search(url):
        return
    try:
        taken = shown_url_of(url, "url")
    except Refused:
        return
    if taken is not None:
        assert taken.isascii()
        assert taken.isprintable()
        assert " " not in taken
        assert taken.startswith(("http://", "https://"))
        assert shown_url_of(taken, "url") == taken


def _template(data: dict[str, Any]) -> Template:
    return Template(draft({"name": "x", "message": push(**data)}, PARTNER, Senders(), NOW))


@pytest.mark.parametrize("place", PLACES)
def test_the_fixed_part_of_a_mailings_address_is_looked_at_in_the_draft(place: str) -> None:
    with pytest.raises(Refused, match="must be an http or https address"):
        _template(PLACES[place]("ftp://bank.example/{{n}}"))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("url", "value", "sent"),
    [
        ("https://bank.example/{{n}}.png", "карта 1", "https://bank.example/%D0%BA%D0%B0%D1%80%D1%82%D0%B0%201.png"),
        ("https://bank.example/п/{{n}}", "1", "https://bank.example/%D0%BF/1"),
        ("{{n}}", "https://банк.рф/1", "https://xn--80ab2al.xn--p1ai/1"),
        ("https://{{n}}/1", "банк.рф", "https://xn--80ab2al.xn--p1ai/1"),
    ],
)
def test_a_mailings_address_is_sent_in_ascii_once_it_is_filled_in(place: str, url: str, value: str, sent: str) -> None:
    template = _template(PLACES[place](url))
    template.check([value])
    assert sent in orjson.dumps(template.filled([value]).chain[0].document()).decode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("url", "value"), [("{{n}}", "not a url"), ("https://{{n}}/1", "a b"), ("https://bank.example/{{n}}", "a\nb")]
)
def test_a_line_whose_address_is_none_is_a_bad_line(place: str, url: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        _template(PLACES[place](url)).check([value])
    assert caught.value.refusal.detail.startswith(f"message.data.{place}: must")
