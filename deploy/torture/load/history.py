"""The platform's own account of each message, asked for through the gateway as the partner does."""

import asyncio
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from deploy.torture.ledgers import History, LinkHistory
from deploy.torture.load.book import Book
from deploy.torture.load.sending import Partner

HISTORY = "history.jsonl.gz"
_AT_ONCE = 24
Json = dict[str, Any]


async def read_history(partner: Partner, book: Book, refs: Iterable[str]) -> dict[str, Json]:
    """Put the history of these messages into their accounts; what was answered, by id."""
    gate, found = asyncio.Semaphore(_AT_ONCE), dict[str, Json]()

    async def read(ref: str) -> None:
        async with gate:
            status, answer = await partner.until_answered(ref, "GET", f"/v1/messages/{ref}", headers=partner.auth)
        if status == 200:
            found[ref] = answer
        book.accounts[ref].history = history_of(answer) if status == 200 else None

    await asyncio.gather(*(read(ref) for ref in refs))
    return found


def write_history(folder: Path, answers: dict[str, Json]) -> None:
    """Keep them for `explain`."""
    with gzip.open(folder / HISTORY, "wb", compresslevel=3) as out:
        for ref, answer in answers.items():
            out.write(orjson.dumps({"ref": ref, "message": answer}) + b"\n")


def history_of(message: Json) -> History:
    """A body of GET /v1/messages/{id}."""
    links = [_link(link) for link in message["links"]]
    attempts = [entry["detail"] or "" for entry in message["trace"] if entry["what"] == "attempt"]
    return History(
        message["state"],
        str(message["mtNum"]),
        tuple(links),
        in_doubt=any(detail.startswith("uncertain") for detail in attempts),
    )


def _link(link: Json) -> LinkHistory:
    report = link["report"] or {}
    return LinkHistory(link["channel"] or "", link["state"], owed=report.get("status"), taken=report.get("taken"))
