"""Mailings behind a backup, on a real MongoDB: what the planner and a pause need is brought back with their states."""

import base64
from collections.abc import AsyncIterator

import pytest

from deploy.repair.after.links import _Known, _refused_again
from deploy.repair.after.mailings import MailingsFound, _bring_back, _claim_lines
from deploy.repair.opened import Opened
from schemas import codec, ids
from schemas.application_events import PartnerChanged
from schemas.mailing_events import MailingChanged
from services.ingest.duplicates import DuplicateClaims
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.store import Mailings
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.settings import Settings
from tests.support.status_events import Story

PARTNER = "00000000-0000-4000-8000-000000000001"
MAILING = "00000000-0000-4000-8000-000000000002"


@pytest.fixture
async def work(settings: Settings) -> AsyncIterator[Opened]:
    directory = Directory()
    bank = PartnerChanged(event_id="e", at=1, partner_id="bank", uuid=PARTNER, login="bank", password_hash="h")
    directory.apply("partner/bank", codec.encode(bank.replace(reject_duplicates=True)))
    async with mongo.database(settings) as database:
        yield Opened(settings, database, directory, Secrets(base64.b64encode(bytes(32)).decode()))
        await database.client.drop_database(settings.mongo_database)


async def running(work: Opened) -> tuple[Mailings, Mailing]:
    """A mailing as the backup has it: it runs, and nobody of its list was planned."""
    mailings = Mailings(work.database, work.secrets)
    about = {"name": "n", "definition": "{}", "created_at": 1, "rate_per_s": 10, "on_bad_lines": "skip"}
    await mailings.create(Mailing(MAILING, "bank", None, is_segment=False, **about))  # type: ignore[arg-type]
    draft = await mailings.find(MAILING)
    assert draft is not None
    rows = [Row(line, f"7916000000{line}", None, f"ref-{line}", ()) for line in (1, 2, 3)]
    assert await mailings.add(draft, 4, rows, [], 0)
    found = await mailings.change(draft, {"state": "running"})
    assert found is not None
    return mailings, found


async def test_lines_that_were_sent_since_keep_their_ids_and_those_of_others_stay_taken(work: Opened) -> None:
    mailings, mailing = await running(work)
    message_ids = {line: ids.message_id_of(PARTNER, f"ref-{line}") for line in (1, 2, 3)}
    sent = {1: MAILING, 2: None}  # the second was sent by itself, before the mailing came to it
    known = [
        _Known(message_id, {"e": ("o", Story(message_id).requested(mailing_id=sent[line]))}, {}, [])
        for line, message_id in message_ids.items()
        if line in sent
    ]
    assert await _refused_again(work, known, {"bank"}) == 2
    await _claim_lines(work, mailings, mailing)
    owners = {message_id: f"{MAILING}/line/{line}" for line, message_id in message_ids.items()}
    granted = await DuplicateClaims(work.database["claims"]).claim_as(owners, now_ms())
    assert granted == {message_ids[1], message_ids[3]}


async def test_a_mailing_that_was_paused_since_lifts_its_stop_when_it_goes_on(work: Opened) -> None:
    mailings, mailing = await running(work)
    event = MailingChanged(
        event_id="e",
        at=2,
        mailing_id=MAILING,
        partner_id="bank",
        revision=mailing.revision + 1,
        state="paused",
        name="n",
        definition="{}",
        accepted=3,
    )
    made = MailingsFound()
    await _bring_back(work, mailings, event, made)
    found = await mailings.find(MAILING)
    assert found is not None
    assert (found.state, found.was_held, made.changed) == ("paused", True, 1)
