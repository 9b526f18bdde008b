"""Addresses in a text: where each begins and ends."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.text.links import found_in

BETWEEN = [
    *(",", ";", "|", ", ", "; ", " | ", ",,", ".", "!", "\n", "'", '"'),
    *("»,«", ")(", "),(", "](", "\u2014", "…", "\u200b", "\U0001f449"),
]
AFTER = [".", ",", "!", "?", ")", "»", '"', "…", ");", "?!", ".)", "\u2019", "”", ":", "**"]
BEHIND_A_HOST = [".", ",", ")", ":", "!", ",и", "(b)", "=1"]
A, B, C = "https://a.example/x", "https://b.example/y", "http://c.example"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        *((f"{A}{between}{B}", [A, B]) for between in BETWEEN),
        (f"{A},{B};{C}|{A}", [A, B, C, A]),
        (f"({A}) «{B}» \"{C}\" '{A}' <{B}> [{C}] {{{A}}} `{B}`", [A, B, C, A, B, C, A, B]),
        *((f"{A}{after}", [A]) for after in AFTER),
        *((f"{C}{after}", [C]) for after in BEHIND_A_HOST),
        (f"{A}_(b)_(c)", [f"{A}_(b)_(c)"]),
        (f"({A}_(b))", [f"{A}_(b)"]),
        (f"({A}_(b), {B})", [f"{A}_(b)", B]),
        (f"{A}(", [A]),
        (f"[text]({A})", [A]),
        (f'<a href="{A}">', [A]),
        (f"тут{A}", [A]),
        (f"Акция:{A}", [A]),
        (f"{A},подробнее", [A]),
        (f"{A}.Подробнее", [A]),
        (f"{A})подробнее", [A]),
        (f"{A} подробнее", [A]),
        ("https://банк.рф/путь.Далее", ["https://банк.рф/путь.Далее"]),
        ("https://www.банк.рф/путь?а=б… да", ["https://www.банк.рф/путь?а=б"]),
        ("https://xn--80ab2al.xn--p1ai/x", ["https://xn--80ab2al.xn--p1ai/x"]),
        ("HTTPS://BANK.EXAMPLE/?q=1,2; next", ["HTTPS://BANK.EXAMPLE/?q=1,2"]),
        ("hTTp://Bank.Example", ["hTTp://Bank.Example"]),
        ("https://a.example:8443/x#y, https://[2001:db8::1]/z", ["https://a.example:8443/x#y", "https://[2001:db8::1]/z"]),
        (f"https://a.example/?to={B}&n=1,2", [f"https://a.example/?to={B}&n=1,2"]),
        (f"https://web.example/save/{B}", [f"https://web.example/save/{B}"]),
        ("https://user:se!cret@a.example/x", ["https://user:se!cret@a.example/x"]),
        (f"{A}?c=%code%,%name%", [f"{A}?c=%code%,%name%"]),
        (f"http://{B}", [B]),
        (f"http:// {B}", [B]),
        (f"http://,{B}", [B]),
        ("ftp://a.example mailto:a@a.example a.example/x http:// https://. xhttps://a.example a@https://a.example", []),
        ("http://", []),
        ("https:///x", ["https:///x"]),
    ],
)  # fmt: skip
def test_an_address_ends_where_the_sentence_goes_on(text: str, urls: list[str]) -> None:
    assert [match.url for match in found_in(text)] == urls
    assert all(text[match.start : match.end] == match.url for match in found_in(text))


@given(st.text(st.sampled_from("htps:/.,;()[]ab %яЯ\"'|\n…#?@")))
def test_addresses_follow_each_other_and_are_parts_of_the_text(text: str) -> None:
    end = 0
    for match in found_in(f"{text} {A}{text},{B}{text}"):
        assert match.start >= end
        assert match.url.lower().startswith("http")
        end = match.end


@pytest.mark.parametrize(
    "pattern",
    ["http://", "http://a.", "http://a/x,", "http://,", "http://a/)/", "http://a/" + "." * 3000, "http://a/я.я"],
)
def test_a_long_text_takes_time_by_its_length(pattern: str) -> None:
    text = (pattern * (60_000 // len(pattern)))[:60_000] + "x"
    started = time.process_time()
    found_in(text)
    assert time.process_time() - started < 5  # a search from each place to the end took minutes
