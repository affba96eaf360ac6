"""What recording looks at people costs, how fast one chain grows, and how fast it is verified."""

import asyncio
import resource
import statistics
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from fastapi import FastAPI

from app.audit.verifying import ROWS_AT_ONCE, verify
from app.changes.chain import CHANGE_TEXT, CHANGES, LINK, Look, note_look
from app.changes.models import EntryKind
from app.core.clock import SystemClock
from app.core.db import Database, driver_connection, make_engine, plain_url
from app.core.ids import new_id
from app.core.paging import Page, PageDep, split_page
from app.employees import queries, service
from app.employees.queries import EmployeeFilter
from app.employees.routes import MayRead
from app.employees.schemas import EmployeeOut
from app.identity import service as identity
from app.identity.access import SessionDep
from app.local.demo import load_demo
from app.local.postgres import free_port
from app.main import from_environment
from benchmarks.growth import served
from benchmarks.http_load import CONNECTIONS, get, requests_per_second
from benchmarks.measuring import Measured, durable_server, peak_memory, report
from migrations import migrate

ROUNDS = 5
SECONDS = 2.0
DEMANDED_RATIO = 0.6
ENTRIES = 20_000
IMPORTED = 480_000
WRITERS = 32
LOOKS = 100
# Entries as the service links them, one statement each, by a loop within the server.
FILL = f"""
DO $$
DECLARE tenant uuid := '{{tenant}}';
BEGIN
    FOR turn IN 1..{ENTRIES} LOOP
        INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)
        VALUES (tenant, 'employee:updated', gen_random_uuid(), 'api_key:bench', now(), '{{{{}}}}');
        {{append}};
        COMMIT;
    END LOOP;
    INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)
    SELECT tenant, 'employee:created', gen_random_uuid(), 'api_key:bench', now(), '{{{{}}}}'
    FROM generate_series(1, {IMPORTED});
    {{append}};
END $$
"""  # noqa: S608 - Only the constant above and an id are put into the statement.


BARE = f"SELECT {CHANGE_TEXT} FROM changes AS change WHERE change.tenant_id = $1"  # noqa: S608


def measured_app() -> FastAPI:
    """The service, and its list of employees once more without a record of the look."""
    app = from_environment()

    @app.get("/unrecorded", include_in_schema=False)
    async def unrecorded(caller: MayRead, session: SessionDep, page: PageDep) -> Page[EmployeeOut]:
        found, cursor = split_page(
            await queries.page(session, caller, page, EmployeeFilter()), page
        )
        return Page(items=await service.shown(session, caller, found), next=cursor)

    return app


async def lists(port: int, token: str, size: int, connections: int) -> Measured:
    """A page of employees, recorded and not, in turns."""
    rates: dict[str, list[float]] = {"/v1/employees": [], "/unrecorded": []}
    for _ in range(ROUNDS):
        for path, found in rates.items():
            request = get(f"{path}?limit={size}", port, token)
            found.append(
                await requests_per_second(port, request, seconds=SECONDS, connections=connections)
            )
    recorded, bare = (statistics.median(each) for each in rates.values())
    ratio = statistics.median(one / other for one, other in zip(*rates.values(), strict=True))
    return Measured(
        what=f"page of {size} employees, recorded",
        size=f"one government, {connections} connections, {ROUNDS} x {SECONDS:.0f} s",
        measured=f"{recorded:,.0f} req/s",
        floor=f"{bare:,.0f} req/s (not recorded)",
        ratio=f"{ratio:.0%}",
        demand=f">= {DEMANDED_RATIO:.0%}",
        met=ratio >= DEMANDED_RATIO,
    )


async def growing(database: Database, tenants: list[UUID]) -> float:
    """Looks a second by writers side by side, each committed durably."""
    now = SystemClock().now()

    async def write(tenant_id: UUID) -> None:
        for _ in range(LOOKS):
            async with database.transaction(tenant_id) as session:
                look = Look(EntryKind.READ, "bench", "api_key:bench", now, [new_id()])
                note_look(session, tenant_id, look)

    begun = time.perf_counter()
    await asyncio.gather(*(write(tenants[n % len(tenants)]) for n in range(WRITERS)))
    return WRITERS * LOOKS / (time.perf_counter() - begun)


async def growth_of_chains(url: str) -> Measured:
    """One chain against as many as there are writers, so that nobody waits for a head."""
    database = Database(make_engine(url, pool_size=WRITERS))
    async with database.system() as session:
        tenants = [
            await identity.create_tenant(session, slug=f"bench-{number}", name="Bench")
            for number in range(WRITERS)
        ]
    await growing(database, tenants)
    one, many = await growing(database, tenants[:1]), await growing(database, tenants)
    await database.aclose()
    return Measured(
        what="looks recorded in one chain",
        size=f"{WRITERS} writers, {WRITERS * LOOKS} looks",
        measured=f"{one:,.0f} looks/s",
        floor=f"{many:,.0f} looks/s (a chain for each writer)",
        ratio=f"{one / many:.0%}",
    )


async def filled(url: str) -> UUID:
    """A government with a long chain: entries of one change each, and one of a large import."""
    database = Database(make_engine(url))
    async with database.system() as session:
        tenant_id = await identity.create_tenant(session, slug="bench-long", name="Bench")
    await database.aclose()
    append = (CHANGES + LINK).replace("$1", "tenant")
    connection = await asyncpg.connect(plain_url(url))
    # The filling is not what is measured.
    await connection.execute("SET synchronous_commit = off")
    await connection.execute(FILL.format(tenant=tenant_id, append=append), timeout=1800)
    await connection.execute("VACUUM ANALYZE audit_entries")
    await connection.execute("VACUUM ANALYZE changes")
    await connection.close()
    return tenant_id


async def verification(url: str) -> Measured:
    """Rows verified a second, entries and changes, and what memory it takes."""
    tenant_id = await filled(url)
    database = Database(make_engine(url))
    async with database.transaction(tenant_id) as session:
        connection, begun = await driver_connection(session), time.perf_counter()
        read = 0
        async for _ in connection.cursor(BARE, tenant_id, prefetch=ROWS_AT_ONCE):
            read += 1
        bare = read / (time.perf_counter() - begun)
        before, begun = peak_memory(), time.perf_counter()
        found = await verify(session, tenant_id)
        rows = found.entries + found.changes
        rate = rows / (time.perf_counter() - begun)
    await database.aclose()
    assert (found.fault_count, found.entries) == (0, ENTRIES + 1)
    assert found.changes == ENTRIES + IMPORTED
    return Measured(
        what="entries and changes verified",
        size=f"{ENTRIES:,} entries of a change, one of {IMPORTED:,}",
        measured=f"{rate:,.0f} rows/s, peak {peak_memory()}",
        floor=f"{bare:,.0f} changes/s read and thrown away, peak {before}",
        ratio=f"{rate / bare:.0%}",
    )


def main() -> None:
    """Measure and report."""
    port = free_port()
    with durable_server() as (server_url, folder):
        asyncio.run(migrate(server_url))
        with served(server_url, port, "benchmarks.audit:measured_app") as api:
            load_demo(api, Path(folder) / "demo", now=SystemClock().now(), say=lambda _: None)
            found = [
                uvloop.run(lists(port, api.token, size, connections))
                for size, connections in ((1, CONNECTIONS), (50, CONNECTIONS), (50, 1))
            ]
        found.append(uvloop.run(growth_of_chains(server_url)))
        found.append(uvloop.run(verification(server_url)))
    report(found, peak=peak_memory(resource.RUSAGE_SELF))


if __name__ == "__main__":
    main()
