"""The colours of the console: what is written can be read, and what can be pressed or filled in be seen, by day and in
the dark. WCAG 2.2 §1.4.3 asks for 4.5 to 1 of words, §1.4.11 for 3 to 1 of the edges of fields."""

import re

import pytest

from deploy.console import FOLDER

STYLE = (FOLDER / "src/style.css").read_text()
WORDS = [
    ("text", "ground"),
    ("text", "surface"),
    ("quiet", "ground"),
    ("quiet", "surface"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("on-accent", "accent"),
    ("bad", "ground"),
    ("bad", "surface"),
    ("going", "surface"),
    ("good", "good-ground"),
    ("bad", "bad-ground"),
    ("going", "going-ground"),
    ("text", "going-ground"),
    ("text", "bad-ground"),
    ("text", "good-ground"),
]
EDGES = [("edge", "surface"), ("edge", "ground"), ("accent", "surface"), ("bad", "surface")]


def colours(scheme: str) -> dict[str, str]:
    """By name, as six hexadecimal digits."""
    light, _, dark = STYLE.partition("@media (prefers-color-scheme: dark)")
    part = light if scheme == "light" else dark[: dark.index("}")]
    found = re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", part)
    return {name: value if len(value) == 6 else "".join(digit * 2 for digit in value) for name, value in found}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, other: str) -> float:
    """From 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((luminance(colour), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("over", "under", "least"), [(*pair, 4.5) for pair in WORDS] + [(*pair, 3.0) for pair in EDGES]
)
def test_what_is_over_something_stands_out_from_it(scheme: str, over: str, under: str, least: float) -> None:
    found = colours(scheme)
    assert contrast(found[over], found[under]) >= least


def test_both_schemes_have_the_same_colours() -> None:
    assert colours("light").keys() == colours("dark").keys()
