"""The partners' form of a request sends what the API takes; its shell line sends the same, and shows no password."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.ingest.rules import Refusal
from tests.support.console_modules import SOURCE, answered
from tests.support.requests import accepted, decide

IMPORTS = {"EMPTY_REQUEST, curlOf, placedIn, requestOf": SOURCE / "pages" / "partner" / "request-draft.ts"}
SCRIPT = """
const { forms, faults, origin } = given;
const answers = forms.map((changes) => {
  const form = { ...EMPTY_REQUEST, text: "hi", phone: "+79000000001", ...changes };
  const request = requestOf(form, { login: "ba\\\\nk's", password: "…" });
  return { body: JSON.parse(JSON.stringify(request)), curl: curlOf(origin, request) };
});
const answer = { answers, placed: placedIn(faults) };
"""
ORIGIN = "https://rpns.example"
PASSWORDS = ("rpns_a-Key_0", 'a"b\\c', "it's $HOME `id` $(id) % & \\\\ \u00e9", '"', "\\")
"""What people choose, and what ends a text of JSON or of a shell."""
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
    ({**WINDOW, "deadline": "2020-01-01T10:00:00.000Z"}, {"deadline"}),
    ({"cascade": "SMS", "cascadeText": "x" * 2001}, {"cascadeText"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeSender": "Nobody"}, {"cascadeSender"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeTtl": ""}, {"cascadeTtl"}),
    ({"cascade": "SMS", "cascadeText": "Call us", "cascadeTtl": "soon"}, {"cascadeTtl"}),
]


def of_console(forms: list[dict[str, Any]], faults: list[dict[str, str]], origin: str = ORIGIN) -> dict[str, Any]:
    found: dict[str, Any] = answered(IMPORTS, SCRIPT, {"forms": forms, "faults": faults, "origin": origin})
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


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_line_of_the_shell_sends_the_same_with_the_shells_password(tmp_path: Path, password: str) -> None:
    """Whatever the texts hold: nothing of them is run, and nothing is lost."""
    for answer in of_console(FILLED, [])["answers"]:
        sent, arguments = run_by_shell(answer["curl"], password, tmp_path)
        assert sent == answer["body"] | {"login": "ba\\nk's", "password": password}
        assert arguments[1] == f"{ORIGIN}/v6/send"


def test_the_password_is_in_no_line_and_no_argument(tmp_path: Path) -> None:
    (answer,) = of_console([{}], [])["answers"]
    _, arguments = run_by_shell(answer["curl"], "never-shown", tmp_path)
    assert "never-shown" not in answer["curl"] + "".join(arguments)


def test_an_address_is_one_word_of_the_shell_whatever_it_holds(tmp_path: Path) -> None:
    odd = "http://a'b$(id)&c"
    (answer,) = of_console([{}], [], odd)["answers"]
    assert run_by_shell(answer["curl"], "p", tmp_path)[1][1] == f"{odd}/v6/send"


def run_by_shell(line: str, password: str, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The JSON that `curl` is given, and its arguments."""
    fake = folder / "curl"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$ASKED"\ncat\n')
    fake.chmod(0o755)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "RPNS_PASSWORD": password, "ASKED": str(folder / "asked")}
    done = subprocess.run(["sh", "-c", line], env=env, capture_output=True, timeout=20, check=True)
    return orjson.loads(done.stdout), (folder / "asked").read_text().splitlines()
