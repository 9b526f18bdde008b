"""What is fetched from the company's login: once for all who ask, kept for a while, and its failure as well."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.registry.sign_in.oidc import kept
from services.registry.sign_in.oidc.kept import FetchFailed, Kept
from services.registry.sign_in.oidc.provider import Provider
from services.runtime.settings import BadSettings, Settings
from tests.support.waiting import eventually


@dataclass
class Source:
    """Answers with how often it was asked, once it `may`."""

    may: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    fails: bool = False

    async def __call__(self) -> int:
        self.asked += 1
        await self.may.wait()
        if self.fails:
            raise FetchFailed("away")
        return self.asked


async def test_all_who_ask_at_one_time_get_one_answer_also_when_one_of_them_goes() -> None:
    source = Source()
    value = Kept(source, 60)
    asking = [asyncio.create_task(value.get()) for _ in range(5)]

    async def is_asked() -> bool:
        return source.asked == 1

    await eventually(is_asked, "the source is asked")
    asking[0].cancel()
    source.may.set()
    assert await asyncio.gather(*asking[1:]) == [1, 1, 1, 1]
    assert await value.get() == 1


async def test_what_is_old_is_fetched_anew() -> None:
    source = Source()
    source.may.set()
    value = Kept(source, -1)
    assert [await value.get(), await value.get()] == [1, 2]


async def test_a_failure_is_kept_for_a_while_and_told_to_each(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(fails=True)
    source.may.set()
    value = Kept(source, 60)
    for _ in range(3):
        with pytest.raises(FetchFailed, match="away"):
            await value.get()
    assert source.asked == 1
    monkeypatch.setattr(kept, "FAILED_S", -1)
    source.fails = False
    assert await value.get() == 2


async def test_newer_is_fetched_no_more_often_than_it_may() -> None:
    source = Source()
    source.may.set()
    value = Kept(source, 60)
    assert await value.get() == 1
    assert await value.newer(60) is None
    assert await value.newer(-1) == 2
    assert await value.get() == 2


async def test_a_ca_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for name in ("none.pem", "no.pem"):
        with pytest.raises(BadSettings, match="RPNS_OIDC_CA_FILE: cannot be read"):
            Provider(Settings(oidc_ca_file=str(tmp_path / name)))


async def test_what_is_under_way_ends_with_it() -> None:
    value = Kept(Source(), 60)
    asking = asyncio.create_task(value.get())
    await asyncio.sleep(0)
    await value.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
