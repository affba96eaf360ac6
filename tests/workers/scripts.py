"""Platforms that answer as a test says, and the jobs that ask them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.services import Services
from app.jobs.kinds import CheckPairs, Job, ReadFollowerList, decode, encode
from app.platforms import base
from app.platforms.base import (
    Adapter,
    Capabilities,
    CountReading,
    Existence,
    ExistenceState,
    Follower,
    FollowerPage,
    PairReading,
    Platform,
    PlatformError,
    Precision,
    Target,
)
from tests.support import NOW, Government
from workers.jobs import run_job
from workers.reach import Reach

Told = Existence | PlatformError
Answer = PairReading | PlatformError


def told(state: ExistenceState, platform_id: str | None = None, handle: str | None = None):
    return Existence(state, "script", platform_id, handle)


def here(platform_id: str | None = None, handle: str | None = None) -> Existence:
    return told(ExistenceState.EXISTS, platform_id, handle)


RUNS = (
    "SELECT kind, outcome, reason, asked, answered, retry_at FROM poll_runs WHERE kind <> 'count'"
)
NO_FACTS = [
    pytest.param(base.Unavailable("503"), id="down"),
    pytest.param(base.ParseFailed("json"), id="garbled"),
    pytest.param(base.LoginWall("page"), id="login-page"),
    pytest.param(base.CredentialsBad("key"), id="credentials"),
    pytest.param(base.RateLimited("429", retry_at=NOW + timedelta(hours=1)), id="patience"),
    pytest.param(base.CreditsExhausted("402", retry_at=NOW + timedelta(hours=1)), id="credits"),
]
LISTED = (
    "SELECT listed, matched, certificate, reasons, reached_end, source, taken_at"
    " FROM follower_lists"
)
ANSWERS = "SELECT account_id, answer, source FROM pair_answers"


class Script(Adapter):
    """A platform under a test's orders; an error among the orders fails the whole call."""

    platform: ClassVar[Platform] = Platform.INSTAGRAM
    capabilities: ClassVar[Capabilities] = Capabilities(
        note="",
        counts=True,
        existence=True,
        existence_batch=3,
        membership_pairs=True,
        pair_batch=2,
        membership_list=True,
        owner_export=True,
    )

    def __init__(self) -> None:
        self.existing: Callable[[Target], Told] = lambda _: here()
        self.following: Callable[[Target], Answer] = lambda _: PairReading(True, "script")
        self.pages: Sequence[Sequence[Follower] | PlatformError] = ()
        self.count: Sequence[int | PlatformError] = ()
        self.asked: list[Target] = []
        self.officials: list[Target] = []
        self.fails: PlatformError | None = None
        self.pool: Any = None
        self.connections_held: list[int] = []

    def _meet(self, targets: Sequence[Target]) -> None:
        self.asked.extend(targets)
        if self.pool is not None:
            self.connections_held.append(self.pool.checkedout())
        if self.fails is not None:
            raise self.fails

    async def existence(self, targets: Sequence[Target]) -> Mapping[Target, Told]:
        self._meet(targets)
        return {target: self.existing(target) for target in targets}

    async def follows(self, official: Target, others: Sequence[Target]) -> Mapping[Target, Answer]:
        self.officials.append(official)
        self._meet(others)
        return {other: self.following(other) for other in others}

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        if self.pool is not None:
            self.connections_held.append(self.pool.checkedout())
        first, *rest = self.count
        self.count = rest or [first]
        if isinstance(first, PlatformError):
            raise first
        reading = CountReading("1", None, first, first, str(first), Precision.EXACT, "script")
        return dict.fromkeys(targets, reading)

    async def followers(self, official: Target) -> AsyncIterator[FollowerPage]:
        self.officials.append(official)
        for page in self.pages:
            self._meet(())
            if isinstance(page, PlatformError):
                raise page
            yield FollowerPage(page, "script")


async def run(services: Services, adapter: Adapter, job: Job, **tokens: Any) -> None:
    """Run a job as a worker does that can reach one platform."""
    reach = Reach({adapter.platform: adapter}, **tokens)
    await run_job(services, job.kind, encode(job), 0, reach)


async def rows(services: Services, tenant_id: Any, statement: str, **where: Any) -> list[Any]:
    """What the tenant's database holds."""
    async with services.database.transaction(tenant_id) as session:
        return list(await session.execute(text(statement), where))


async def everything(services: Services, government: Government) -> str:
    """Every row of every table, as the tenant sees it and as the queue's role does."""
    async with services.database.transaction(government.tenant_id) as session:
        ours = await rows_of_all_tables(session)
    async with services.database.system() as session:
        all_over = await rows_of_all_tables(session)
    assert {"accounts", "changes", "pair_answers", "poll_runs"} <= set(ours)
    assert "pgqueuer" in all_over
    return f"{ours}{all_over}"


async def rows_of_all_tables(session: AsyncSession) -> dict[str, str]:
    tables = await session.scalars(
        text(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = CAST('public' AS regnamespace) AND relkind IN ('r', 'p')"
            " AND has_table_privilege(oid, 'SELECT')"
        )
    )
    return {
        name: str((await session.scalars(text(f"SELECT CAST(t AS text) FROM {name} AS t"))).all())  # noqa: S608
        for name in tables.all()
    }


def pairs_of(government: Government, official: dict, slot: datetime = NOW) -> CheckPairs:
    return CheckPairs(government.tenant_id, UUID(official["id"]), slot.isoformat())


def list_of(government: Government, official: dict, slot: datetime = NOW) -> ReadFollowerList:
    return ReadFollowerList(government.tenant_id, UUID(official["id"]), slot.isoformat())


async def queued(services: Services, kind: str) -> list[Any]:
    async with services.database.system() as session:
        found = await session.execute(
            text(
                "SELECT payload, execute_after - created AS delay FROM pgqueuer"
                " WHERE entrypoint = :kind ORDER BY id"
            ),
            {"kind": kind},
        )
        return [(decode(kind, each.payload), each.delay) for each in found]


async def invent(services: Services, government: Government, how_many: int) -> None:
    """Employees with an account each, written past the API."""
    async with services.database.transaction(government.tenant_id) as session:
        unit = "01900000-0000-7000-8000-000000000001"
        await session.execute(
            text(
                "INSERT INTO work_units (tenant_id, id, code, name, ancestors)"
                " VALUES (:tenant, :unit, '16', 'Provinsi', ARRAY[CAST(:unit AS uuid)])"
            ),
            {"tenant": government.tenant_id, "unit": unit},
        )
        for number in range(how_many):
            where = {
                "tenant": government.tenant_id,
                "unit": unit,
                "id": UUID(int=number + 1),
                "handle": f"akun{number}",
                "now": NOW,
            }
            await session.execute(
                text(
                    "INSERT INTO employees (tenant_id, id, name, unit_id, category, standing,"
                    " declaration) VALUES (:tenant, :id, 'Pegawai', :unit, 'pppk', 'active',"
                    " 'declared')"
                ),
                where,
            )
            await session.execute(
                text(
                    "INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, state,"
                    " declared_at) VALUES (:tenant, :id, :id, 'instagram', :handle, 'declared',"
                    " :now)"
                ),
                where,
            )
