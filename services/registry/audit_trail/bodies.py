"""The answer of `GET /v1/audit`."""

from pydantic import Field

from schemas.audit_events import AskedValue, Audited, AuditedChange, LookKind
from schemas.language import Language
from services.registry.audit_trail.store import MOST_COUNTED, Page
from services.registry.audit_trail.wanted import Wanted
from services.registry.audit_trail.words import WantedSubjects, asked_in_words, caller_of, sentence_of, title_of
from services.registry.bodies import AnswerModel


class FieldView(AnswerModel):
    """A field that differs: a value where it is harmless, else `#` and a fingerprint; empty: there was none."""

    name: str = Field(description="of the field")
    title: str = Field(description="the field in words, in the caller's language")
    before: str = Field(description="before the change")
    after: str = Field(description="after it")


class ChangeView(AnswerModel):
    """A thing that was changed. Fingerprints are of its state; empty: there was none."""

    entity: str
    before: str
    after: str
    fields: list[str] = Field(description="those that differ")
    titles: list[str] = Field(description="the same in words, in the caller's language")
    values: list[FieldView] = Field(description="of these; none in records of before they were kept")


class AskedView(AnswerModel):
    """A parameter of a look."""

    name: str = Field(description="of the parameter")
    title: str = Field(description="the parameter in words, in the caller's language")
    value: str = Field(description="where it is harmless, else `#` and a fingerprint")
    words: str = Field(description="the value in words: whose it is, if the question names them; a time as in `value`")


class AuditView(AnswerModel):
    """A request that was answered, or `count` refusals of one caller at one route or for one cause, within a minute."""

    at: int
    who: str
    who_id: str = Field(
        description="whose account or token it was, `account/<id>` or `operator/<id>`: a name may be given again. "
        "`partner/<id>` of what was not accepted. Empty: not an operator's, or a record of before this was kept"
    )
    caller: str = Field(description="who it is, in words, in the caller's language")
    sentence: str = Field(description="what was done or tried, in words, in the caller's language")
    address: str
    service: str
    method: str
    route: str
    path: str
    status: int
    changes: list[ChangeView]
    count: int = Field(description="of refusals like this one; 1 for a request")
    look: LookKind = Field(
        description="look: values about people were shown; search: they were masked, and somebody was asked for"
    )
    asked: list[AskedView] = Field(description="by a look: its parameters")
    subjects: list[str] = Field(description="fingerprints of the people asked for, shown or acted on")
    messages: list[str] = Field(description="that were shown or acted on: their ids")
    is_wide: bool = Field(description="there may be others as well: an export")


class TrailView(AnswerModel):
    """The newest last. `isWhole` false: records of this time may be missing that the trail does not have yet.
    `searchedSince` later than `since`: it was not looked further back yet, `cursor` goes on."""

    since: int
    until: int
    is_whole: bool
    read_until: int = Field(
        description="UTC ms: of what was written until then nothing is missing. Not yet `until`, nor now: the trail is "
        "behind the log, or the log does not answer; 0: the trail has no record"
    )
    records: list[AuditView]
    left_out: int = Field(
        description="older ones that had no room: ask with `cursor`, or with `until`, the `at` of the first record "
        f"here; {MOST_COUNTED}: so many or more"
    )
    searched_since: int = Field(
        description="UTC ms: the records of this time were looked through from its end back to then, for a second. "
        "Later than `since`: of older ones none is counted in `leftOut` either; `cursor` goes on"
    )
    cursor: str | None = Field(description="asks for what is older; null: there is nothing")
    wide: int = Field(
        description="looks at nobody knows whom (`isWide`), beside those that name the customer who is asked for; "
        f"with `wide` they are listed; {MOST_COUNTED}: so many or more"
    )

    @classmethod
    def of(
        cls, wanted: Wanted, page: Page, language: Language, *, is_whole: bool, read_until: int, wide: int
    ) -> "TrailView":
        """The answer."""
        return cls.shown(
            wanted,
            is_whole=is_whole and not page.unread,
            read_until=read_until,
            records=[_view(record, language, wanted.kinds()) for record in page.records],
            left_out=page.left_out,
            searched_since=wanted.since if page.searched_since is None else page.searched_since,
            cursor=page.cursor,
            wide=wide,
        )


def _view(found: Audited, language: Language, wanted: WantedSubjects) -> AuditView:
    return AuditView.shown(
        found,
        caller=caller_of(found.who, language),
        sentence=sentence_of(found, language, wanted),
        changes=[_change(change, language) for change in found.changes],
        asked=[_asked(asked, language, wanted) for asked in found.asked],
    )


def _change(change: AuditedChange, language: Language) -> ChangeView:
    values = [FieldView.shown(value, title=title_of(value.name, language)) for value in change.values]
    titles = [title_of(name, language) for name in change.fields]
    return ChangeView.shown(change, fields=list(change.fields), titles=titles, values=values)


def _asked(asked: AskedValue, language: Language, wanted: WantedSubjects) -> AskedView:
    return AskedView.shown(asked, title=title_of(asked.name, language), words=asked_in_words(asked, language, wanted))
