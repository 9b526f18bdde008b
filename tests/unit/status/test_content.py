"""RICH: the keys that replace parts of a push, and the parts that stay."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Button, Content
from services.status.message import enriched

PUSH = Content(
    text="text",
    title="title",
    content_category="HTML",
    content_url="https://a",
    actions=(Button(title="Old", action="old"),),
    custom_payload="[0]",
)


def rich(**keys: Any) -> Content:
    given_keys = {name.replace("_", "-"): value for name, value in keys.items()}
    return enriched(PUSH.replace(enrichment=json.dumps(given_keys)))


def test_a_push_without_enrichment_stays_as_it_is() -> None:
    assert enriched(PUSH) == PUSH


@pytest.mark.parametrize(
    ("keys", "changed"),
    [
        ({"title": "new"}, {"title": "new"}),
        ({"message": "new"}, {"text": "new"}),
        ({"content_category": "IMAGE"}, {}),
        ({"content_category": "IMAGE", "content_url": ""}, {"content_category": None, "content_url": None}),
        ({"content_url": "https://b"}, {"content_url": "https://b"}),
        (
            {"content_category": "IMAGE", "content_url": "https://b"},
            {"content_category": "IMAGE", "content_url": "https://b"},
        ),
        ({"custom_payload": None}, {"custom_payload": "null"}),
        ({"custom_payload": {"ключ": 2**70}}, {"custom_payload": '{"ключ":1180591620717411303424}'}),
        ({"actions": []}, {"actions": ()}),
        ({"actions": [{"title": "New", "action": "new"}]}, {"actions": (Button(title="New", action="new"),)}),
    ],
)
def test_each_key_replaces_its_own_part(keys: dict[str, Any], changed: dict[str, Any]) -> None:
    assert rich(**keys) == PUSH.replace(**changed)


PARTS = {
    "title": "title",
    "message": "text",
    "custom_payload": "custom_payload",
    "actions": "actions",
    "content_url": "content_url",
}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.text(max_size=5),
            "message": st.text(max_size=5),
            "custom_payload": st.none() | st.integers() | st.lists(st.text(max_size=3), max_size=2),
            "actions": st.just([]),
            "content_url": st.sampled_from(["https://b", "https://c"]),
            "content_category": st.sampled_from(["IMAGE", "HTML"]),
        },
    )
)
def test_what_the_enrichment_does_not_name_is_never_touched(keys: dict[str, Any]) -> None:
    after = rich(**keys)
    untouched = {field for key, field in PARTS.items() if key not in keys}
    assert all(getattr(after, field) == getattr(PUSH, field) for field in untouched)
    if "content_url" not in keys or "content_category" not in keys:
        assert after.content_category == PUSH.content_category
    assert after.enrichment is None
    assert enriched(after) == after
