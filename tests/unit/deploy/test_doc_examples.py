"""The reader of executable examples can fail: it tells a wrong answer from a right one."""

from pathlib import Path

import pytest

from tests.support.doc_examples import BadExample, body_fits, examples, fill, fits

PAGE = (
    'Text.\n\n```http\nPOST /x\nA: b\n\n{"id": "{ref}"}\n```\n\n```http-answer\n200\n{"id": "{ref}", "at": "…"}\n```\n'
)


def test_a_page_is_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    (example,) = examples(page)
    request = example.filled({"ref": "7"})
    assert (request.method, request.path, request.headers, request.body) == ("POST", "/x", {"A": "b"}, b'{"id": "7"}')
    assert example.expected({"ref": "7"}) == (200, '{"id": "7", "at": "…"}')


@pytest.mark.parametrize(
    ("expected", "actual", "is_fit"),
    [
        ("…", None, True),
        ({"a": "…"}, {"a": [1]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
        ([1], [1, 2], False),
        (["…"], [1, 2], True),
        ([1, "…", 3], [1, 2, 3], True),
        ([3, 1, "…"], [1, 2, 3], False),
        (1, True, False),
        ("1", 1, False),
    ],
)
def test_what_fits(expected: object, actual: object, is_fit: bool) -> None:
    assert fits(expected, actual) is is_fit


def test_lines_are_compared_one_by_one() -> None:
    assert body_fits('{"a": "…"}\n{"b": 1}', b'{"a":2}\n{"b":1}\n')
    assert not body_fits('{"a": "…"}\n{"b": 1}', b'{"a":2}\n')
    assert body_fits("phone,state\n…", b"phone,state\n7,READ\n")


def test_a_name_that_is_not_known_is_refused() -> None:
    assert fill("{a+1} {B}", {"a": "x"}) == "x-1 {B}"
    with pytest.raises(BadExample, match="nobody"):
        fill("{nobody}", {})
