"""Moves of a mailing that something else changes meanwhile, and of one that only a newer release can read."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from services.ingest.mailing import service as module
from services.ingest.mailing.model import Mailing, MailingChanges
from services.ingest.mailing.service import MailingService, change_of
from services.ingest.mailing.templates import CannotContinue
from services.runtime.http.server import Problem
from services.runtime.mongo.mailing_outcomes import Outcomes

RUNNING = Mailing(
    mailing_id="m",
    partner_id="demo",
    ref=None,
    name="autumn",
    definition="{}",
    created_at=1,
    rate_per_s=10,
    on_bad_lines="refuse",
    is_segment=False,
    state="running",
)
DONE = replace(RUNNING, state="done", revision=2, finished_at=4_000)


class Platform:
    """All that the service asks: one mailing, no counts, a log that takes everything."""

    def __init__(self, mailing: Mailing) -> None:
        self.mailing, self.is_cleared, self.lists = mailing, False, self

    async def change(self, mailing: Mailing, changes: MailingChanges) -> Mailing | None:
        if mailing.revision != self.mailing.revision:
            return None
        self.mailing = replace(self.mailing, revision=mailing.revision + 1, **changes)
        return self.mailing

    async def find(self, _: str) -> Mailing:
        return self.mailing

    async def clear(self, _: Mailing) -> bool:
        self.is_cleared = True
        return True

    async def delete_recipients(self, _: str) -> None:
        pass

    async def publish(self, _: Mailing) -> None:
        pass

    async def latest(self, mailing_ids: Collection[str]) -> dict[str, Outcomes]:
        return dict.fromkeys(mailing_ids, Outcomes({}, {}, 0))


def service_of(platform: Any) -> MailingService:
    return MailingService(mailings=platform, directory=platform, publisher=platform, outcomes=platform)


@pytest.fixture(autouse=True)
def without_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object) -> None:
        raise CannotContinue("no application")

    monkeypatch.setattr(module, "compiled", compiled)


async def test_a_cancel_that_meets_the_end_of_the_mailing_leaves_when_that_was() -> None:
    platform = Platform(DONE)
    cancelled = await service_of(platform).cancel(RUNNING)
    assert (cancelled.state, cancelled.finished_at) == ("cancelled", DONE.finished_at)


async def test_a_mailing_of_a_newer_release_is_neither_changed_nor_emptied() -> None:
    newer = replace(RUNNING, state="unknown")
    platform = Platform(newer)
    with pytest.raises(Problem, match="The mailing is unknown"):
        await service_of(platform).change(newer, change_of({"name": "winter"}))
    with pytest.raises(Problem, match="The mailing is unknown"):
        await service_of(platform).clear(newer)
    assert (platform.mailing, platform.is_cleared) == (newer, False)
