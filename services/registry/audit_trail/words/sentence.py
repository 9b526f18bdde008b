"""Says a record as a sentence: what was done or tried, about whom, and how it was answered. Pure.

A fingerprint stands for somebody; if it is one that is asked for, they are "the phone you asked for".
"""

import re
from collections.abc import Callable, Mapping

from schemas import ids
from schemas.audit_events import AskedValue, Audited
from schemas.language import Language, Words
from services.registry.audit_trail.document import tried_account
from services.registry.audit_trail.words.people import ACCESS, BESIDE, PEOPLE, REFUSED, REFUSED_OF_ACCOUNT
from services.registry.audit_trail.words.routes import SENDING, SETUP
from services.registry.audit_trail.words.titles import title_of
from services.runtime.access.operator_routes import audited_route_of
from services.runtime.looks import SubjectKind
from services.runtime.words import translation_of

SENTENCES = SETUP | SENDING | PEOPLE | ACCESS
WantedSubjects = Mapping[str, SubjectKind]
"""Fingerprints of whom the reader asks about, and of what they are."""
NOBODY: WantedSubjects = {}
_SIGN_IN = "POST", "/v1/session"
_FORMS = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_MOST_FIELDS = 6
_TRIED_ACCOUNT = Words(
    "failed to sign in to the account {account}: {why}", "вход в учётную запись {account} не удался: {why}"
)
_CHOSEN = Words(", and chose a password of their own", ", задан собственный пароль")
_SAME = Words(" (nothing changed)", " (ничего не изменилось)")
_OTHERS = Words("other refusals, added up", "прочие отказы вместе")
_TRIED = Words("tried to {what} ({why})", "попытка: {what} ({why})")
_WHY = {
    401: Words("not recognised", "не удалось узнать, кто это"),
    403: Words("not allowed", "нет прав"),
    404: Words("there is none", "такого нет"),
    409: Words("at odds with how things stood", "противоречит состоянию"),
    412: Words("somebody else had changed it meanwhile", "кто-то уже изменил"),
    429: Words("too often", "слишком часто"),
}
_WHY_REFUSED = Words("refused", "отклонено")
_WHY_FAILED = Words("the platform failed", "сбой платформы")
_SHOWN = {
    "look": Words(" (values shown)", " (данные показаны)"),
    "search": Words(" (masked)", " (значения скрыты)"),
}
_ASKED_FOR = {
    "phone": Words("the phone you asked for", "телефон, о котором вы спросили"),
    "user": Words("the user id you asked for", "id клиента, о котором вы спросили"),
    "id": Words("the id you asked for", "id, о котором вы спросили"),
    "message": Words("the message you asked for", "сообщение, о котором вы спросили"),
}
_SOMEBODYS = {
    "phone": Words("a phone (fingerprint {mark})", "телефон (отпечаток {mark})"),
    "user": Words("a user id (fingerprint {mark})", "id клиента (отпечаток {mark})"),
    "id": Words("an id (fingerprint {mark})", "id (отпечаток {mark})"),
    "message": Words("a message (fingerprint {mark})", "сообщение (отпечаток {mark})"),
}
_BY = Words(" by {names}", ": {names}")
_HIDDEN = Words("fingerprint {mark}", "отпечаток {mark}")
_HIDDEN_THING = Words("(fingerprint {mark})", "(отпечаток {mark})")
_CUSTOMER = Words("the customer you asked for", "клиент, о котором вы спросили")
_SOMEBODY = Words("somebody (fingerprint {mark})", "кто-то (отпечаток {mark})")
_SOME = Words("somebody", "кто-то")
_SEVERAL = Words("somebody (the fingerprints are below)", "кто-то (отпечатки ниже)")
_WITH_ID_ASKED_FOR = Words("with the id you asked for", "с id, о котором вы спросили")
_WITH_ID = Words("with a partner's id (fingerprint {mark})", "с id партнёра (отпечаток {mark})")
_OF_CUSTOMER = Words(" of the customer you asked for", " клиента, о котором вы спросили")
_INSTALLER = Words("the installer's token", "токен установки")
_STRANGER = Words("a stranger", "неизвестный")
_PARTNER = Words("partner {name}", "партнёр {name}")
_YES, _NO = Words("yes", "да"), Words("no", "нет")
_SWITCHED = {"true": _YES, "false": _NO}


def sentence_of(record: Audited, language: Language, wanted: WantedSubjects = NOBODY) -> str:
    """What was done, without who did it."""
    route = (record.method, record.route)
    if not record.route and (found := audited_route_of(record.method, record.path)):
        route = found.method, found.path
    words = SENTENCES.get(route) or BESIDE.get((record.method, record.path))
    if words is None:
        return f"{record.method} {record.path}".strip() or _OTHERS.said_in(language)
    is_done = record.status < 400 and record.not_accepted is None
    if not is_done and route == _SIGN_IN and (account := tried_account(record)) is not None:
        return _TRIED_ACCOUNT.said_in(language).format(account=account[1], why=_why_not_in(record.status, language))
    if special := REFUSED.get((*route, record.status)):
        return special.said_in(language)
    pattern = _FORMS.sub(lambda forms: forms[2 if is_done else 1], words.said_in(language))
    text = pattern.format_map(_Places(record, route[1], language, wanted)) + _changed(record, language)
    if is_done:
        return text + (_SHOWN[record.look].said_in(language) if record.look else "")
    return _TRIED.said_in(language).format(what=text, why=_why_not_accepted(record, language))


def _why_not_accepted(record: Audited, language: Language) -> str:
    """The field and its rule, where the record has them."""
    why = record.not_accepted
    if why is None or not why.rule:
        return _why(record.status, language)
    rule = translation_of(why.rule, language)
    return f"{why.field}: {rule}" if why.field else rule


def _why(status: int, language: Language) -> str:
    return _WHY.get(status, _WHY_FAILED if status >= 500 else _WHY_REFUSED).said_in(language)


def _why_not_in(status: int, language: Language) -> str:
    words = REFUSED_OF_ACCOUNT.get(status)
    return _why(status, language) if words is None else words.said_in(language)


def caller_of(who: str, language: Language) -> str:
    """Who it is: an operator by the name alone."""
    kind, _, name = who.partition(":")
    if kind == "bootstrap":
        return _INSTALLER.said_in(language)
    if kind == "partner":
        return _PARTNER.said_in(language).format(name=name)
    return _STRANGER.said_in(language) if kind == "unknown" else name or who


def asked_in_words(asked: AskedValue, language: Language, wanted: WantedSubjects = NOBODY) -> str:
    """The value of a parameter."""
    if asked.value.startswith("#"):
        if asked.name in _SOMEBODYS:
            return _person(asked, language, wanted)
        return _HIDDEN.said_in(language).format(mark=asked.value)
    if asked.value in ("true", "false"):
        return (_YES if asked.value == "true" else _NO).said_in(language)
    return asked.value


def _person(asked: AskedValue, language: Language, wanted: WantedSubjects) -> str:
    if asked.value.removeprefix("#") in wanted:
        return _ASKED_FOR[asked.name].said_in(language)
    return _SOMEBODYS[asked.name].said_in(language).format(mark=asked.value)


def _changed(record: Audited, language: Language) -> str:
    """Which fields, where a thing that there was is set otherwise; of switches how they stand now."""
    changes = [change for change in record.changes if change.before]
    if record.status < 400 and changes and all(change.before == change.after for change in changes):
        return _SAME.said_in(language)
    names = [name for change in changes for name in change.fields]
    if record.method not in ("PATCH", "PUT") or not names:
        return ""
    now = {value.name: _SWITCHED.get(value.after) for change in changes for value in change.values}
    positions = {name: f" ({switch.said_in(language)})" for name, switch in now.items() if switch is not None}
    titles = list(dict.fromkeys(title_of(name, language) + positions.get(name, "") for name in names))
    return f": {', '.join(titles[:_MOST_FIELDS])}{' …' if len(titles) > _MOST_FIELDS else ''}"


class _Places(dict[str, str]):
    """What stands in the places of a sentence: of the path as it is, of the rest by the record."""

    def __init__(self, record: Audited, path: str, language: Language, wanted: WantedSubjects) -> None:
        super().__init__(_of_path(path, record.path, language))
        self._record, self._language, self._wanted = record, language, wanted

    def __missing__(self, name: str) -> str:
        places: dict[str, Callable[[], str]] = {
            "made": self._made,
            "gone": self._gone,
            "chosen": self._chosen,
            "by": self._by,
            "whom": self._whom,
            "message": self._message,
        }
        return places[name]() if name in places else "…"

    def _made(self) -> str:
        for change in self._record.changes[:1]:
            named = {value.name: value.after for value in change.values}
            name = named.get("name") or named.get("login") or change.entity.partition("/")[2]
            return "" if name.startswith("#") or not name else f" {name}"
        return ""

    def _gone(self) -> str:
        named = (value.before for change in self._record.changes for value in change.values if value.name == "name")
        return next(named, self["account_id"])

    def _chosen(self) -> str:
        changed = {name for change in self._record.changes if change.before for name in change.fields}
        return _CHOSEN.said_in(self._language) if "password_hash" in changed else ""

    def _by(self) -> str:
        names = [
            _person(asked, self._language, self._wanted) for asked in self._record.asked if asked.name in _SOMEBODYS
        ]
        return _BY.said_in(self._language).format(names=", ".join(names)) if names else ""

    def _whom(self) -> str:
        subjects = self._record.subjects
        if any(subject in self._wanted for subject in subjects):
            return _CUSTOMER.said_in(self._language)
        if len(subjects) == 1:
            return _SOMEBODY.said_in(self._language).format(mark=f"#{subjects[0]}")
        return (_SEVERAL if subjects else _SOME).said_in(self._language)

    def _message(self) -> str:
        any_id = self._record.path.split("/")[3]
        kinds = {self._wanted[subject] for subject in self._record.subjects if subject in self._wanted}
        whose = _OF_CUSTOMER.said_in(self._language) if kinds - {"id"} else ""
        if ids.is_uuid(any_id):
            return any_id + whose
        if len(self._record.messages) == 1:
            return self._record.messages[0] + whose
        words = _WITH_ID_ASKED_FOR if kinds == {"id"} else _WITH_ID
        return words.said_in(self._language).format(mark=any_id) + whose


def _of_path(route: str, path: str, language: Language) -> dict[str, str]:
    """The parts of the path by the places of the route; the last one may have several."""
    places = route.split("/")
    parts = path.split("/", len(places) - 1)
    found = {}
    for place, part in zip(places, parts, strict=False):
        if place.startswith("{"):
            name = place.strip("{}").partition(":")[0]
            found[name] = _HIDDEN_THING.said_in(language).format(mark=part) if part.startswith("#") else part
    return found
