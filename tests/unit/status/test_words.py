"""What is told of a message exists in both languages, side by side, with the same places."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from deploy.cli.show import STATUSES
from schemas.events import DispatchOutcome, InboxChange, LinkClicked, ReceiptKind
from schemas.language import Language, Words
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import StopScope
from services.registry.hms_receipts.rules import WORDS as HMS_WORDS
from services.status.api.explain import explain
from services.status.api.view import view_of
from services.status.message import What
from services.status.words import STEPS, Note, Sentence, fill, said_anew
from services.status.words.notes import SCOPES
from tests.support.status_events import Story, replay

ROOT = Path(__file__).parents[3]
TABLES: dict[str, list[tuple[str, Words]]] = {
    "reasons": [(reason.name, reason.words) for reason in Reason],
    "sentences": [(sentence.name, sentence) for sentence in Sentence],
    "notes": [(note.name, note) for note in Note],
    "steps": [(what, words) for what, words in STEPS.items()],
    "scopes": list(SCOPES.items()),
    "statuses": [(str(status), words) for status, words in STATUSES.items()],
}
RUSSIAN = Language.RUSSIAN


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("table", TABLES)
def test_every_text_is_in_both_languages_with_the_same_places(table: str) -> None:
    for name, words in TABLES[table]:
        assert not re.search("[А-яЁё]", words.english), name
        assert re.search("[А-яЁё]", words.russian), name
        assert places(words.english) == places(words.russian), name
        assert words.english[-1:] == words.russian[-1:] or not words.english.endswith("."), name


def test_every_noun_has_the_forms_of_its_language() -> None:
    for sentence in Sentence:
        for language, forms in ((Language.ENGLISH, 2), (RUSSIAN, 3)):
            for _, name, noun, _ in Formatter().parse(sentence.said_in(language)):
                assert not noun or noun.count("|") == forms - 1, (sentence.name, name)


@pytest.mark.parametrize(
    ("count", "noun"),
    [(1, "попытка"), (2, "попытки"), (5, "попыток"), (11, "попыток"), (21, "попытка"), (112, "попыток")],
)
def test_a_noun_goes_with_its_number(count: int, noun: str) -> None:
    sentence = fill(Sentence.TRIED, RUSSIAN, channel="PUSH", devices=1, tries=count)
    assert sentence == f"PUSH: отправляется на 1 устройство, пока {count} {noun}."


def test_every_kind_of_line_and_whatever_events_say_has_words() -> None:
    assert STEPS.keys() == set(get_args(What))
    assert SCOPES.keys() == set(get_args(StopScope))
    clicks = get_args(LinkClicked.__annotations__["by"])
    texts = [*get_args(DispatchOutcome), *get_args(ReceiptKind), *get_args(InboxChange), *clicks]
    texts += [status.word for status in ReportStatus] + list(HMS_WORDS.values()) + [reason.value for reason in Reason]
    assert [text for text in texts if not re.search("[А-яЁё]", said_anew(text, RUSSIAN))] == []


def test_every_note_is_noted_somewhere() -> None:
    """A row that nobody notes any more, or notes in other words, would never be found."""
    files = [path for path in (ROOT / "services").rglob("*.py") if "status/words" not in path.as_posix()]
    source = "\n".join(path.read_text() for path in files) + (ROOT / "schemas" / "reports.py").read_text()
    source += (ROOT / "schemas" / "events.py").read_text()
    written = {note for note in Note if f"Note.{note.name}" in source}
    for note in set(Note) - written:
        pattern = re.sub(r"\\{\w+\\}", r"\\{[^{}]+\\}", re.escape(note.english))
        assert re.search(f'["{{ }}]{pattern}', source), note.name


@pytest.mark.parametrize(
    ("detail", "russian"),
    [
        ("targets: 3, skipped: 1", "устройств: 3, пропущено: 1"),
        ("SMS goes out: not-read", "отправляется SMS: не прочитано"),
        ("SMS goes out: push-disabled", "отправляется SMS: пуши отключены в приложении или при импорте"),
        ("READ has come: not needed: SMS, VIBER", "получено READ: не требуется: SMS, VIBER"),
        ("too late for this link: it goes out", "поздно: это звено уже отправляется"),
        ("asked for by operator", "по запросу оператора"),
        ("asked for by bank", "по запросу партнёра bank"),
        ("application app is paused", "приостановлено: приложение app"),
        ("retry: provider is paused", "будет повтор: приостановлено: провайдер"),
        ("refused: Unregistered", "отклонено: Unregistered"),
        ("refused: the sky is paused: {0}", "отклонено: the sky is paused: {0}"),
        ("request {x} was dropped", "запрос {x} отброшен"),
        ("", ""),
    ],
)
def test_a_line_is_said_anew_and_what_others_wrote_stays(detail: str, russian: str) -> None:
    assert said_anew(detail, RUSSIAN) == russian
    assert said_anew(detail, Language.ENGLISH) == detail


def test_a_message_is_explained_in_russian() -> None:
    story = Story()
    skipped = {"i-1": Reason.PUSH_DISABLED, "i-2": Reason.BELOW_MIN_VERSION, "i-3": Reason.PUSH_DISABLED}
    message = replay(story.requested(), story.planned(skipped=skipped, reason=Reason.PUSH_DISABLED))
    assert explain(message, RUSSIAN) == (
        "Пуш не доставлен: пуши отключены в приложении или при импорте (errorCode 23). "
        "Из 3 устройств: на 2 — пуши отключены в приложении или при импорте; "
        "на 1 — версия приложения ниже требуемой для этого сообщения."
    )


def test_all_that_is_shown_of_a_message_is_in_the_language() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", skipped={"i-2": Reason.PUSH_DISABLED}),
        story.dispatched(outcome="refused", reason=Reason.PROVIDER_REFUSED, detail="Unregistered"),
    )
    shown = view_of(message, RUSSIAN)
    assert shown.reason is not None
    gone = "приложение на телефоне больше не зарегистрировано, обычно его удалили или переустановили"
    assert shown.reason.words == gone
    assert shown.links[0].skipped[0].reason.words == "пуши отключены в приложении или при импорте"
    assert [(line.words, line.detail) for line in shown.trace] == [
        ("запрос принят", "пуш"),
        ("план отправки", "на 1 устройство; пропущено i-2: пуши отключены в приложении или при импорте"),
        ("попытка отправки", "отклонено: Unregistered"),
    ]
    assert shown.trace[2].what == "attempt"
    assert shown.trace[2].provider == Provider.APNS


def test_english_is_what_nobody_has_to_ask_for() -> None:
    message = replay(Story().requested(), Story().planned("i-1"))
    assert explain(message) == explain(message, Language.ENGLISH)
    assert view_of(message) == view_of(message, Language.ENGLISH)
