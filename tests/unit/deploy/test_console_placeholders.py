"""The console's rules for braces and columns are the API's: both judge the same texts alike."""

import random
import subprocess
from typing import Any

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, node
from services.ingest.mailing.rules.placeholders import odd_braces, replaced, single_braced
from services.runtime.lists.csv_header import key_of

RULES = FOLDER / "src" / "pages" / "mailings"
LETTERS = [
    *"{}{}{}{}'\" \n\t_-1aé",
    "имя",
    "name",
    "\U0001f600",
    "\u00a0",
    "\ufeff",
    "{{name}}",
    "{name}",
    "{{'{{'}}",
    "}}",
    "e\u0301",
]
WRITTEN = (
    "{{name}",
    "{{na me}}",
    "{name}}",
    "{{{name}}}",
    "{{}}",
    '{"a": {"b": 1}}',
    "{{ name }}\n{{x",
    "x" * 65 + "{{" + "x" * 65 + "}}",
)
SCRIPT = """
import { oddBraces, partsOf, singleBraced } from "%s/message/placeholders.ts";
import { keyOf } from "%s/list/columns.ts";
const texts = JSON.parse(await new Response(process.stdin).text());
const judged = texts.map((text) => ({ odd: oddBraces(text), parts: partsOf(text), key: keyOf(text),
  single: singleBraced(text) }));
process.stdout.write(JSON.stringify(judged));
"""


@pytest.fixture(scope="module")
def texts() -> list[str]:
    draw = random.Random(7)
    return [*WRITTEN, *("".join(draw.choices(LETTERS, k=draw.randint(1, 12))) for _ in range(4_000))]


@pytest.fixture(scope="module")
def judged(texts: list[str]) -> list[dict[str, Any]]:
    """What the console makes of each."""
    try:
        program = str(node()[0])
    except BuildError as error:
        pytest.skip(str(error))
    script = SCRIPT % (RULES.as_uri(), RULES.as_uri())
    command = [program, "--input-type=module", "--disable-warning=ExperimentalWarning", "-e", script]
    done = subprocess.run(command, input=orjson.dumps(texts), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = orjson.loads(done.stdout)
    return found


def test_odd_braces_are_the_same_and_at_the_same_place(texts: list[str], judged: list[dict[str, Any]]) -> None:
    for text, mine in zip(texts, judged, strict=True):
        rule, odd = odd_braces(text), mine["odd"]
        assert (rule is None) == (odd is None), repr(text)
        if rule is not None:
            line = "" if odd["line"] == 1 else f"line {odd['line']}, "
            assert rule.startswith(f"{line}character {odd['character']}: `{odd['found']}` "), repr(text)
    assert 500 < sum(mine["odd"] is not None for mine in judged) < len(texts) - 500


def test_values_and_braces_as_text_are_the_same(texts: list[str], judged: list[dict[str, Any]]) -> None:
    for text, mine in zip(texts, judged, strict=True):
        shown = "".join(part["text"] if "text" in part else f"<{part['name']}>" for part in mine["parts"])
        assert shown == replaced(text, lambda name: f"<{name}>"), repr(text)


def test_names_in_single_braces_are_the_same(texts: list[str], judged: list[dict[str, Any]]) -> None:
    assert [mine["single"] for mine in judged] == [single_braced(text) for text in texts]
    assert sum(bool(mine["single"]) for mine in judged) > 300


def test_what_counts_of_a_columns_name_is_the_same(texts: list[str], judged: list[dict[str, Any]]) -> None:
    assert [mine["key"] for mine in judged] == [key_of(text) for text in texts]
