"""Braces in the texts of a mailing: placeholders, text, and what is refused before everybody reads it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mailing.rules.draft import draft
from services.ingest.mailing.rules.placeholders import odd_braces, replaced, single_braced
from services.ingest.rules.errors import Refused
from tests.support.requests import NOW, PARTNER, Senders, cascade, option, push


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{name}}{{ name }}", "AA"),
        ("{{\u00a0name\t}}", "A"),
        ("{{'{{'}}name{{'}}'}}", "{{name}}"),
        ('{{ "{" }}{{name}}{{"}"}}', "{A}"),
        ("{name} :-{ } }{ {}", "{name} :-{ } }{ {}"),
        ('{"a": {"b": "{{name}}"}}', '{"a": {"b": "A"}}'),
        ('{"a": {"n": {{name}}}}', '{"a": {"n": A}}'),
        ("@media print{p{color:red}}", "@media print{p{color:red}}"),
    ],
)
def test_what_is_a_placeholder_and_what_is_text(text: str, shown: str) -> None:
    assert odd_braces(text) is None
    assert replaced(text, {"name": "A"}.__getitem__) == shown


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Dear {{name}", "character 6: `{{`"),
        ("Dear {name}}", "character 11: `}}`"),
        ("Dear {{na me}}", "character 6: `{{`"),
        ("Dear {{na-me}}", "character 6: `{{`"),
        ("Dear {{name\u200b}}", "character 6: `{{`"),
        ("{{}}", "character 1: `{{`"),
        ("{{ }}", "character 1: `{{`"),
        ("{{{name}}}", "character 1: `{{{`"),
        ("{{name}}}", "character 9: `}`"),
        ("{{name}}}}", "character 9: `}}`"),
        ("{{{{name}}}}", "character 1: `{{{{`"),
        ("{{name}} and {{", "character 14: `{{`"),
        ("}}", "character 1: `}}`"),
        ("{ }}", "character 3: `}}`"),
        ("Hello\nDear {{" + "x" * 65 + "}}", "line 2, character 6: `{{`"),
        ("{{'{{{'}}", "character 1: `{{`"),
    ],
)
def test_odd_braces_are_told_with_their_place(text: str, where: str) -> None:
    assert (odd_braces(text) or "").startswith(f"{where} is no placeholder")


@given(st.text(st.sampled_from("{}'na \n"), max_size=30))
def test_what_is_not_refused_leaves_no_double_brace_to_guess_about(text: str) -> None:
    if odd_braces(text) is None:
        left = replaced(text.replace("{{'", "").replace("'}}", ""), lambda _: "")
        assert "{{" not in left or "'" in text


@given(st.text(max_size=30))
def test_braces_as_text_come_out_as_they_were_meant(text: str) -> None:
    written = text.replace("{", "\0").replace("}", "{{'}'}}").replace("\0", "{{'{'}}")
    assert odd_braces(written) is None
    assert replaced(written, lambda _: "?") == text.replace("\0", "{")


def refused(message: dict[str, Any], **fields: Any) -> str:
    with pytest.raises(Refused) as caught:
        draft({"name": "n", "message": message, **fields}, PARTNER, Senders(), NOW)
    return caught.value.refusal.detail.partition(": character")[0]


ODD = "{{name}"
BUTTON = {"title": ODD, "action": "open-app"}
PICTURE = {"contentCategory": "IMAGE", "contentUrl": f"https://bank.example/{ODD}"}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (push(text=ODD), "message.data.text"),
        (push(title=ODD), "message.data.title"),
        (push(callbackData=ODD), "message.data.callbackData"),
        (push(content=PICTURE), "message.data.content.contentUrl"),
        (push(content={"actions": [BUTTON]}), "message.data.content.actions[0].title"),
        (push(customPayload={"a": [{"b": ODD}]}), "message.data.customPayload.a[0].b"),
        (push(**option("RICH", {"title": ODD})), "message.data.extraOptions[0].param_value.title"),
        (push(**option("SECURE", {"code": ODD}), text="%code%"), "message.data.extraOptions[0].param_value.code"),
    ],
)
def test_odd_braces_are_refused_in_every_text(message: dict[str, Any], field: str) -> None:
    assert refused(message) == field


def test_odd_braces_are_refused_in_later_links_in_keys_and_in_pairs() -> None:
    chain = cascade("READ", {"type": "SMS", "data": {"text": ODD, "ttl": 5, "serviceNumber": "DemoText"}})
    assert refused(push(), cascadeChainLink=chain) == "cascadeChainLink.message.data.text"
    assert refused(push(), extraParam=f"n={ODD}") == "extraParam"
    assert refused(push(customPayload={"a": {"{{name}}": 1}})).startswith(
        "message.data.customPayload.a: a key must not"
    )


def test_a_mailing_that_was_taken_before_keeps_its_text() -> None:
    raw = {"name": "n", "message": push(text="Dear {{name}, {{who}}")}
    drafted = draft(raw, PARTNER, Senders(), NOW, is_stored=True)
    assert drafted.names == ("who",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Dear {name}, { sum }", ["name", "sum"]),
        ("{имя}", ["имя"]),
        ("Dear {{name}} {{'{'}}name{{'}'}}", []),
        (":-{ } {} {na me} p{color:red}", []),
        ('{"a": {"b": 1}}', []),
    ],
)
def test_names_in_single_braces_are_told(text: str, names: list[str]) -> None:
    assert odd_braces(text) is None
    assert single_braced(text) == names


def test_single_braces_are_looked_for_wherever_values_are_filled_in_and_nowhere_else() -> None:
    message: dict[str, Any] = push(text="{a} {{b}} %x%", title="{c} {a}", **option("SECURE", {"x": "{d}"}))
    body = {"name": "{autumn}", "message": message}
    found = draft(body, PARTNER, Senders(), NOW)
    assert (sorted(found.single_braces), found.names) == (["a", "c", "d"], ("b",))
