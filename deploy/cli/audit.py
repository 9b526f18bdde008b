"""`rpns audit`: who changed what, from where, when, and from what to what; who looked at whom; and who was refused."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from deploy.cli import show
from deploy.cli.gateway import Gateway
from deploy.cli.options import AsJson
from deploy.cli.period import since_ms
from deploy.cli.place import operator
from deploy.cli.words import phrase

COLUMNS = {
    "changedAt": "when, UTC",
    "who": "who",
    "address": "from",
    "sentence": "what",
    "answer": "answer",
    "changed": "changed, from → to; shown (#: a fingerprint of a phone, user id or id)",
}


class Kind(StrEnum):
    """What may be asked for alone."""

    SIGN_IN = "sign-in"
    FAILED_SIGN_IN = "failed-sign-in"
    LOOK = "look"
    SEARCH = "search"
    CHANGE = "change"
    REFUSAL = "refusal"
    NOT_ACCEPTED = "not-accepted"


_TIME = re.compile(r"1\d{12}", re.ASCII)
"""UTC ms of 2001 and later."""
_MOST_IDS = 5
_MOST_COUNTED = 1_000
"""The platform counts no further."""


def audit(
    context: typer.Context,
    who: Annotated[str | None, typer.Option(help="operator:<name>, partner:<login>, or the name alone")] = None,
    what: Annotated[str | None, typer.Option(help="a part of the path, or of a thing's key: partner/<id> …")] = None,
    kind: Annotated[Kind | None, typer.Option(help="only records of this kind")] = None,
    phone: Annotated[
        str | None, typer.Option(help="looks at this customer's values, searches for them, and what was done to them")
    ] = None,
    user: Annotated[str | None, typer.Option(help="the same by user id")] = None,
    message: Annotated[str | None, typer.Option(help="the same by an id of a message")] = None,
    since: Annotated[
        str | None, typer.Option(help="30m, 12h, 7d, or a date as 2026-11-28T12:00; default: a day before --until")
    ] = None,
    until: Annotated[str | None, typer.Option(help="likewise, and not later; default: now")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="only looks that may have shown anybody, as exports")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    as_json: AsJson = False,
) -> None:
    """List changes by operators and partners, operators' looks at customers, and refusals, the newest last.

    Needs the scope admin.
    """
    now = datetime.now(UTC)
    begin, end = (None if text is None else since_ms(text, now) for text in (since, until))
    about: dict[str, Any] = {"phone": phone, "user": user, "message": message, "since": begin, "until": end}
    about |= {"wide": "true" if wide else None, "limit": limit}
    found = _searched(operator(context), {"who": who, "what": what, "kind": kind, **about})
    rows = found["records"]
    show.listing(
        rows if as_json else [_row(row) for row in rows], COLUMNS, phrase("there are no such records"), as_json
    )
    for line in [*_missing(found), *_beside(found)]:
        show.errors().print(f"[yellow]{line}[/]")


def _searched(platform: Gateway, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer; where it did not look back to the begin of the time, with those of the pages behind it, as long as
    there is room."""
    found: dict[str, Any] = platform.call("GET", "/v1/audit", **asked)
    while not _is_through(found) and (room := asked["limit"] - len(found["records"])):
        older = platform.call("GET", "/v1/audit", **asked | {"limit": room, "cursor": found["cursor"]})
        records = older["records"] + found["records"]
        behind = {name: older[name] for name in ("since", "searchedSince", "cursor", "leftOut")}
        found |= {**behind, "records": records, "isWhole": found["isWhole"] and older["isWhole"]}
    return found


def _is_through(found: dict[str, Any]) -> bool:
    """Whether all of the time was looked through. A platform of a former release does so at once, or answers 503."""
    return "searchedSince" not in found or found["searchedSince"] <= found["since"]


def _missing(found: dict[str, Any]) -> list[str]:
    """Up to when there are all of this time, if not to its end. A platform of a former release does not tell."""
    if found["isWhole"]:
        return []
    if "readUntil" not in found:
        return [phrase("there is more than could be read in time: ask for a shorter time")]
    if not found["readUntil"]:
        return [phrase("nothing of the audit trail has been read from the log yet")]
    until = datetime.fromtimestamp(found["readUntil"] / 1000, UTC).isoformat(timespec="seconds")
    text = "records after {until} may be missing: the trail is behind the log, or Kafka is away"
    return [phrase(text, until=until)]


def _beside(found: dict[str, Any]) -> list[str]:
    """What is not in the list. A platform of a former release counts neither."""
    lines = []
    if found.get("leftOut"):
        oldest = _moment(found["records"][0]["at"])
        text = "{shown} older {count:one|ones}: ask again with --until {oldest}"
        lines.append(phrase(text, **_counted(found["leftOut"]), oldest=oldest))
    if not _is_through(found):
        begin = _moment(found["searchedSince"])
        lines.append(phrase("looked back to {begin}, and not further", begin=begin))
    if found.get("wide"):
        text = (
            "{shown} {count:look names|looks name} nobody and may have shown this customer too: list them with --wide"
        )
        lines.append(phrase(text, **_counted(found["wide"])))
    return lines


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def _counted(count: int) -> dict[str, Any]:
    """The number, for the form of its noun, and as it is shown."""
    return {"count": count, "shown": f"{count}+" if count >= _MOST_COUNTED else str(count)}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """A platform of a former release has no words for it."""
    answer = f"{record['status']} × {record['count']}" if record["count"] > 1 else str(record["status"])
    request = f"{record['method']} {record['path']}".strip()
    changed = "\n".join([*map(_changed, record["changes"]), *_looked(record)])
    words = {"who": record.get("caller", record["who"]), "sentence": record.get("sentence", request)}
    return {**record, **words, "changedAt": record["at"], "answer": answer, "changed": changed}


def _looked(record: dict[str, Any]) -> list[str]:
    """What was asked for, and what was shown. A platform of a former release tells of no looks."""
    if not record.get("look"):
        return []
    lines = [f"{asked.get('title', asked['name'])}: {_value(asked)}" for asked in record["asked"]]
    if messages := record["messages"]:
        text = "{shown} {count:message|messages}, with {count:its phone and user id|their phones and user ids}: {ids}"
        lines.append(phrase(text, **_counted(len(messages)), ids=", ".join(messages[:_MOST_IDS])))
    if record["isWide"]:
        lines.append(phrase("and others, whom the record does not name"))
    return lines


def _value(asked: dict[str, Any]) -> str:
    """A time as times are shown, everything else in the platform's words."""
    return show.moment(int(asked["value"])) if _TIME.fullmatch(asked["value"]) else asked.get("words", asked["value"])


def _changed(change: dict[str, Any]) -> str:
    """A thing, and its fields a line each."""
    values = {value["name"]: f"{value['before'] or '–'} → {value['after'] or '–'}" for value in change["values"]}
    titles = dict(zip(change["fields"], change.get("titles", change["fields"]), strict=True))
    lines = [
        f"  {titles[name]}: {values[name]}" if name in values else f"  {titles[name]}" for name in change["fields"]
    ]
    return "\n".join([change["entity"], *(lines or [f"  {phrase('nothing')}"])])
