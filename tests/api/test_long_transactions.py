"""What is asked while a long transaction runs is told the same when it is asked again."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance import service as compliance
from app.core.clock import SettableClock
from app.core.db import LONG
from app.core.services import Services
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.support import Api, Government

A_SECOND = timedelta(seconds=1)
A_MOMENT = timedelta(microseconds=1)
# Each of them changes what the recap, the list of names and the verdicts of person 3 tell.
WRITTEN = (
    (
        "UPDATE employees SET unit_id = (SELECT id FROM work_units WHERE code = '16.01')"
        " WHERE name = 'Pegawai 3'"
    ),
    "UPDATE employees SET name = 'Pegawai Tiga' WHERE name = 'Pegawai 3'",
    (
        "UPDATE verdicts SET verdict = 'unknown', reason = 'never_checked', basis = 'none',"
        " evidence_ids = '{}', unmet_since = NULL WHERE verdict = 'unmet'"
    ),
    "DELETE FROM verdicts WHERE verdict = 'unmet'",
)


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Whatever builds on services here builds on a database that commits for real."""
    return separate_services


async def told(api: Api, campaign: dict, employee_id: str, **asked: datetime) -> list[Any]:
    """Every answer about the campaign, without the moment of asking itself."""
    moments = {name: moment.isoformat() for name, moment in asked.items()}
    paths: tuple[tuple[str, dict[str, str]], ...] = (
        (f"/v1/campaigns/{campaign['id']}/progress", {}),
        (f"/v1/campaigns/{campaign['id']}/recap", {"by": "work_unit"}),
        (f"/v1/campaigns/{campaign['id']}/recap", {"by": "platform"}),
        (f"/v1/campaigns/{campaign['id']}/employees", {"duty": "follow"}),
        (f"/v1/employees/{employee_id}/verdicts", {}),
    )
    answers = []
    for path, params in paths:
        answer = await api.get(path, **params, **moments)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        for moment in ("known_at", "valid_at"):
            body.pop(moment)
        answers.append(body)
    return answers


@asynccontextmanager
async def long_transaction(
    services: Services, government: Government, clock: SettableClock
) -> AsyncIterator[AsyncSession]:
    """A transaction that ends a second after what is done in it."""
    async with services.database.transaction(government.tenant_id) as session:
        clock.at += A_SECOND
        yield session
        clock.at += A_SECOND


async def spans(services: Services, government: Government) -> list[timedelta]:
    async with services.database.transaction(government.tenant_id) as session:
        rows = await session.execute(text("SELECT ended_at - began_at FROM long_transactions"))
        return [each for (each,) in rows]


async def test_an_answer_given_during_an_evaluation_is_given_again(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    await take_lists(api, account, FIRST, SECOND)
    clock.at += A_SECOND
    began_at = clock.at
    person = registry["3"]
    before = await told(api, campaign, person)
    async with long_transaction(services, government, clock) as session:
        changed = await compliance.evaluate(
            session, government.tenant_id, campaign["id"], now=began_at
        )
        assert changed
        during, asked_at = await told(api, campaign, person), clock.at
    ended_at, clock.at = clock.at, clock.at + A_SECOND
    after = await told(api, campaign, person)
    assert await told(api, campaign, person, known_at=began_at) == before
    assert await told(api, campaign, person, known_at=asked_at) == during
    # At these moments nobody asked; verdicts are what the evaluation changes.
    assert (await told(api, campaign, person, known_at=ended_at - A_MOMENT))[-1] == before[-1]
    assert (await told(api, campaign, person, known_at=ended_at))[-1] == after[-1] != before[-1]
    assert await told(api, campaign, person, known_at=clock.at) == after
    assert await spans(services, government) == [2 * A_SECOND]


@pytest.mark.parametrize("statement", WRITTEN)
async def test_what_another_is_about_to_write_is_not_known_yet(
    api, services, government, registry, account, clock, statement
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    clock.at += A_SECOND
    person = registry["3"]
    async with long_transaction(services, government, clock) as session:
        assert (await session.execute(text(f"{statement} RETURNING 1"))).all()
        during, asked_at = await told(api, campaign, person), clock.at
    clock.at += A_SECOND
    after = await told(api, campaign, person)
    assert await told(api, campaign, person, known_at=asked_at) == during
    assert await told(api, campaign, person, known_at=clock.at) == after != during


async def test_only_long_transactions_that_wrote_are_written_down(
    api, services, government, registry, clock
):
    async with long_transaction(services, government, clock) as session:
        assert (await session.execute(text("SELECT count(*) FROM employees"))).scalar()
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(text("UPDATE employees SET name = 'Pegawai Satu' WHERE name = 'P'"))
        clock.at += LONG
    assert await spans(services, government) == []
