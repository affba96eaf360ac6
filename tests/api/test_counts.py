"""Counts that are kept say what a recount says, after anything that may have changed it."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.compliance import answers, counts, freezing
from app.compliance import service as compliance
from app.compliance.freezing import VerdictKey
from app.compliance.models import VerdictCount, VerdictCountMark, VerdictPeople, VerdictTally
from app.compliance.queries import Asked
from app.compliance.schemas import RecapBy, RecapOut
from app.core.clock import SettableClock
from app.core.db import driver_connection
from app.core.services import Services
from app.excuses.models import Excuse
from app.identity.access import CallerMemory, authenticate
from app.identity.rules import Caller
from app.identity.scopes import Scope
from benchmarks.cohort import Cohort, make_cohort
from tests.api.test_isolation import key_of
from tests.support import NOW, Api

PEOPLE = 34
OUTSIDE: list[Scope] = [each for each in Scope if each is not Scope.EMPLOYEES_READ_NIP]
DIVISIONS: tuple[RecapBy, ...] = get_args(RecapBy)
STEPS = 8
A_YEAR = timedelta(days=365)


@dataclass
class World:
    """A small government in the middle of a campaign, and the keys of those who ask."""

    cohort: Cohort
    services: Services
    clock: SettableClock
    connection: AsyncConnection
    keys: dict[str, tuple[Api, Caller]]
    chance: random.Random

    @property
    def of_campaign(self) -> dict[str, UUID]:
        return {"tenant_id": self.cohort.tenant_id, "campaign_id": self.cohort.campaign_id}

    async def act(self, act: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async with self.services.database.transaction(self.cohort.tenant_id) as session:
            return await act(session)

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async def read(session: AsyncSession) -> Sequence[Any]:
            found: Any = await session.execute(text(statement), {**self.of_campaign, **values})
            return found.all() if found.returns_rows else []

        return await self.act(read)

    async def some(self, statement: str) -> Any:
        return self.chance.choice(await self.rows(statement))

    async def asked(self, caller: Caller) -> Asked:
        async def read(session: AsyncSession) -> Asked:
            now = self.clock.now()
            paused = await answers.paused_in(session, caller, self.cohort.campaign_id, now=now)
            return answers.asked_about(caller, self.cohort.campaign_id, paused)

        return await self.act(read)

    async def recounted(self, asked: Asked) -> dict[str, Any]:
        """What the verdicts themselves say, as the API writes it."""

        async def read(session: AsyncSession) -> dict[str, Any]:
            duties = await answers.duties(session, asked)
            found: dict[str, Any] = {"progress": [each.model_dump(mode="json") for each in duties]}
            for by in DIVISIONS:
                found[by] = await answers.recap_rows(session, asked, by)
            return found

        return await self.act(read)

    async def answered(self, api: Api) -> dict[str, Any]:
        campaign = f"/v1/campaigns/{self.cohort.campaign_id}"
        found = {"progress": (await api.get(f"{campaign}/progress")).json()["duties"]}
        for by in DIVISIONS:
            found[by] = (await api.get(f"{campaign}/recap", by=by)).json()["items"]
        return found

    async def agrees(self) -> None:
        """Everyone is answered what a recount answers, and no mark is left behind."""
        for name, (api, caller) in self.keys.items():
            asked = await self.asked(caller)
            assert not asked.counted
            assert await self.answered(api) == await self.recounted(asked), name
        assert await self.rows("SELECT 1 FROM verdict_count_marks") == []
        await self.agrees_whatever_is_paused()

    async def agrees_whatever_is_paused(self) -> None:
        accounts = self.cohort.official_account_ids
        paused = self.chance.sample(accounts, self.chance.randint(1, len(accounts)))
        for _, caller in self.keys.values():
            asked = Asked(caller, self.cohort.campaign_id, paused)
            kept = await self.recounted(replace(asked, counted=True))
            assert kept == await self.recounted(asked), paused


@pytest.fixture
async def world(
    services: Services, connection: AsyncConnection, clock: SettableClock, http: Any
) -> World:
    async with services.database.system() as session:
        await session.execute(text("RESET ROLE"))
        cohort = await make_cohort(await driver_connection(session), PEOPLE, now=NOW)
        # The cohort is made without triggers, which only the end of a transaction would bring back.
        await session.execute(text("SET LOCAL session_replication_role = origin"))
        await session.execute(
            text("UPDATE campaigns SET cohort_filter = CAST(:everyone AS jsonb)"),
            {"everyone": '{"categories": [], "unit_ids": []}'},
        )
        await session.execute(
            text("DELETE FROM campaign_official_accounts WHERE position NOT IN (1, 2, 4, 10)")
        )
    found: dict[str, tuple[Api, Caller]] = {}
    made = World(cohort, services, clock, connection, found, random.Random(0))  # noqa: S311
    units = await made.rows("SELECT id, code FROM work_units ORDER BY code")
    confined = {f"head of {row.code}": row.id for row in units if row.code in {"U1", "U3"}}
    wanted: list[tuple[str, UUID | None, list[Scope]]] = [
        ("bkd", None, list(Scope)),
        ("executive", None, OUTSIDE),
        *((name, unit, OUTSIDE) for name, unit in confined.items()),
    ]
    for name, unit, scopes in wanted:
        token = await key_of(services, cohort.tenant_id, lifetime=A_YEAR, unit=unit, scopes=scopes)
        caller = await authenticate(services, CallerMemory(), token)
        assert caller is not None
        found[name] = (Api(http, token), caller)
    return made


async def evaluate(world: World) -> None:
    world.clock.at += timedelta(minutes=world.chance.choice((1, 60 * 24 * 12)))
    await world.act(
        lambda session: compliance.evaluate(session, **world.of_campaign, now=world.clock.now())
    )


async def _a_verdict(world: World, *, disputed: bool) -> VerdictKey | None:
    rows = await world.rows(
        "SELECT campaign_id, employee_id, duty_id, official_account_id FROM verdicts"
        " WHERE disputed = :disputed ORDER BY id",
        disputed=disputed,
    )
    return VerdictKey(*world.chance.choice(rows)) if rows else None


async def freeze(world: World) -> None:
    key = await _a_verdict(world, disputed=False)
    if key is None:
        return

    async def act(session: AsyncSession) -> None:
        verdict = await freezing.held(session, world.cohort.tenant_id, key)
        assert verdict is not None
        freezing.freeze(verdict)

    await world.act(act)


async def release(world: World) -> None:
    key = await _a_verdict(world, disputed=True)
    if key is not None:
        await world.act(
            lambda session: freezing.release(
                session, world.cohort.tenant_id, key, cleared_at=world.clock.now()
            )
        )


async def excuse(world: World) -> None:
    person = await world.some("SELECT id FROM employees ORDER BY id")
    now = world.clock.now()

    async def act(session: AsyncSession) -> None:
        session.add(
            Excuse(
                **world.of_campaign, employee_id=person.id, reason="Cuti", document_number="1",
                starts_on=now.date(), granted_by="BKD", granted_at=now, actor="tests",
            )
        )  # fmt: skip

    await world.act(act)
    await evaluate(world)


async def move(world: World) -> None:
    person = await world.some("SELECT id, version FROM employees ORDER BY id")
    unit = await world.some("SELECT id FROM work_units ORDER BY code")
    answer = await world.keys["bkd"][0].patch(
        f"/v1/employees/{person.id}", {"unit_id": str(unit.id)}, etag=f'"{person.version}"'
    )
    assert answer.status_code == 200, answer.text


async def change_category(world: World) -> None:
    person = await world.some("SELECT id FROM employees ORDER BY id")
    category = world.chance.choice(("pns", "pppk", "pppk_paruh_waktu"))
    await world.rows(
        "UPDATE employees SET category = :category WHERE id = :id", category=category, id=person.id
    )


async def move_unit(world: World) -> None:
    unit = await world.some("SELECT id, version FROM work_units WHERE code > 'U1' ORDER BY code")
    above = await world.some("SELECT id FROM work_units WHERE code IN ('U0', 'U1') ORDER BY code")
    answer = await world.keys["bkd"][0].patch(
        f"/v1/work-units/{unit.id}", {"parent_id": str(above.id)}, etag=f'"{unit.version}"'
    )
    assert answer.status_code == 200, answer.text


async def drop_member(world: World) -> None:
    person = await world.some("SELECT employee_id FROM campaign_members ORDER BY employee_id")
    await world.rows(
        "UPDATE campaign_members SET left_on = '2026-11-20', left_by = 'BKD',"
        " left_because = 'Pindah' WHERE employee_id = :id",
        id=person.employee_id,
    )
    await evaluate(world)


async def drop_verdicts(world: World) -> None:
    person = await world.some("SELECT id FROM employees ORDER BY id")
    await world.rows("DELETE FROM verdicts WHERE employee_id = :id", id=person.id)


async def reorganise(world: World) -> None:
    """More moves at once than marks are written for."""
    await world.rows("UPDATE verdicts SET decided_at = decided_at")
    await world.rows("""
        UPDATE employees SET unit_id = (SELECT id FROM work_units WHERE code = 'U2')
        WHERE category = 'pns'
    """)


ACTS = (
    evaluate, freeze, release, excuse, move, change_category, move_unit, drop_member,
    drop_verdicts, reorganise,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_the_counts_are_those_of_a_recount_whatever_has_happened(world, seed):
    world.chance.seed(seed)
    await evaluate(world)
    for step in range(STEPS):
        for act in world.chance.choices(ACTS, k=world.chance.randint(1, 3)):
            await act(world)
        if step % 2:
            await evaluate(world)
        await world.agrees()
    # With two people left in a division something is left out, and something is told as well.
    await world.rows("""
        UPDATE employees SET unit_id = (SELECT id FROM work_units WHERE code = 'U2')
        WHERE id NOT IN (SELECT id FROM employees ORDER BY id LIMIT 2)
    """)
    await world.rows("""
        UPDATE employees SET unit_id = (SELECT id FROM work_units WHERE code = 'U5')
        WHERE id IN (SELECT id FROM employees ORDER BY id LIMIT 2)
    """)
    await world.agrees()
    told = await world.answered(world.keys["executive"][0])
    assert {row["suppressed"] for row in told["work_unit"]} == {True, False}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_each_act_alone_is_counted(world, act):
    await evaluate(world)
    # One dispute is open, so that it can be released.
    await freeze(world)
    await world.agrees()
    await act(world)
    await world.agrees()


async def _falsify(world: World) -> None:
    await world.rows("UPDATE verdict_counts SET met = met + 1000, eligible = eligible + 1000")


async def _met(world: World) -> list[int]:
    rows = (await world.answered(world.keys["bkd"][0]))["category"]
    return [row["counts"]["met"] for row in rows]


async def test_current_counts_are_read_and_not_the_verdicts(world):
    await evaluate(world)
    # The evaluation itself has counted; the first reader need not.
    assert await world.act(lambda session: session.scalar(counts.CURRENT, world.of_campaign))
    await _falsify(world)
    assert min(await _met(world)) >= 1000


@pytest.mark.parametrize("by", DIVISIONS)
async def test_a_recap_is_written_as_it_is_documented(world, by):
    await evaluate(world)
    api, caller = world.keys["executive"]
    body = (await api.get(f"/v1/campaigns/{world.cohort.campaign_id}/recap", by=by)).json()
    assert RecapOut.model_validate(body).model_dump(mode="json") == body
    now, campaign_id = world.clock.now(), world.cohort.campaign_id
    found = await world.act(
        lambda session: answers.recap(session, caller, campaign_id, by, now=now)
    )
    assert found.model_dump(mode="json") == body
    assert len(body["items"]) > 1


async def retire(world: World) -> None:
    """Somebody whom the campaign addressed leaves the government."""
    [person] = await world.rows(
        "SELECT id, version FROM employees WHERE standing = 'active' ORDER BY id LIMIT 1"
    )
    answer = await world.keys["bkd"][0].patch(
        f"/v1/employees/{person.id}", {"standing": "retired"}, etag=f'"{person.version}"'
    )
    assert answer.status_code == 200, answer.text


async def test_progress_is_remembered_as_it_would_be_counted(world):
    api, caller = world.keys["bkd"]
    leavers = []
    for act in (evaluate, retire, move, retire):
        await act(world)
        for _ in range(2):
            answer = await api.get(f"/v1/campaigns/{world.cohort.campaign_id}/progress")
            now = world.clock.now()
            counted = await world.act(
                lambda session, now=now: answers.progress(
                    session, caller, world.cohort.campaign_id, now=now
                )
            )
            assert answer.json() == counted.model_dump(mode="json")
        leavers.append(counted.leavers)
    assert leavers == [0, 1, 1, 2]


async def test_only_what_is_outdated_is_counted_anew(world):
    await evaluate(world)
    await _falsify(world)
    [person] = await world.rows("SELECT id, unit_id FROM employees ORDER BY id LIMIT 1")
    await world.rows(
        "UPDATE employees SET category = 'pns' WHERE id = :id AND category <> 'pns'", id=person.id
    )
    await freeze(world)
    await _met(world)
    untouched = await world.rows("SELECT DISTINCT unit_id FROM verdict_counts WHERE met >= 1000")
    everywhere = await world.rows("SELECT DISTINCT unit_id FROM employees")
    assert len(everywhere) - len(untouched) in {1, 2}


async def test_what_changes_no_number_outdates_none(world):
    await evaluate(world)
    bkd, _ = world.keys["bkd"]
    [person] = await world.rows("SELECT id, version FROM employees ORDER BY id LIMIT 1")
    answer = await bkd.patch(
        f"/v1/employees/{person.id}", {"name": "Nama Lain"}, etag=f'"{person.version}"'
    )
    assert answer.status_code == 200
    assert await world.rows("SELECT 1 FROM verdict_count_marks") == []


@pytest.mark.parametrize(
    ("table", "trigger", "act"),
    [
        ("verdicts", "mark_counts_after_update", freeze),
        ("verdicts", "mark_counts_after_delete", drop_verdicts),
        ("employees", "mark_counts_after_move", move),
    ],
    ids=["update", "delete", "move"],
)
async def test_without_its_mark_a_change_would_be_missed(world, table, trigger, act):
    """The comparison above can fail."""
    await evaluate(world)
    await world.connection.execute(text("RESET ROLE"))
    await world.connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
    await act(world)
    with pytest.raises(AssertionError):
        await world.agrees()


async def test_another_government_sees_and_marks_nothing(world, other_government, services):
    await evaluate(world)
    async with services.database.transaction(other_government.tenant_id) as session:
        for table in (VerdictCount, VerdictCountMark, VerdictPeople, VerdictTally):
            assert (await session.scalars(select(table))).all() == []
        assert not await session.scalar(counts.CURRENT, world.of_campaign)
