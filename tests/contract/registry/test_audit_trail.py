"""The audit trail on real Kafka and MongoDB: what is recorded is read again, by who, what, whom and since when."""

from schemas.audit_events import AuditedChange
from services.runtime.clock import now_ms
from tests.support.audit_trail import OLD_KEY, OTHER, PHONE, Trail, idle_trail, subject, trail

__all__ = ["idle_trail", "trail"]  # fixtures


async def test_records_are_found_by_who_and_what_and_the_newest_are_kept(trail: Trail) -> None:
    await trail.record("operator:duty", "/v1/partners", AuditedChange(entity="partner/bank"))
    await trail.record("partner:bank", "/v1/mailings")
    await trail.record("operator:duty", "/v1/stops/provider/hms")
    assert await trail.paths() == ["/v1/partners", "/v1/mailings", "/v1/stops/provider/hms"]
    assert await trail.paths(who="duty") == ["/v1/partners", "/v1/stops/provider/hms"]
    assert await trail.paths(who="partner:bank") == ["/v1/mailings"]
    assert await trail.paths(what="partner/bank") == ["/v1/partners"]
    assert await trail.paths(limit=1) == ["/v1/stops/provider/hms"]
    assert await trail.paths(since=now_ms() + 60_000) == []


async def test_records_are_found_by_their_kind(trail: Trail) -> None:
    await trail.record("operator:duty", "/v1/session")
    await trail.record("operator:duty", "/v1/partners", AuditedChange(entity="partner/bank"))
    await trail.record("operator:duty", "/a", look="look")
    found = {kind: await trail.paths(kind=kind) for kind in ("sign-in", "failed-sign-in", "change", "look", "search")}
    assert found == {
        "sign-in": ["/v1/session"],
        "failed-sign-in": [],
        "change": ["/v1/partners"],
        "look": ["/a"],
        "search": [],
    }


async def test_an_empty_trail_is_whole(trail: Trail) -> None:
    assert await trail.paths() == []


async def test_who_looked_at_a_customer_is_found_by_phone_user_and_message(trail: Trail) -> None:
    of_phone, of_user = subject("phone", PHONE), subject("user", "client-7")
    await trail.record("operator:duty", "/a", look="look", subjects=(of_phone, of_user), messages=("m-1",))
    await trail.record("operator:duty", "/b", look="search", subjects=(subject("phone", OTHER),))
    await trail.record("operator:duty", "/c", look="look", subjects=(subject("id", "mt-1"),))
    await trail.record("operator:duty", "/d")
    assert await trail.paths(phone="8 911 000-00-01") == ["/a"]
    assert await trail.paths(phone=OTHER) == ["/b"]
    assert await trail.paths(user="client-7") == await trail.paths(user="client-7", phone=PHONE) == ["/a"]
    assert await trail.paths(user="client-7", phone=OTHER) == await trail.paths(user=PHONE) == []
    assert await trail.paths(message="m-1") == await trail.paths(message="m-1", phone=PHONE) == ["/a"]
    assert await trail.paths(message="m-1", phone=OTHER) == []
    assert await trail.paths(message="mt-1") == ["/c"]
    assert await trail.paths() == ["/a", "/b", "/c", "/d"]


async def test_what_was_done_to_a_customer_is_found_by_them(trail: Trail) -> None:
    await trail.record("operator:duty", "/v1/test-pushes", subjects=(subject("phone", PHONE),), messages=("m-1",))
    await trail.record("operator:duty", "/v1/erasures", AuditedChange(entity="erasure/1"))
    assert await trail.paths(phone=PHONE) == await trail.paths(message="m-1") == ["/v1/test-pushes"]
    assert await trail.paths(phone=OTHER) == []


async def test_looks_at_nobody_knows_whom_are_counted_apart_and_bury_no_look_at_the_customer(trail: Trail) -> None:
    export = {"look": "look", "is_wide": True}
    await trail.record("operator:duty", "/a", look="look", subjects=(subject("phone", PHONE),))
    for number in range(3):
        await trail.record("operator:duty", f"/export/{number}", **export)
    await trail.record("operator:duty", "/named", subjects=(subject("phone", PHONE),), **export)
    for query in ({"phone": PHONE}, {"user": "u"}, {"message": "m"}):
        answer = (await trail.client.get("/v1/audit", params={**query, "limit": 2})).json()
        assert [record["path"] for record in answer["records"]] == (["/a", "/named"] if "phone" in query else [])
        assert answer["wide"] == (3 if "phone" in query else 4)
        assert answer["leftOut"] == 0
    exports = [f"/export/{number}" for number in range(3)]
    assert await trail.paths(phone=PHONE, wide=True) == exports
    assert await trail.paths(wide=True) == [*exports, "/named"]
    (record,) = (await trail.client.get("/v1/audit?what=export/1")).json()["records"]
    assert (record["look"], record["isWide"], record["subjects"], record["asked"]) == ("look", True, [], [])


async def test_older_records_are_read_by_until_and_none_is_missed(trail: Trail) -> None:
    now = now_ms()
    for number in range(7):  # the third and the fourth are of one millisecond
        await trail.record(f"operator:{number}", f"/{number}", at=now - 100 + number - (number == 3))
    query, seen = {"limit": 3}, list[str]()
    while True:
        answer = (await trail.client.get("/v1/audit", params=query)).json()
        seen = [record["path"] for record in answer["records"]] + seen
        if not answer["leftOut"]:
            break
        query["until"] = answer["records"][0]["at"]
    assert seen == [f"/{number}" for number in range(7)]
    assert await trail.paths(since=now - 99, until=now - 98) == ["/1"]


async def test_a_time_that_ends_before_it_begins_is_refused(trail: Trail) -> None:
    answer = await trail.client.get("/v1/audit", params={"since": 5, "until": 5})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "until")


async def test_a_look_of_before_the_master_key_was_changed_is_found(trail: Trail) -> None:
    await trail.record("operator:duty", "/a", look="look", subjects=(subject("phone", PHONE, OLD_KEY),))
    assert await trail.paths(phone=PHONE) == ["/a"]


async def test_a_phone_that_is_none_is_refused(trail: Trail) -> None:
    answer = await trail.client.get("/v1/audit", params={"phone": "none"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "phone"
