"""The partners' form of a request sends what the API takes; its shell line sends the same, and shows no password."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, node
from services.ingest.rules import Refusal
from tests.support.requests import accepted, decide

FORM = FOLDER / "src" / "pages" / "partner" / "request-draft.ts"
SCRIPT = """
import { EMPTY_REQUEST, curlOf, placedIn, requestOf } from "%s";
const { forms, faults } = JSON.parse(await new Response(process.stdin).text());
const answers = forms.map((changes) => {
  const body = requestOf({ ...EMPTY_REQUEST, text: "hi", phone: "+79000000001", ...changes });
  return { body: JSON.parse(JSON.stringify(body)), curl: curlOf("https://rpns.example", "ba\\\\nk", body) };
});
process.stdout.write(JSON.stringify({ answers, placed: placedIn(faults) }));
"""
PASSWORD = "rpns_a-Key_0"
ODD = 'a "b" \\ $HOME `id` $(id) %s \u00e9 \U0001f600 \n{{name}}'
WINDOW = {"when": "window", "begin": "10:00", "end": "20:00", "days": "12345"}
BUTTONS = [{"title": "Pay", "action": "link", "options": "https://bank.example/?a=1&b=$2"}]
FILLED: list[dict[str, Any]] = [
    {},
    {"phone": "", "user": "customer 1", "title": ODD, "text": ODD, "id": "first-1", "sender": "DemoBank"},
    {"address": "https://bank.example/a.png", "buttons": BUTTONS, "reports": "2", "isPrimaryOnly": True},
    WINDOW,
    {**WINDOW, "zone": "partner", "days": "", "reports": "0"},
    {"cascade": "SMS", "cascadeText": "Call us", "cascadeSender": "DemoText", "cascadeState": "READ"},
    {"cascade": "VIBER", "cascadeText": "Call us"},
]
WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"phone": "12"}, {"phone"}),
    ({"phone": "", "user": ""}, {"phone"}),
    ({"text": ""}, {"text"}),
    ({"title": "T" * 81, "text": "x" * 1001}, {"title", "text"}),
    ({"ttl": "29", "ttlUnit": "SECONDS"}, {"ttl"}),
    ({"ttl": "long"}, {"ttl"}),
    ({"sender": "Nobody"}, {"sender"}),
    ({"address": "ftp://bank.example"}, {"address"}),
    ({"buttons": [{"title": "", "action": "link"}]}, {"buttons-0-title"}),
    ({**WINDOW, "begin": "25:00"}, {"begin"}),
    ({**WINDOW, "deadline": "2020-01-01T10:00"}, {"deadline"}),
    ({"cascade": "SMS", "cascadeText": "x" * 2001}, {"cascadeText"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeSender": "Nobody"}, {"cascadeSender"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeTtl": ""}, {"cascadeTtl"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeTtl": "soon"}, {"cascadeTtl"}),
]


def of_console(forms: list[dict[str, Any]], faults: list[dict[str, str]]) -> dict[str, Any]:
    try:
        program = str(node()[0])
    except BuildError as error:
        pytest.skip(str(error))
    command = [program, "--input-type=module", "--disable-warning=ExperimentalWarning", "-e", SCRIPT % FORM.as_uri()]
    given = orjson.dumps({"forms": forms, "faults": faults})
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def test_what_the_form_asks_for_is_taken() -> None:
    for changes, answer in zip(FILLED, of_console(FILLED, [])["answers"], strict=True):
        taken = accepted(answer["body"] | {"login": "demo", "password": "demo"})
        assert taken.partner_ref == changes.get("id")
        assert (taken.schedule is not None) == (changes.get("when") == "window")
        assert len(taken.chain) == (2 if changes.get("cascade") else 1)


@pytest.mark.parametrize(("changes", "fields"), WRONG)
def test_a_refusal_is_shown_at_its_field(changes: dict[str, Any], fields: set[str]) -> None:
    (answer,) = of_console([changes], [])["answers"]
    decision = decide(answer["body"] | {"login": "demo", "password": "demo"})
    assert isinstance(decision, Refusal)
    placed = of_console([], faults_in(decision.detail))["placed"]
    assert (set(placed["faults"]), placed["others"]) == (fields, [])


def faults_in(detail: str) -> list[dict[str, str]]:
    """As the console reads an answer (`fieldsIn` of `src/api.ts`)."""
    parts = (part.split(": ", 1) for part in detail.split("; "))
    return [{"field": field, "rule": rule} for field, rule in parts]


def test_the_line_of_the_shell_sends_the_same_with_the_shells_password(tmp_path: Path) -> None:
    """Whatever the texts hold: nothing of them is run, and nothing is lost."""
    fake = tmp_path / "curl"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$ASKED"\ncat\n')
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RPNS_PASSWORD": PASSWORD, "ASKED": str(tmp_path / "asked")}
    for answer in of_console(FILLED, [])["answers"]:
        assert PASSWORD not in answer["curl"]
        done = subprocess.run(["sh", "-c", answer["curl"]], env=env, capture_output=True, timeout=20, check=True)
        assert orjson.loads(done.stdout) == {"login": "ba\\nk", "password": PASSWORD, **answer["body"]}
        arguments = (tmp_path / "asked").read_text()
        assert arguments.splitlines()[1] == "https://rpns.example/v6/send"
        assert PASSWORD not in arguments
