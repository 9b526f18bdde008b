"""The form of a new mailing asks for what the API takes, and shows each refusal at the field that it is about."""

import subprocess
from typing import Any

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, node
from schemas.application_events import SenderChanged
from services.ingest.mailing.rules.draft import draft
from services.ingest.rules import Refused
from tests.support.requests import NOW, PARTNER

FORM = FOLDER / "src" / "pages" / "mailings" / "new" / "draft.ts"
SCRIPT = """
import { EMPTY, definitionOf, draftOf, placed } from "%s";
const { forms, faults } = JSON.parse(await new Response(process.stdin).text());
const answers = forms.map((changes) => {
  const form = { ...EMPTY, partner: "demo", name: "autumn", text: "hi", ...changes };
  const body = JSON.parse(JSON.stringify(definitionOf(form, "x")));
  return { form, body, again: draftOf(body, "demo"), more: draftOf({ ...body, segment: {} }, "demo") };
});
process.stdout.write(JSON.stringify({ answers, placed: placed(faults) }));
"""
PICTURE = {"address": "https://bank.example/{{picture}}.png", "buttons": [{"title": "Pay", "action": "open-app"}]}
WINDOW = {"when": "window", "begin": "10:00", "end": "20:00", "days": "12345", "zone": "recipient"}
FILLED: list[dict[str, Any]] = [
    {},
    {"title": "{{name}}", "text": "{{name}}, {{sum}}"},
    PICTURE,
    WINDOW,
    {**WINDOW, "zone": "partner", "days": ""},
]
WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"name": ""}, {"name"}),
    ({"rate": "fast"}, {"rate"}),
    ({"rate": "0"}, {"rate"}),
    ({"text": ""}, {"text"}),
    ({"text": "{{na me}}"}, {"text"}),
    ({"title": "T" * 81, "text": "x" * 1001}, {"title", "text"}),
    ({"ttl": "29", "ttlUnit": "SECONDS"}, {"ttl"}),
    ({"sender": "Nobody"}, {"sender"}),
    ({"address": "ftp://bank.example"}, {"address"}),
    ({"buttons": [{"title": "", "action": "link"}]}, {"button-0-title"}),
    ({"buttons": [{"title": "Go", "action": "link", "options": "javascript:x"}]}, {"button-0-options"}),
    ({**WINDOW, "begin": "25:00"}, {"begin"}),
    ({**WINDOW, "deadline": "2020-01-01T10:00"}, {"deadline"}),
]


class Known:
    """The partner's senders."""

    def sender(self, partner_id: str, service_number: str) -> SenderChanged | None:
        if service_number != "DemoBank":
            return None
        return SenderChanged(
            event_id="s", at=NOW, partner_id=partner_id, service_number=service_number, application_id="bank"
        )


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
    partner = PARTNER.replace(default_sender="DemoBank")
    for answer in of_console(FILLED, [])["answers"]:
        taken = draft(answer["body"], partner, Known(), NOW)
        assert taken.body.name == "autumn"
        schedule = taken.accepted.request.schedule
        assert (schedule is not None) == (answer["form"]["when"] == "window")
        assert schedule is None or schedule.recipient_zone == (answer["form"]["zone"] == "recipient")


def test_a_copy_asks_for_the_same_and_there_is_none_of_what_the_form_cannot_ask_for() -> None:
    for answer in of_console(FILLED, [])["answers"]:
        copied = answer["again"]
        if answer["form"]["when"] == "now":  # then the hours of the form mean nothing
            copied |= {name: answer["form"][name] for name in ("begin", "end")}
        assert copied == answer["form"]
        assert answer["more"] is None


@pytest.mark.parametrize(("changes", "fields"), WRONG)
def test_a_refusal_is_shown_at_its_field(changes: dict[str, Any], fields: set[str]) -> None:
    partner = PARTNER.replace(default_sender="DemoBank")
    (answer,) = of_console([changes], [])["answers"]
    with pytest.raises(Refused) as caught:
        draft(answer["body"], partner, Known(), NOW)
    faults = [{"field": fault.field, "rule": fault.rule} for fault in caught.value.refusal.faults]
    placed = of_console([], faults)["placed"]
    assert set(placed["faults"]) == fields
    assert placed["others"] == []
