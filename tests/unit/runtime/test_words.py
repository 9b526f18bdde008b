"""Every refusal has its Russian beside its English, and is found by it."""

import re
from string import Formatter

import pytest

from schemas.language import Language
from services.runtime.words import translation_of
from services.runtime.words.lookup import TABLES
from tests.support.refusal_texts import PLACE, refusal_texts

RUSSIAN = Language.RUSSIAN


def with_places(text: str) -> str:
    """The text of a table as `refusal_texts` gives it."""
    return "".join(
        text_before + (PLACE if name is not None else "") for text_before, name, _, _ in Formatter().parse(text)
    )


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_that_a_caller_may_be_refused_with_has_a_russian_form() -> None:
    known = {with_places(english) for table in TABLES for english in table}
    texts = refusal_texts()
    assert len(texts) > 400
    lacking = {text: module for text, module in texts.items() if text not in known}
    assert not lacking, "add them to services/runtime/words"


def test_the_table_holds_nothing_that_nobody_says_any_more_and_nothing_twice() -> None:
    known = [with_places(english) for table in TABLES for english in table]
    assert set(known) <= refusal_texts().keys()
    assert len(set(known)) == len(known)


def test_both_languages_of_a_text_have_the_same_places() -> None:
    for english, russian in (pair for table in TABLES for pair in table.items()):
        assert places(english) == places(russian), english
        assert not re.search("[А-яЁё]", english), english
        nouns = [noun for _, _, noun, _ in Formatter().parse(russian) if noun]
        assert all(noun.count("|") == 2 for noun in nouns), russian


def test_every_text_is_found_with_its_places_filled() -> None:
    names_alone = {"Content-Type: {rule}"}
    for english, russian in (pair for table in TABLES for pair in table.items()):
        filled = with_places(english).replace(PLACE, "21")
        assert translation_of(filled, RUSSIAN) != filled or english in names_alone, english
        assert re.search("[А-яЁё]", translation_of(filled, RUSSIAN)) or not re.search("[А-яЁё]", russian), english
        assert translation_of(filled, Language.ENGLISH) == filled


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("must have at most 1 character", "не более 1 символа"),
        ("must have at most 80 characters", "не более 80 символов"),
        ("must have at most 81 characters", "не более 81 символа"),
        ("must be at most 65536 bytes", "не более 65536 байтов"),
        ("must be at most 1000", "не более 1000"),
        ("must be 10 to 86400 seconds for PUSH", "от 10 до 86400 секунд для PUSH"),
        ("must be ANDROID or IOS or WEB", "допустимо ANDROID или IOS или WEB"),
        ("message.data.text: mandatory; id: was used before", "message.data.text: обязательно; id: уже использован"),
        ("Unknown mailing", "Неизвестная рассылка"),
        ("this packet was cancelled", "пакет: отменено"),
        ("no column for {{name}}", "no column for {{name}}"),
        ("has no column for {{name}}", "нет столбца для {{name}}"),
        ("what no table has; at all", "what no table has; at all"),
        ("", ""),
    ],
)
def test_a_refusal_is_said_in_russian(english: str, russian: str) -> None:
    assert translation_of(english, RUSSIAN) == russian


@pytest.mark.parametrize(
    "odd", ["must have at most 9" + "9" * 30 + " characters", "{", "a {} {0} {limit:x}", ": ", ";" * 5000]
)
def test_whatever_stands_in_a_text_it_is_said(odd: str) -> None:
    assert translation_of(odd, RUSSIAN)
