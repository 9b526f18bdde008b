"""Every record of the audit trail is a sentence, in both languages, that says whom it was about where that is known."""

import inspect
import json
import re
from string import Formatter
from typing import Any

import msgspec
import pytest

from deploy.console import FOLDER
from schemas import application_events, broadcast_events
from schemas.audit_events import AskedValue, Audited, AuditedChange, ChangedField
from schemas.language import Language, Words
from services.registry.audit_trail.words import asked_in_words, caller_of, sentence_of, title_of
from services.registry.audit_trail.words.people import REFUSED
from services.registry.audit_trail.words.sentence import SENTENCES, WantedSubjects
from services.registry.audit_trail.words.titles import FIELDS, PARAMETERS
from services.runtime.access.operator_routes import PARTNERS_OWN, ROUTES

EN, RU = Language.ENGLISH, Language.RUSSIAN
AUDITED = {(route.method, route.path) for route in (*ROUTES, *PARTNERS_OWN)}
OF_THE_RECORD = {"made", "gone", "chosen", "by", "whom", "message"}
OF_EVERY_STATE = {"v", "event_id", "at", "needs", "carried", "by", "revision"}
NEVER_CHANGED = {"id", "channel_id", "attempt", "apple_id", "status", "detail", "erasure_id"}
MESSAGE = "0199aaaa-0000-7000-8000-000000000001"


def record(method: str, route: str, path: str, **more: Any) -> Audited:
    given: dict[str, Any] = {"event_id": "e", "at": 1, "who": "operator:desk", "address": "10.0.0.1", "status": 200}
    return Audited(**given | {"service": "registry", "method": method, "route": route, "path": path} | more)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def parameters() -> set[str]:
    """Of the audited questions, as the documents of the API have them."""
    found = set()
    for document in FOLDER.glob("openapi/*.json"):
        for path, methods in json.loads(document.read_text())["paths"].items():
            if ("GET", path) in AUDITED:
                found |= {
                    parameter["name"]
                    for parameter in methods["get"].get("parameters", ())
                    if parameter["in"] == "query"
                }
    return found


def test_every_audited_route_has_a_sentence_in_both_languages_and_no_other_has() -> None:
    assert SENTENCES.keys() == AUDITED
    assert {route[:2] for route in REFUSED} <= AUDITED


@pytest.mark.parametrize("route", sorted(AUDITED), ids=" ".join)
def test_a_sentence_has_the_same_places_in_both_languages_and_all_of_them_are_known(route: tuple[str, str]) -> None:
    words: Words = SENTENCES[route]
    of_path = {name.partition(":")[0] for name in re.findall(r"\{([^}]+)\}", route[1])}
    assert places(words.english) == places(words.russian)
    assert places(words.english) <= of_path | OF_THE_RECORD
    assert re.match(r"\[[^|\]]+\|[^|\]]+\] ", words.english)
    assert re.search("[а-яё]", words.russian)
    assert not re.search("[А-Яа-яЁё]", words.english)


@pytest.mark.parametrize("route", sorted(AUDITED), ids=" ".join)
@pytest.mark.parametrize("status", [200, 401, 403, 404, 409, 429, 503])
def test_every_route_is_said_without_its_path_however_it_was_answered(route: tuple[str, str], status: int) -> None:
    path = re.sub(r"\{[^}]+\}", "x1", route[1])
    for language in Language:
        for stored in (route[1], ""):  # a refusal's record has the path alone
            sentence = sentence_of(record(route[0], stored, path, status=status), language)
            assert not re.search(r"/v1/|[\[\]|{}]", sentence)


@pytest.mark.parametrize(
    ("event", "wanted", "english", "russian"),
    [
        (
            record(
                "GET", "/v1/messages", "/v1/messages", look="search", asked=(AskedValue(name="phone", value="#ab12"),)
            ),
            {"ab12": "phone"},
            "searched for messages by the phone you asked for (masked)",
            "поиск сообщений: телефон, о котором вы спросили (значения скрыты)",
        ),
        (
            record(
                "GET",
                "/v1/installations",
                "/v1/installations",
                look="look",
                asked=(AskedValue(name="user", value="#ab12"),),
            ),
            {},
            "searched for devices by a user id (fingerprint #ab12) (values shown)",
            "поиск устройств: id клиента (отпечаток #ab12) (данные показаны)",
        ),
        (
            record("GET", "/v1/messages/{any_id}", f"/v1/messages/{MESSAGE}", look="look", subjects=("ab12", "cd34")),
            {"ab12": "phone"},
            f"looked at the message {MESSAGE} of the customer you asked for (values shown)",
            f"просмотр сообщения {MESSAGE} клиента, о котором вы спросили (данные показаны)",
        ),
        (
            record("POST", "/v1/messages/{any_id}/cancel", "/v1/messages/#c6f5/cancel", subjects=("ab12",), status=404),
            {"ab12": "id"},
            "tried to cancel the message with the id you asked for (there is none)",
            "попытка: отмена сообщения с id, о котором вы спросили (такого нет)",
        ),
        (
            record("POST", "/v1/identities/revoke", "/v1/identities/revoke", subjects=("ab12",)),
            {},
            "ended the proofs of login on the devices of somebody (fingerprint #ab12)",
            "отзыв подтверждений входа на устройствах: кто-то (отпечаток #ab12)",
        ),
        (
            record(
                "POST",
                "/v1/partners",
                "/v1/partners",
                changes=(AuditedChange(entity="partner/bank", before="", after="a"),),
            ),
            {},
            "created the partner bank",
            "создание партнёра bank",
        ),
        (
            record(
                "PATCH",
                "/v1/partners/{partner_id}",
                "/v1/partners/bank",
                changes=(AuditedChange(entity="partner/bank", before="a", after="b", fields=("report_url",)),),
            ),
            {},
            "changed the partner bank: report address",
            "изменение партнёра bank: адрес отчётов",
        ),
        (
            record("POST", "", "/v1/session", status=401),
            {},
            "gave a name that no account has to sign in",
            "вход с именем, которого нет ни у одной учётной записи",
        ),
        (record("POST", "/v1/session", "/v1/session"), {}, "signed in", "вход"),
        (
            record("POST", "", "/v6/send", status=401),
            {},
            "tried to send a message by /v6/send (not recognised)",
            "попытка: отправка сообщения через /v6/send (не удалось узнать, кто это)",
        ),
        (record("", "", "topics apply"), {}, "changed Kafka's topics", "изменение топиков Kafka"),
        (record("", "", "", count=9, status=0), {}, "other refusals, added up", "прочие отказы вместе"),
        (
            record("", "", "rights", count=9, status=0),
            {},
            "other attempts to get in or to get more rights, added up",
            "прочие попытки войти или получить права, вместе",
        ),
    ],
)
def test_a_record_says_what_was_done_to_whom(
    event: Audited, wanted: WantedSubjects, english: str, russian: str
) -> None:
    assert sentence_of(event, EN, wanted) == english
    assert sentence_of(event, RU, wanted) == russian


def test_an_account_is_named_where_it_is_made() -> None:
    change = AuditedChange(
        entity="account/0199", after="a", fields=("name",), values=(ChangedField(name="name", after="desk"),)
    )
    assert (
        sentence_of(record("POST", "/v1/accounts", "/v1/accounts", changes=(change,)), EN) == "created the account desk"
    )


def test_an_account_is_named_where_it_is_deleted() -> None:
    change = AuditedChange(
        entity="account/a", before="1", after="2", fields=("name",), values=(ChangedField(name="name", before="desk"),)
    )
    done = record("DELETE", "/v1/accounts/{account_id}", "/v1/accounts/a", changes=(change,))
    assert (sentence_of(done, EN), sentence_of(done, RU)) == (
        "deleted the account desk",
        "удаление учётной записи desk",
    )
    tried = record("DELETE", "/v1/accounts/{account_id}", "/v1/accounts/a", status=409)
    assert sentence_of(tried, EN) == "tried to delete the account a (at odds with how things stood)"


def test_whoever_signs_in_with_a_password_for_once_is_said_to_have_chosen_another() -> None:
    change = AuditedChange(entity="account/a", before="1", after="2", fields=("is_one_time", "password_hash"))
    entered = AuditedChange(entity="session/a", after="2", fields=("name",))
    event = record("POST", "/v1/session", "/v1/session", changes=(change, entered))
    assert sentence_of(event, EN) == "signed in, and chose a password of their own"
    assert sentence_of(event, RU) == "вход, задан собственный пароль"


@pytest.mark.parametrize(
    ("status", "english", "russian"),
    [
        (401, "the password was wrong, or it is switched off", "неверный пароль, либо она отключена"),
        (409, "it was given another password meanwhile, or switched off or deleted", "тем временем ей выдали другой"),
        (429, "too many wrong passwords, has to wait", "нужно подождать"),
        (503, "the platform failed", "сбой платформы"),
    ],
)
def test_a_sign_in_that_failed_names_the_account_and_the_reason(status: int, english: str, russian: str) -> None:
    values = (ChangedField(name="name", after="desk"),)
    change = AuditedChange(entity="session/a", fields=("name",), values=values)
    event = record("POST", "", "/v1/session", status=status, changes=(change,))
    assert sentence_of(event, EN) == f"failed to sign in to the account desk: {english}"
    assert sentence_of(event, RU).startswith("вход в учётную запись desk не удался: ")
    assert russian in sentence_of(event, RU)


def test_a_change_that_left_everything_as_it_was_says_so() -> None:
    change = AuditedChange(entity="account/a", before="1", after="1")
    event = record("PATCH", "/v1/accounts/{account_id}", "/v1/accounts/a", changes=(change,))
    assert sentence_of(event, EN) == "changed the account a (nothing changed)"
    assert sentence_of(event, RU).endswith("(ничего не изменилось)")


def test_a_record_of_a_route_that_is_no_more_says_what_was_asked() -> None:
    assert sentence_of(record("POST", "/v1/gone", "/v1/gone"), RU) == "POST /v1/gone"


@pytest.mark.parametrize(
    ("who", "english", "russian"),
    [
        ("operator:desk", "desk", "desk"),
        ("partner:bank", "partner bank", "партнёр bank"),
        ("bootstrap", "the installer's token", "токен установки"),
        ("unknown", "a stranger", "неизвестный"),
    ],
)
def test_a_caller_is_named_in_words(who: str, english: str, russian: str) -> None:
    assert (caller_of(who, EN), caller_of(who, RU)) == (english, russian)


def test_what_was_asked_is_said_in_words() -> None:
    assert asked_in_words(AskedValue(name="masked", value="true"), RU) == "да"
    assert asked_in_words(AskedValue(name="since", value="1795954427012"), RU) == "1795954427012"
    assert asked_in_words(AskedValue(name="extra", value="#ab12"), EN) == "fingerprint #ab12"


def test_every_parameter_of_an_audited_question_and_every_field_that_changes_has_a_title() -> None:
    assert {"phone", "masked", "wide"} <= parameters() <= PARAMETERS.keys()
    kinds = [
        kind
        for module in (application_events, broadcast_events)
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, msgspec.Struct)
        and hasattr(kind, "entity_key")
        and kind.__name__ != "BroadcastRequested"
    ]
    fields = {field.name for kind in kinds for field in msgspec.structs.fields(kind)} - OF_EVERY_STATE - NEVER_CHANGED
    assert fields - FIELDS.keys() - PARAMETERS.keys() == set()
    assert title_of("masked", RU) == "значения скрыты"
    assert title_of("not_known", RU) == "not_known"


@pytest.mark.parametrize(
    ("after", "endings"), [("true", ("switched on (yes)", "(да)")), ("false", ("switched on (no)", "(нет)"))]
)
def test_how_a_switch_stands_now_is_said(after: str, endings: tuple[str, str]) -> None:
    value = ChangedField(name="enabled", before="x", after=after)
    change = AuditedChange(entity="account/a", before="1", after="2", fields=("enabled",), values=(value,))
    changed = record("PATCH", "/v1/accounts/{account_id}", "/v1/accounts/a", changes=(change,))
    assert endings[0] in sentence_of(changed, EN)
    assert endings[1] in sentence_of(changed, RU)


def test_what_is_hidden_in_a_path_is_an_aside_of_its_sentence() -> None:
    started = record("POST", "/v1/mailings/{any_id}/start", "/v1/mailings/#ab12/start")
    assert sentence_of(started, EN) == "started the mailing (fingerprint #ab12)"
    assert sentence_of(started, RU) == "запуск рассылки (отпечаток #ab12)"
