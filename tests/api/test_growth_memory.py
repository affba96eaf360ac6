"""Answers given again: always what a new count would say, counted once while nothing changes."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.campaigns import growth
from app.campaigns.memory import REMEMBERED_FOR, Question
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.services import Services
from app.identity.rules import Caller
from app.identity.scopes import Scope
from tests.api.exports import export, instagram_own
from tests.api.test_compliance import LONG_AGO, account, registry, upload  # noqa: F401
from tests.api.test_growth import START, growth_of, official_account, read_count
from tests.api.test_imports import put, table
from tests.support import NOW, Government, nip


@pytest.fixture
def services(separate_services: Services) -> Services:
    """A database of its own: inside one transaction no change is ever committed."""
    return separate_services


@pytest.fixture
def counted(services: Services) -> Iterator[list[str]]:
    """The membership counts that have been made: the dear part of an answer."""
    seen: list[str] = []
    engine = services.database.bind
    assert isinstance(engine, AsyncEngine)

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "unexcused_membership_unknown" in statement:
            seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def counted_anew(services: Services, government: Government, account_id: str) -> dict:
    """The answer without any memory."""
    now = services.clock.now()
    caller = Caller(
        government.tenant_id, UUID(int=1), frozenset(Scope), None, now + timedelta(days=1)
    )
    question = Question(UUID(account_id), START, None, 6750, None).as_of(now)
    async with services.database.transaction(government.tenant_id) as session:
        found = await growth.answer(session, caller, question, now=now)
    return found.model_dump(mode="json")


async def test_every_kind_of_change_is_in_the_next_answer(
    api, services, government, registry, account  # noqa: F811
):  # fmt: skip
    third = registry["3"]
    [declared] = (await api.get(f"/v1/employees/{third}/accounts")).json()["items"]
    fourth = (await api.get(f"/v1/employees/{registry['4']}/accounts")).json()["items"][0]
    followers = [("satu", LONG_AGO), ("dua", START + timedelta(days=1))]

    async def take_list(days_ago: int) -> None:
        at = NOW - timedelta(days=days_ago)
        await read_count(api, account, at, followers=len(followers))
        assert (await upload(api, account, export(followers), at)).status_code == 201
        followers.append(("warga", LONG_AGO))

    moves = {
        "a reading": lambda: read_count(api, account, NOW - timedelta(hours=1), followers=99),
        "a list": lambda: take_list(4),
        "a second list": lambda: take_list(1),
        "a verified account": lambda: api.post(
            f"/v1/accounts/{fourth['id']}/verification",
            {"method": "attestation", "attested_on": "2026-11-02"},
        ),
        "an own export": lambda: api.upload(
            f"/v1/accounts/{declared['id']}/evidence",
            instagram_own([(account["handle"], NOW - timedelta(minutes=5))], owner="tiga"),
            filename="export.zip",
        ),
        "a retired account": lambda: api.delete(f"/v1/accounts/{declared['id']}"),
        "a declared account": lambda: api.post(
            f"/v1/employees/{registry['7']}/accounts",
            {"account": "tujuh", "platform": "instagram"},
        ),
        "an excuse": lambda: api.patch(
            f"/v1/employees/{registry['7']}", {"standing": "on_leave"}, etag='"2"'
        ),
        "an import": lambda: put(
            api, "employees", table(f"{nip(4)},Pegawai 4,pppk,16.01,,pensiun")
        ),
        "a new name": lambda: api.patch(
            f"/v1/official-accounts/{account['id']}", {"name": "Nama Baru"}, etag='"1"'
        ),
    }
    before = await growth_of(api, account)
    for what, move in moves.items():
        answer = await move()
        assert getattr(answer, "status_code", 200) < 300, (what, answer.text)
        after = await growth_of(api, account)
        assert after == await counted_anew(services, government, account["id"]), what
        assert after == await growth_of(api, account), what
        assert after != before, what
        before = after


async def test_an_answer_is_counted_once_while_nothing_changes(api, clock, counted):
    account = await official_account(api)  # noqa: F811
    other = await official_account(api, "diskominfosumsel")
    await read_count(api, account, START, followers=7200)
    first = await growth_of(api, account)
    clock.at += timedelta(seconds=90)
    await read_count(api, other, NOW, followers=1)
    second = await growth_of(api, account)
    assert len(counted) == 1
    assert second["until"] != first["until"]
    assert second["current"]["age_seconds"] == first["current"]["age_seconds"] + 90
    await growth_of(api, account, expected_gain=1)
    assert len(counted) == 2
    clock.at += REMEMBERED_FOR + timedelta(seconds=1)
    await growth_of(api, account)
    assert len(counted) == 3


async def test_a_reading_counts_nobody_anew_and_a_declaration_does(
    api, services, government, registry, clock, counted  # noqa: F811
):  # fmt: skip
    account = await official_account(api)  # noqa: F811
    await read_count(api, account, START, followers=7200)
    await growth_of(api, account)
    for minutes in range(1, 4):
        clock.at += timedelta(minutes=1)
        await read_count(api, account, clock.at, followers=7200 + minutes)
        told = await growth_of(api, account)
        assert told["gain"] == {"min": minutes, "max": minutes}
        assert len(counted) == 1
    # What was kept meanwhile still hears of everything else.
    body = {"account": "tujuh", "platform": "instagram"}
    await api.post(f"/v1/employees/{registry['7']}/accounts", body)
    assert await growth_of(api, account) == await counted_anew(services, government, account["id"])
    assert len(counted) == 3


async def test_questions_that_come_together_are_counted_together(api, counted):
    account = await official_account(api)  # noqa: F811
    answers = await asyncio.gather(*(growth_of(api, account) for _ in range(20)))
    assert all(each == answers[0] for each in answers)
    assert len(counted) <= 2


async def test_time_alone_takes_the_pace_away(api, clock, services, government):
    account = await official_account(api)  # noqa: F811
    await read_count(api, account, START, followers=7200)
    await read_count(api, account, NOW, followers=8582)
    assert (await growth_of(api, account))["pace"]["reached_from"] is not None
    # Asked now and then, so that the answer is still remembered when its time has come.
    for _ in range(7 * 24 * 15 + 1):
        clock.at += timedelta(minutes=4)
        if clock.at - NOW > timedelta(days=7) - timedelta(minutes=9):
            given = await growth_of(api, account)
    assert clock.at > NOW + timedelta(days=7)
    assert given["pace"]["reached_from"] is None
    assert given == await counted_anew(services, government, account["id"])


async def test_an_election_window_takes_a_part_away_and_time_gives_it_back(api, clock):
    person = {"owner_kind": "person", "office_term_start": "2025-02-20"}
    account = await official_account(api, "gubernursumsel", **person)  # noqa: F811
    await read_count(api, account, START, followers=7200)
    day = jakarta_day(NOW)
    first, after = (jakarta_midnight(day + timedelta(days=each)) for each in (1, 3))
    window = {"starts_on": day + timedelta(days=1), "ends_on": day + timedelta(days=2)}
    body = {"legal_basis": "UU 10/2016", "document_number": "273/2026"}
    days = {name: each.isoformat() for name, each in window.items()}
    assert (await api.post("/v1/neutrality-windows", {**body, **days})).status_code == 201
    # Each answer is asked for just before as well, so that it is remembered when the day begins.
    for midnight, told in ((first, False), (after, True)):
        clock.at = midnight - timedelta(seconds=1)
        assert ((await growth_of(api, account))["attribution"] is None) is told
        clock.at = midnight
        assert ((await growth_of(api, account))["attribution"] is not None) is told


async def test_a_fact_dated_ahead_counts_when_its_time_has_come(
    api, clock, services, government, connection
):
    """A worker's clock may run ahead of this one's."""
    account = await official_account(api)  # noqa: F811
    await read_count(api, account, START, followers=7200)
    clock.at += timedelta(minutes=2)
    await read_count(api, account, clock.at, followers=8582)
    clock.at -= timedelta(minutes=1)
    assert (await growth_of(api, account))["current"]["min"] == 7200
    clock.at += timedelta(minutes=1)
    assert (await growth_of(api, account))["current"]["min"] == 8582


async def test_a_transaction_that_commits_late_is_not_missed(api, services, government):
    """It holds a smaller number in the log than one that was seen before it."""
    account = await official_account(api)  # noqa: F811
    await read_count(api, account, START, followers=7200)
    async with services.database.transaction(government.tenant_id) as slow:
        await slow.execute(
            text(
                "INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)"
                " VALUES (:tenant, 'official_account:updated', :id, 'test', now(), '{}')"
            ),
            {"tenant": government.tenant_id, "id": UUID(account["id"])},
        )
        await slow.execute(
            text("UPDATE official_accounts SET name = 'Nama Baru' WHERE id = :id"),
            {"id": UUID(account["id"])},
        )
        other = await official_account(api, "diskominfosumsel")
        assert other["name"] == (await growth_of(api, account))["name"] == "Pemprov Sumsel"
    assert (await growth_of(api, account))["name"] == "Nama Baru"


async def test_another_government_shares_no_answer(api, other_api):
    account = await official_account(api)  # noqa: F811
    await growth_of(api, account)
    path = f"/v1/official-accounts/{account['id']}/growth"
    answer = await other_api.get(path, **{"from": START.isoformat(), "expected_gain": 6750})
    assert answer.status_code == 404
