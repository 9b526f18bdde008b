"""Somebody is forgotten while what names them is being written again: nothing of them stays."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from bson import Binary

from schemas.reports import ReportStatus
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.redaction import People
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.store import Mailings
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo import Database, Written
from services.runtime.settings import Settings
from services.status.reports import ReportStore
from services.status.reports.model import ReportIntent

PHONE, OTHER = "79001234567", "79007654321"
HIM = People(frozenset(), frozenset({PHONE}))
M = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as opened:
        yield opened
        await opened.client.drop_database(settings.mongo_database)


async def test_a_list_that_is_uploaded_anew_meanwhile_is_cleaned_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Mailings(database, Secrets(base64.b64encode(bytes(32)).decode()))
    mailing = Mailing(
        mailing_id="m",
        partner_id="bank",
        ref=None,
        name="n",
        definition="{}",
        created_at=1,
        rate_per_s=10,
        on_bad_lines="skip",
        is_segment=False,
    )
    await store.create(mailing)
    rows = [Row(1, PHONE, None, None, ()), Row(2, OTHER, None, None, ())]
    assert await store.add(mailing, 3, rows, [], 0)
    update_one = store.lists._chunks.update_one

    async def after_an_upload(query: Any, update: Any, upsert: bool = False) -> Written:
        monkeypatch.setattr(store.lists._chunks, "update_one", update_one)
        await update_one({"_id": query["_id"]}, {"$set": {"rows": store.lists._sealed(rows)}})
        return await update_one(query, update, upsert)

    monkeypatch.setattr(store.lists._chunks, "update_one", after_an_upload)
    assert await store.erase_recipients(None, HIM) == 1
    found = await store.find("m")
    assert found is not None
    assert [row.phone for row in await store.lists.rows_from(found, 1)] == [OTHER]


async def test_a_report_that_comes_to_a_newer_state_meanwhile_is_emptied_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReportStore(database)
    body = orjson.dumps({"destAddr": PHONE, "status": 2})
    report = ReportIntent(
        message_id=M,
        link=0,
        partner_id="bank",
        lane="single",
        host="bank.example:443",
        notify_url=None,
        status=ReportStatus.DELIVERED,
        error_code=0,
        body=body,
    )
    await store.want([report], 1)
    update_one = store._collection.update_one

    async def after_a_newer_state(query: Any, update: Any, upsert: bool = False) -> Written:
        monkeypatch.setattr(store._collection, "update_one", update_one)
        newer = Binary(orjson.dumps({"destAddr": PHONE, "status": 9}))
        await update_one({"_id": query["_id"]}, {"$set": {"body": newer}})
        return await update_one(query, update, upsert)

    monkeypatch.setattr(store._collection, "update_one", after_a_newer_state)
    assert await store.redact([M]) == 1
    (left,) = await database["reports"].find({}).to_list(None)
    assert orjson.loads(left["body"]) == {"destAddr": "", "status": 9}
