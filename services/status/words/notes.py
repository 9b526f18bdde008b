"""What stands on the lines of a trace, as it is noted, in English, and as it is said in another language. Pure.

A line is stored as it was noted: parts with `: ` between them, some in a provider's or an application's own words. To
say it in another language is to look each part up in this table; what is not here stays as it was noted.
"""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from string import Formatter

from schemas.language import Language, Words
from schemas.reasons import Reason
from schemas.refusals import TOKEN_IS_DEAD

SCOPES: Mapping[str, Words] = {
    "partner": Words("partner", "партнёр"),
    "application": Words("application", "приложение"),
    "provider": Words("provider", "провайдер"),
    "packet": Words("packet", "пакет"),
    "mailing": Words("mailing", "рассылка"),
}
"""What a stop holds up, wherever a note has a place `{scope}`."""
CHANNELS: Mapping[str, Words] = {"PUSH": Words("PUSH", "пуш")}
"""Those that are no names: each stands for itself elsewhere, or in a place `{channel}`."""


class Note(Words, Enum):
    """One of them, English and Russian."""

    # requests and plans
    UNKNOWN_FIELDS = "unknown fields {names}", "неизвестные поля {names}"
    OTHER_RECIPIENT = "its id was used before, with another recipient", "id уже использован с другим получателем"
    OTHER_CONTENT = "its id was used before, with another content", "id уже использован с другим содержанием"
    OTHER_BOTH = (
        "its id was used before, with another recipient and content",
        "id уже использован с другим получателем и другим содержанием",
    )
    NOT_SENT = "it is not sent", "запрос не отправляется"
    DROPPED = "request {request_id} was dropped", "запрос {request_id} отброшен"
    TARGETS = "targets: {targets}, skipped: {skipped}", "устройств: {targets}, пропущено: {skipped}"
    PAUSED = "{scope} {stop} is paused", "приостановлено: {scope} {stop}"
    SCOPE_PAUSED = "{scope} is paused", "приостановлено: {scope}"
    ASKED_BY_OPERATOR = "asked for by operator", "по запросу оператора"
    ASKED_BY = "asked for by {partner}", "по запросу партнёра {partner}"
    SCOPE_CANCELLED = "the {scope} was cancelled", "отменено: {scope}"
    TOO_LATE = "too late for this link: it goes out", "поздно: это звено уже отправляется"
    TOO_LARGE = (
        "it has become larger than a message may be: from here on nothing is kept",
        "превышен допустимый размер записи: дальнейшее не сохраняется",
    )
    # how a chain goes on
    GOES_OUT = "{channel} goes out", "отправляется {channel}"
    CHAIN_CANCELLED = "cancelled, does not go out", "отменено, не отправляется"
    HAS_COME = "{state} has come", "получено {state}"
    NOT_NEEDED = "not needed", "не требуется"
    NOT_PROVED = "not-proved", "вход клиента не подтверждён"
    NOT_READ = "not-read", "не прочитано"
    NOT_CONFIRMED = "not-confirmed", "не подтверждено"
    # attempts
    WITHDRAWAL = "withdrawal", "отзыв с экрана"
    ACCEPTED = "accepted", "принято"
    RETRY = "retry", "будет повтор"
    UNCERTAIN = "uncertain", "исход неизвестен"
    REFUSED = "refused", "отклонено"
    SUPPRESSED = "suppressed", "не показывается"
    EXPIRED = "expired", "срок жизни истёк"
    SHORTENED = "shortened", "текст сокращён"
    TOKEN_DEAD = TOKEN_IS_DEAD, "пуш-токен больше не действует"
    INSTALLATION_GONE = "installation is gone", "установка удалена"
    NO_TOKEN = "no token", "пуш-токена нет"
    NO_ACTIVITY = "no live activity", "Live Activity нет"
    ACTIVITY_ENDED = "the live activity has been ended", "Live Activity завершена"
    OTHER_PROVIDER = "token is {provider}'s now", "пуш-токен теперь провайдера {provider}"
    PROVIDER_AWAY = "provider is away", "провайдер недоступен"
    THROTTLED = "throttled", "ограничение скорости"
    SENDER_STOPPED = "sender is stopped", "отправка остановлена"
    INTERRUPTED = "interrupted", "прервано"
    BEGUN_BEFORE = (
        "this attempt was begun before and its outcome is not known",
        "попытка была начата раньше, её исход неизвестен",
    )
    PAYLOAD_TOO_LARGE = "payload too large", "сообщение слишком велико"
    NO_CONNECTION = "no connection in time", "соединение не установлено вовремя"
    # receipts, also those that Huawei sends of what became of a push
    DELIVERED = "delivered", "доставлено"
    READ = "read", "прочитано"
    DISMISSED = "dismissed", "смахнуто"
    CLICKED = "clicked", "нажато"
    BY_PROVIDER = "provider", "от провайдера"
    BY_PULL = "pull", "при загрузке приложением"
    NOT_INSTALLED = "the app is not installed", "приложение не установлено"
    OTHER_USER = "the token is not of the current user", "пуш-токен не текущего пользователя"
    NOTIFICATIONS_OFF = "notifications are off", "уведомления отключены"
    INACTIVE = "the device has been inactive for 30 days", "устройством не пользовались 30 дней"
    NEWER_CAME = (
        "replaced by a newer push while the device was off",
        "заменено более новым, пока устройство было выключено",
    )
    UNCONFIRMED = "not confirmed by the device", "не подтверждено устройством"
    DEVICE_FLOW = "flow control of the device", "ограничение потока на устройстве"
    SCENARIO = "scenario control", "ограничение сценария"
    UNKNOWN_STATUS = "unknown status", "неизвестный статус"
    # reports of channels and to partners
    SENT = "sent", "отправлено"
    UNDELIVERED = "undelivered", "не доставлено"
    TAKEN = "taken", "партнёр принял"
    NOT_TAKEN = "not taken", "партнёр не принял"
    SENT_AGAIN = "sent again", "отправлен повторно"
    TO_BE_SENT_AGAIN = "to be sent again", "будет отправлен повторно"
    NOTHING_TO_SEND = "nothing to send again", "повторно отправлять нечего"
    NO_ANSWER = "no answer", "ответа нет"
    # the in-app history and short links
    NEW = "new", "новое"
    SEEN = "seen", "просмотрено"
    DELETED = "deleted", "удалено"
    SHORT_LINK = "short link {number}", "короткая ссылка {number}"
    PERSON = "person", "человек"
    ROBOT = "robot", "робот"


def noted(note: Note, **values: str | int) -> str:
    """A part of a line, as it is stored."""
    return note.english.format(**values)


def said_anew(detail: str, language: Language) -> str:
    """A line as it was noted, in this language."""
    if language is Language.ENGLISH:
        return detail
    return _found(detail, language) or ": ".join(_found(part, language) or part for part in detail.split(": "))


def scope_of(stop: str, language: Language) -> str:
    """A stop by its scope and id, in this language."""
    scope, _, stop_id = stop.partition(" ")
    return f"{SCOPES[scope].said_in(language) if scope in SCOPES else scope} {stop_id}"


def _found(text: str, language: Language) -> str | None:
    plain, with_places = _table()
    if (words := plain.get(text)) is not None:
        return words.said_in(language)
    for pattern, words in with_places:
        if (match := pattern.fullmatch(text)) is not None:
            return words.said_in(language).format(**_values(match.groupdict(), language))
    return None


def _values(found: dict[str, str], language: Language) -> dict[str, str]:
    names = {"scope": SCOPES, "channel": CHANNELS}
    known = {place: names[place].get(text) for place, text in found.items() if place in names}
    return found | {place: words.said_in(language) for place, words in known.items() if words is not None}


@cache
def _table() -> tuple[Mapping[str, Words], list[tuple[re.Pattern[str], Words]]]:
    """The notes without places by their English; those with places by a pattern of it; reasons by their names."""
    plain = {reason.value: reason.words for reason in Reason}
    plain |= {**CHANNELS, **{note.english: note for note in Note if "{" not in note.english}}
    return plain, [(_pattern(note.english), note) for note in Note if "{" in note.english]


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(english)), re.DOTALL)


def _pieces(english: str) -> Iterable[str]:
    for text, name, _, _ in Formatter().parse(english):
        yield re.escape(text)
        if name == "scope":
            yield f"(?P<scope>{'|'.join(SCOPES)})"
        elif name is not None:
            yield f"(?P<{name}>.+)"
