"""What a push carries, and that it always fits without a character torn apart."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Button, Content, SecureValues
from services.dispatch.payload import Shown, TooLarge, envelope, fit, shown_of
from services.dispatch.payload.text import boundaries
from services.dispatch.provider import Push
from tests.support.pushes import DELIVERY_ID, MESSAGE_ID, push_of

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
CLUSTERS = [
    "a",
    "Я",
    "е\u0301",  # a stress mark
    "й",
    "и\u0306",
    "漢",
    "\U0001f600",
    FAMILY,
    "\U0001f44d\U0001f3fd",  # a skin tone
    "\U0001f1f7\U0001f1fa",  # a flag
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # a flag of tags
    "❤\ufe0f",
    "1\ufe0f\u20e3",  # a keycap
    "각",
    "\u1100\u1161\u11a8",  # the same in conjoining letters
    "\u0915\u094d\u0937",  # a conjunct
    "\r\n",
    '"',
    "\\",
    "\n",
    "\x01",
]
cluster_texts = st.lists(st.sampled_from(CLUSTERS), max_size=400)
any_text = st.text(max_size=3000)
buttons = st.lists(
    st.builds(Button, title=st.text(max_size=60), action=st.text(max_size=300), options=st.none() | st.text()),
    max_size=3,
).map(tuple)


def contents(text: st.SearchStrategy[str]) -> st.SearchStrategy[Content]:
    return st.builds(
        Content,
        text=text,
        title=st.none() | st.text(max_size=500),
        content_category=st.sampled_from(["IMAGE", "HTML"]),
        content_url=st.none() | st.text(max_size=2048),
        actions=buttons,
        custom_payload=st.none() | st.text(max_size=5000),
    )


def render(push: Push) -> Any:
    def rendered(shown: Shown) -> bytes:
        return orjson.dumps({"title": shown.title, "body": shown.text, "rpns": envelope(push, shown)})

    return rendered


def fitted(push: Push, limit_bytes: int = 4096) -> tuple[dict[str, Any], bool]:
    body, shortened = fit(push, limit_bytes, render(push), len)
    assert len(body) <= limit_bytes
    parsed: dict[str, Any] = orjson.loads(body)
    return parsed, shortened


def test_the_envelope_names_the_message_the_delivery_and_whose_it_is() -> None:
    push = push_of(link=2, lane="bulk")
    assert envelope(push, shown_of(push)) == {
        "v": 1,
        "id": MESSAGE_ID,
        "delivery": DELIVERY_ID,
        "link": 2,
        "bulk": True,
        "mark": "0123456789abcdef",
    }


def test_a_resend_carries_the_same_envelope() -> None:
    assert envelope(push_of(attempt=1), shown_of(push_of())) == envelope(push_of(attempt=7), shown_of(push_of()))


def test_the_envelope_carries_content_buttons_and_the_partners_payload_unchanged() -> None:
    content = Content(
        text="t",
        title="T",
        content_category="IMAGE",
        content_url="https://pictures.example/1.png",
        actions=(Button(title="Pay", action="pay"), Button(title="No", action="no", options='{"x":1}')),
        custom_payload='{"b": 1, "a": 1.0}',
    )
    push = push_of(content)
    made = envelope(push, shown_of(push), with_text=True)
    assert (made["title"], made["text"]) == ("T", "t")
    assert made["content"] == {"category": "IMAGE", "url": "https://pictures.example/1.png"}
    assert made["actions"] == [
        {"title": "Pay", "action": "pay"},
        {"title": "No", "action": "no", "options": '{"x":1}'},
    ]
    assert made["customPayload"] == '{"b": 1, "a": 1.0}'
    assert "more" not in made


@pytest.mark.parametrize(
    "content",
    [
        Content(text="t", enrichment="{}"),
        Content(text="t", secure=SecureValues(names=("code",), hour=1, sealed="")),
    ],
)
def test_what_no_push_carries_is_there_to_be_fetched(content: Content) -> None:
    push = push_of(content)
    assert envelope(push, shown_of(push))["more"] is True


def test_a_long_text_is_cut_and_says_so() -> None:
    parsed, shortened = fitted(push_of(Content(text="я" * 4000, custom_payload="{}")))
    assert shortened
    assert parsed["body"].endswith("я…")
    assert len(parsed["body"]) > 1800
    assert parsed["rpns"]["more"] is True
    assert parsed["rpns"]["customPayload"] == "{}"


def test_a_large_payload_of_the_partners_goes_before_the_text_does() -> None:
    parsed, shortened = fitted(push_of(Content(text="short", custom_payload="x" * 5000, content_url="https://u")))
    assert shortened
    assert parsed["body"] == "short"
    assert "customPayload" not in parsed["rpns"]
    assert parsed["rpns"]["content"]["url"] == "https://u"


def test_buttons_go_after_the_picture_and_the_title_last() -> None:
    actions = tuple(Button(title="t", action="a" * 1500) for _ in range(3))
    parsed, _ = fitted(push_of(Content(text="short", title="T" * 3000, actions=actions, content_url="u" * 2000)))
    assert parsed["title"] == "T" * 3000
    assert not parsed["rpns"].keys() & {"content", "actions"}
    parsed, _ = fitted(push_of(Content(text="short", title="T" * 5000)))
    assert parsed["title"] == "T" * 40 + "…"
    assert parsed["body"] == "short"


def test_a_text_that_is_one_endless_character_is_left_out() -> None:
    parsed, shortened = fitted(push_of(Content(text="e" + "\u0301" * 5000, title=None)))
    assert shortened
    assert parsed["body"] in ("", "…")


def test_a_limit_below_the_ids_is_refused() -> None:
    with pytest.raises(TooLarge):
        fit(push_of(), 100, render(push_of()), len)


@given(contents(any_text), st.integers(600, 4096))
def test_whatever_the_content_the_body_fits_and_is_valid(content: Content, limit_bytes: int) -> None:
    parsed, shortened = fitted(push_of(content), limit_bytes)
    assert parsed["rpns"]["id"] == MESSAGE_ID
    assert parsed["rpns"].get("more", False) is shortened
    if not shortened:
        assert parsed["body"] == content.text


@given(cluster_texts, st.integers(500, 1500))
def test_no_character_is_torn_apart(clusters: list[str], limit_bytes: int) -> None:
    text = "".join(clusters)
    parsed, shortened = fitted(push_of(Content(text=text)), limit_bytes)
    whole = ["".join(clusters[:count]) for count in range(len(clusters) + 1)]
    assert parsed["body"] in ([f"{head}…" for head in whole] if shortened else [text])


@given(cluster_texts.map("".join), st.integers(600, 1500))
def test_a_cut_text_could_not_have_been_longer(text: str, limit_bytes: int) -> None:
    push = push_of(Content(text=text))
    parsed, shortened = fitted(push, limit_bytes)
    if shortened and len(parsed["body"]) > 80:
        place = len(parsed["body"]) - 1
        following = next(boundary for boundary in boundaries(text) if boundary > place)
        shown = shown_of(push)._replace(text=text[:following] + "…", more=True)
        assert len(render(push)(shown)) > limit_bytes


@given(st.lists(st.sampled_from(CLUSTERS), max_size=50))
def test_boundaries_lie_between_characters(clusters: list[str]) -> None:
    """Flags beside flags, marks behind anything: the places are those of the parts it was made of."""
    expected = [0]
    for cluster in clusters:
        expected.append(expected[-1] + len(cluster))
    assert boundaries("".join(clusters)) == (expected if clusters else [0])


def test_a_flag_is_not_joined_to_half_of_the_next() -> None:
    flags = "\U0001f1f7\U0001f1fa" * 3 + "\U0001f1f7"
    assert boundaries(flags) == [0, 2, 4, 6, 7]


SECURE = Content(text="%code%", title="t", secure=SecureValues(names=("code",), hour=1, sealed="x"))


def test_values_sealed_to_the_device_leave_nothing_to_fetch() -> None:
    push = push_of(SECURE)._replace(sealed="to-the-device")
    made = envelope(push, shown_of(push), with_text=True)
    assert (made["sealed"], "more" in made) == ("to-the-device", False)
    rich = push._replace(content=SECURE.replace(enrichment="{}"))
    assert envelope(rich, shown_of(rich))["more"] is True


def test_sealed_values_that_do_not_fit_are_the_first_to_be_left_out() -> None:
    push = push_of(SECURE)._replace(sealed="x" * 5000)
    body, shortened = fit(push, 4096, lambda shown: render_of(push, shown), len)
    made = orjson.loads(body)["rpns"]
    assert (shortened, made["more"], "sealed" in made, made["text"]) == (True, True, False, "%code%")


def render_of(push: Push, shown: Shown) -> bytes:
    return orjson.dumps({"rpns": envelope(push, shown, with_text=True)})
