"""The form of a new mailing asks for what the API takes, and shows each refusal at the field that it is about."""

from typing import Any

import orjson
import pytest

from schemas.application_events import SenderChanged
from services.ingest.mailing.rules.draft import draft
from services.ingest.rules import Refused
from tests.support.console_modules import SOURCE, answered
from tests.support.requests import NOW, PARTNER

NEW = SOURCE / "pages" / "mailings" / "new"
IMPORTS = {"EMPTY, definitionOf, draftOf, takenTwice": NEW / "draft.ts", "placed": NEW / "places.ts"}
SCRIPT = """
const { forms, faults } = given;
const answers = forms.map((changes) => {
  const form = { ...EMPTY, partner: "demo", name: "autumn", text: "hi", ...changes };
  const body = JSON.parse(JSON.stringify(definitionOf(form, "x")));
  const other = { ...body, message: { ...body.message, type: body.message.type.toLowerCase() } };
  return { form, body, again: draftOf(body, "demo"), other: draftOf(other, "demo"), taken: takenTwice(form) };
});
const answer = { answers, placed: placed(faults) };
"""
PICTURE = {"address": "https://bank.example/{{picture}}.png", "buttons": [{"title": "Pay", "action": "open-app"}]}
WINDOW = {"when": "window", "begin": "10:00", "end": "20:00", "days": "12345", "zone": "recipient"}
SMS = {"state": "READ", "channel": "SMS", "sender": "", "text": "{{name}}", "ttl": "2", "ttlUnit": "HOURS"}
VIBER = SMS | {"state": "DELIVERED", "channel": "VIBER", "text": "hi"}
SEGMENT = {
    "platforms": ["ios", "web"],
    "subscriptions": "news, rates",
    "timeZones": "Europe/Moscow",
    "lastUsedAfter": "2026-01-01T10:00:00.000Z",
    "lastUsedBefore": "",
    "versionFrom": "2.0",
    "versionBelow": "",
}
RICH = {"title": "March", "text": "", "category": "IMAGE", "address": "https://bank.example/march.png"}
MORE = """{
  "message": {
    "data": {
      "customPayload": {
        "screen": 1
      }
    }
  },
  "extraParam": "a=1"
}"""
SECURE = {"text": "Code %code%", "secure": [{"name": "code", "value": "{{code}}"}]}
FILLED: list[dict[str, Any]] = [
    {"fallbacks": [VIBER, SMS]},
    {"channel": "SMS", "text": "{{name}}", "ttl": "5", "ttlUnit": "HOURS"},
    {"channel": "VIBER"},
    {"to": "segment", "segment": SEGMENT},
    {**SECURE, "rich": RICH},
    {"more": MORE, "rich": RICH},
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
    ({"buttons": [{"title": "", "action": "link"}]}, {"buttons-0-title"}),
    ({"buttons": [{"title": "Go", "action": "link", "options": "javascript:x"}]}, {"buttons-0-options"}),
    ({"channel": "SMS", "text": ""}, {"text"}),
    ({"channel": "VIBER", "ttl": "1", "ttlUnit": "SECONDS"}, {"ttl"}),
    ({"fallbacks": [SMS | {"text": ""}]}, {"fallbacks-0-text"}),
    ({"fallbacks": [SMS, VIBER | {"ttl": "x"}]}, {"fallbacks-1-ttl"}),
    ({"fallbacks": [VIBER, SMS | {"sender": "Nobody"}]}, {"fallbacks-1-sender"}),
    ({"fallbacks": [SMS | {"channel": "FLASHINGCALL", "text": "1234", "ttl": "60"}, SMS]}, {"fallbacks-0-ttl"}),
    (
        {"fallbacks": [SMS | {"channel": "FLASHINGCALL", "text": "1234", "ttl": "60", "ttlUnit": "SECONDS"}, SMS]},
        {"fallbacks-1-state"},
    ),
    ({"text": "%code%", "secure": [{"name": "pin", "value": "1"}]}, {"secure"}),
    ({"secure": [{"name": "p-n", "value": "1"}]}, {"secure"}),
    ({"rich": RICH | {"title": "T" * 81}}, {"rich-title"}),
    ({"rich": RICH | {"address": "ftp://bank.example"}}, {"rich-address"}),
    ({"to": "segment", "text": "{{name}}"}, {"text"}),
    ({"to": "segment", "segment": SEGMENT | {"timeZones": "Mars"}}, {"segment-timeZones"}),
    (
        {"to": "segment", "segment": SEGMENT | {"lastUsedBefore": "2025-01-01T10:00:00.000Z"}},
        {"segment-lastUsedBefore"},
    ),
    ({**WINDOW, "begin": "25:00"}, {"begin"}),
    ({**WINDOW, "deadline": "2020-01-01T10:00:00.000Z"}, {"deadline"}),
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
    found: dict[str, Any] = answered(IMPORTS, SCRIPT, {"forms": forms, "faults": faults})
    return found


def test_what_the_form_asks_for_is_taken() -> None:
    partner = PARTNER.replace(default_sender="DemoBank")
    for answer in of_console(FILLED, [])["answers"]:
        taken = draft(answer["body"], partner, Known(), NOW)
        assert taken.body.name == "autumn"
        schedule = taken.accepted.request.schedule
        assert (schedule is not None) == (answer["form"]["when"] == "window")
        assert schedule is None or schedule.recipient_zone == (answer["form"]["zone"] == "recipient")


def test_a_copy_asks_for_the_same_however_the_channel_is_spelt() -> None:
    for answer in of_console(FILLED, [])["answers"]:
        copied = answer["again"]
        if answer["form"]["when"] == "now":  # then the hours of the form mean nothing
            copied |= {name: answer["form"][name] for name in ("begin", "end")}
        assert copied == answer["form"]
        assert answer["other"]["channel"] == answer["form"]["channel"]
        assert answer["taken"] == []


def test_the_form_goes_before_the_json_beside_it_and_lists_are_joined() -> None:
    more = {"name": "winter", "message": {"data": {"text": "no", "extraOptions": [{"param_name": "X"}]}}}
    (answer,) = of_console([{"more": orjson.dumps(more).decode(), "rich": RICH}], [])["answers"]
    assert answer["taken"] == ["name", "message.data.text"]
    assert (answer["body"]["name"], answer["body"]["message"]["data"]["text"]) == ("autumn", "hi")
    assert [option["param_name"] for option in answer["body"]["message"]["data"]["extraOptions"]] == ["RICH", "X"]


def test_json_that_is_no_object_asks_for_nothing() -> None:
    plain, broken, listed = of_console([{}, {"more": "{"}, {"more": "[1]"}], [])["answers"]
    assert plain["body"] == broken["body"] == listed["body"]


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
