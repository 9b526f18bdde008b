"""Whatever the command line says, it says in English and in Russian."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from deploy.cli.devices import exports
from deploy.cli.words import phrase, speaking, state_in
from deploy.cli.words.rules import RULES, reason_in, rule_in, usage_in
from deploy.cli.words.spoken import TABLES, help_in, russian_texts
from deploy.cli.words.tables.states import MESSAGES, STATES
from deploy.cli.words.tables.usage import HEADINGS, REFUSALS
from schemas import DeliveryState
from schemas.broadcast_events import ChannelState
from schemas.language import Language
from schemas.mailing_events import MailingState
from schemas.reasons import Reason
from services.registry.dead_letters.store import State as LetterState
from services.registry.provisioning.stops import StopView
from services.registry.sign_in.account_routes import AccountState
from services.status.resends.store import State as ResendState
from tests.support.cli_texts import PLACE, helps, phrases, rules, unsaid

RUSSIAN = Language.RUSSIAN
ROOT = Path(__file__).parents[3]
SAME = re.compile(r"([A-Z]+, )+[A-Z]+ …|([a-z]+, )+[a-z]+|UTC|id|kid|bundle|Windows|macOS|Alexa|\{sign\} = .*")
"""What is a name in both languages: of states, of products, of a program's fields."""
PAIRS = [
    (english, russian)
    for table in (*(table.TEXTS for table in TABLES), *(table.HELP for table in TABLES), RULES, REFUSALS)
    for english, russian in table.items()
]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_has_a_russian_form() -> None:
    texts = phrases()
    assert len(texts) > 250
    lacking = {found.text: found.where for found in texts if found.text not in russian_texts()}
    assert not lacking, "add them to deploy/cli/words"


def test_every_help_has_a_russian_form() -> None:
    known = {english for table in TABLES for english in table.HELP}
    lacking = {text: command for text, command in helps().items() if text not in known}
    assert not lacking, "add them to deploy/cli/words"


def test_nothing_is_printed_past_the_tables() -> None:
    assert unsaid() == [], "say it by `phrase`"


def test_the_values_of_a_text_are_those_of_its_places() -> None:
    for found in phrases():
        assert found.places is None or places(found.text) <= found.places, found


def test_the_tables_hold_nothing_that_nobody_says_any_more() -> None:
    known = {found.text for found in phrases()} | set(HEADINGS.values()) | {"Usage:"}
    assert russian_texts().keys() <= known
    asked = helps().keys() | set(HEADINGS.values()) | {"Show this message and exit."}
    assert {english for table in TABLES for english in table.HELP} <= asked


def test_every_rule_and_reason_of_a_file_has_a_russian_form() -> None:
    known = {re.sub(r"\{\w+\}", PLACE, english) for english in RULES}
    reasons = {*exports._ONESIGNAL_OTHERS.values(), *exports._PINPOINT_OTHERS.values()}
    assert {text: where for text, where in rules().items() if text not in known} == {}
    assert reasons <= known


def test_no_text_has_two_russian_forms() -> None:
    for tables in ([table.TEXTS for table in TABLES], [table.HELP for table in TABLES]):
        found = [english for table in tables for english in table]
        assert len(found) == len(set(found)), sorted({text for text in found if found.count(text) > 1})


@pytest.mark.parametrize(("english", "russian"), PAIRS)
def test_both_languages_have_the_same_places(english: str, russian: str) -> None:
    assert not re.search("[А-яЁё]", english)
    if re.search("[<{]", english) is None or "{" in english:
        assert places(english) == places(russian)
    words = re.sub(r"\{.*?\}", "", russian)
    assert re.search("[А-яЁё]", russian) or not re.search("[A-Za-z]", words) or SAME.fullmatch(english)
    for forms, count in ((english, 2), (russian, 3)):
        assert all(not noun or noun.count("|") == count - 1 for _, _, noun, _ in Formatter().parse(forms))


def test_a_text_is_said_with_the_noun_of_its_number() -> None:
    text = "application {application}: {keys} {keys:key works|keys work}"
    assert phrase(text, application="app", keys=1) == "application app: 1 key works"
    with speaking(RUSSIAN):
        assert phrase(text, application="app", keys=1) == "приложение app: действует 1 ключ"
        assert phrase(text, application="app", keys=5) == "приложение app: действуют 5 ключей"
    assert phrase(text, application="app", keys=2) == "application app: 2 keys work"


def test_every_state_has_a_russian_form() -> None:
    states = {*get_args(MailingState), *get_args(ChannelState), *get_args(LetterState), *get_args(ResendState)}
    states |= {*get_args(AccountState), *get_args(StopView.model_fields["state"].annotation)}
    states |= {"damaged", "under way", "revoked", "stopped", "doubted", "retiring-paused", "all"}
    assert states == STATES.keys()
    assert {state.value for state in DeliveryState} == MESSAGES.keys()
    assert all(re.fullmatch("[а-яё ]+", russian) for russian in (STATES | MESSAGES).values())
    with speaking(RUSSIAN):
        assert (state_in("paused"), state_in("SENT")) == ("приостановлено", "отправлено (SENT)")
        assert state_in("of a newer release") == "of a newer release"
    assert (state_in("paused"), state_in("SENT")) == ("paused", "SENT")


def test_a_state_of_a_message_is_said_as_the_console_says_it() -> None:
    table = (ROOT / "deploy/console/src/words/states.ts").read_text()
    assert dict(re.findall(r'"messageState\.(\w+)": \["[^"]+", "([^"]+)"\]', table)) == MESSAGES


def test_a_reason_is_said_in_words_with_its_name_behind() -> None:
    assert reason_in("cancelled") == "cancelled"
    with speaking(RUSSIAN):
        assert reason_in("cancelled") == f"{Reason.CANCELLED.words.russian} (cancelled)"
        assert reason_in("of-a-newer-release") == "of-a-newer-release"


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("header: has no column 'token'", "header: нет столбца 'token'"),
        ("rows without a token", "строки без токена"),
        ("must be at most 5 bytes", "не более 5 байтов"),
        ("2 replicas instead of 3", "реплик 2 вместо 3"),
        ("header: its quotes do not match", "header: кавычки не закрыты"),
        ("what nobody knows: at all", "what nobody knows: at all"),
        ("", ""),
    ],
)
def test_a_rule_is_said_in_russian_and_the_field_stays(english: str, russian: str) -> None:
    assert rule_in(english) == english
    with speaking(RUSSIAN):
        assert rule_in(english) == russian


def test_what_typer_refuses_is_said_in_russian() -> None:
    with speaking(RUSSIAN):
        assert usage_in("Invalid value for '--what': Value error, 'x' is not one of 'a', 'b'.") == (
            "Неверное значение '--what': 'x': допустимо только 'a', 'b'."
        )
        assert usage_in("something else") == "something else"
        assert help_in("something else") == "something else"
