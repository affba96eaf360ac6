"""The change feed: each change at least once, in order, and none skipped, however slow."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.ids import new_id
from app.core.services import Services
from app.feed.rules import Position, read, written
from tests.api.test_api_keys import make
from tests.api.test_registry import make_employee
from tests.support import NOW, Api, Government


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Only what has been committed is told, so the database has to commit for real."""
    return separate_services


async def told(api: Api, **asked: Any) -> dict[str, Any]:
    answer = await api.get("/v1/changes", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def subjects(api: Api, **asked: Any) -> list[str]:
    return [each["subject_id"] for each in (await told(api, **asked))["items"]]


def note(session, government: Government, subject: UUID) -> None:
    record(
        session,
        ChangeKind.WORK_UNIT_UPDATED,
        subject,
        tenant_id=government.tenant_id,
        actor="tests",
        at=NOW,
    )


async def test_a_slower_transaction_is_never_skipped(api, services, government):
    start = (await told(api, after="latest"))["next"]
    slow, quick, later = new_id(), new_id(), new_id()
    async with services.database.transaction(government.tenant_id) as session:
        # Takes the smaller number, and is committed last.
        note(session, government, slow)
        await session.flush()
        async with services.database.transaction(government.tenant_id) as other:
            note(other, government, quick)
        waiting = await told(api, after=start)
        assert waiting["items"] == []
    seen = await told(api, after=waiting["next"])
    assert [each["subject_id"] for each in seen["items"]] == [str(slow), str(quick)]
    async with services.database.transaction(government.tenant_id) as session:
        note(session, government, later)
    assert await subjects(api, after=seen["next"]) == [str(later)]
    assert await subjects(api, after=start) == [str(slow), str(quick), str(later)]


async def test_many_writers_and_one_reader_agree(api, services, government):
    cursor = (await told(api, after="latest"))["next"]
    wanted = [new_id() for _ in range(40)]
    seen: list[str] = []

    async def write(number: int) -> None:
        async with services.database.transaction(government.tenant_id) as session:
            note(session, government, wanted[number])
            await session.flush()
            # The later ones end first.
            await asyncio.sleep((40 - number) % 8 * 0.005)

    async def read_on(cursor: str) -> None:
        while len(seen) < len(wanted):
            page = await told(api, after=cursor, limit=7)
            seen.extend(each["subject_id"] for each in page["items"])
            cursor = page["next"]

    async def write_all() -> None:
        for group in range(0, 40, 4):
            await asyncio.gather(*(write(group + each) for each in range(4)))

    async with asyncio.timeout(30):
        await asyncio.gather(write_all(), read_on(cursor))
    assert sorted(seen) == sorted(str(each) for each in wanted)


async def test_pages_follow_each_other_to_the_end(api, services, government):
    start = (await told(api, after="latest"))["next"]
    wanted = [new_id() for _ in range(5)]
    async with services.database.transaction(government.tenant_id) as session:
        for each in wanted:
            note(session, government, each)
            await session.flush()
    seen, cursor, more = [], start, True
    pages = 0
    while more:
        page = await told(api, after=cursor, limit=2)
        seen += [each["subject_id"] for each in page["items"]]
        cursor, more, pages = page["next"], page["more"], pages + 1
    assert (seen, pages) == ([str(each) for each in wanted], 3)
    assert (await told(api, after=cursor))["items"] == []


async def test_who_waits_is_answered_when_something_comes(api, services, government):
    start = (await told(api, after="latest"))["next"]
    subject = new_id()
    waiting = asyncio.create_task(told(api, after=start, wait=20))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    async with services.database.transaction(government.tenant_id) as session:
        note(session, government, subject)
    async with asyncio.timeout(10):
        found = await waiting
    assert [each["subject_id"] for each in found["items"]] == [str(subject)]
    # Who asks for another kind is not woken, and need not look through the same again.
    skipped = await told(api, after=start, kind="campaign:created", wait=0.6)
    assert skipped["items"] == []
    assert read(skipped["next"]) > read(start)


async def test_it_tells_ids_only_and_a_look_at_people_is_recorded(
    api, services, government, units, http
):
    start = (await told(api, after="latest"))["next"]
    employee = await make_employee(api, units["16.01"], 1)
    await make(api, name="SIMPEG")
    [item] = (await told(api, after=start))["items"]
    assert (item["kind"], item["subject_id"]) == ("employee:created", employee["id"])
    assert set(item) == {"sequence", "kind", "subject_id", "at"}
    looks = (await api.get("/v1/audit", kind="read", employee=employee["id"])).json()["items"]
    assert looks[0]["operation"] == "list_changes"


async def test_another_government_is_told_nothing_of_it(
    api, services, government, other_government, http
):
    other = Api(http, other_government.token)
    start = (await told(other, after="latest"))["next"]
    async with services.database.transaction(government.tenant_id) as session:
        note(session, government, new_id())
    assert (await told(other, after=start))["items"] == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"after": "AAAA"}, "/query/after"),
        ({"kind": "session:opened"}, "/query/kind"),
        ({"kind": "sesuatu"}, "/query/kind/0"),
        ({"wait": 21}, "/query/wait"),
        ({"limit": 0}, "/query/limit"),
    ],
)
async def test_what_cannot_be_asked(api, services, asked, pointer):
    refused = await api.get("/v1/changes", **asked)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def test_a_cursor_of_a_database_that_was_restored_is_refused(api, services):
    async with services.database.system() as session:
        now = int((await session.scalars(text("SELECT CAST(pg_current_xact_id() AS text)"))).one())
    ahead = await api.get("/v1/changes", after=written(Position(now + 1000, 1)))
    assert (ahead.status_code, "restored" in ahead.text) == (409, True)
