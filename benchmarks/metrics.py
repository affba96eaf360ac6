"""How long /metrics takes with 60 governments, few and many employees, against a constant answer.

Each government has 15 official accounts and 3 judged campaigns. What is remembered is forgotten
before each question, as it is between two scrapes.
"""

import asyncio
import resource
import statistics
import time
from uuid import UUID

import httpx
from fastapi import FastAPI, Response
from sqlalchemy import text

from app.core.db import Database, make_engine
from app.core.services import Services
from app.gauges.exposing import GaugeMemory
from app.main import create_app
from app.settings import Settings
from benchmarks.measuring import Measured, durable_server, peak_memory, report
from migrations import migrate
from tests.metrics.scraping import GOVERNMENTS, make_governments
from workers.gauges import refresh_due

ASKED = 40
FEW, MANY = 100, 10_000
DEMANDED_SECONDS = 0.100
# The same answer for a hundred times the people: what is left is noise of the machine.
CONSTANT = 1.5
EMPLOYEES = """
INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, declaration)
SELECT :tenant, gen_random_uuid(), 'Pegawai ' || number, 'pppk', 'active', :tenant, 'declared'
FROM generate_series(1, :number) AS number
"""


async def hire(services: Services, number: int) -> None:
    """Add so many employees to each government."""
    for tenant in await tenants_of(services):
        async with services.database.transaction(tenant) as session:
            await session.execute(text(EMPLOYEES), {"tenant": tenant, "number": number})


async def reread(services: Services) -> float:
    """Read every government's figures anew; returns the seconds that it took."""
    for tenant in await tenants_of(services):
        async with services.database.transaction(tenant) as session:
            await session.execute(text("UPDATE tenant_gauges SET read_at = '2000-01-01'"))
    begun = time.perf_counter()
    assert await refresh_due(services) == GOVERNMENTS
    return time.perf_counter() - begun


async def tenants_of(services: Services) -> list[UUID]:
    """The ids of all governments."""
    async with services.database.system() as session:
        return list(await session.scalars(text("SELECT id FROM tenants")))


async def scrapes(app: FastAPI, client: httpx.AsyncClient) -> tuple[list[float], list[float], int]:
    """The seconds of /metrics and of a constant answer of its size, in turns, and that size."""
    taken, floor, size = [], [], 0
    for _ in range(ASKED):
        app.state.gauges = GaugeMemory()
        begun = time.perf_counter()
        answer = await client.get("/metrics")
        taken.append(time.perf_counter() - begun)
        answer.raise_for_status()
        size = len(answer.content)
        begun = time.perf_counter()
        await client.get(f"/constant?size={size}")
        floor.append(time.perf_counter() - begun)
    return taken, floor, size


async def measure(url: str) -> list[Measured]:
    """The world with few employees, and the same one with many."""
    await migrate(url)
    services = Services(Database(make_engine(url)), Settings(database_url=url))
    app = create_app(services)

    @app.get("/constant", include_in_schema=False)
    async def constant(size: int) -> Response:
        return Response(b"x" * size, media_type="text/plain")

    await make_governments(services)
    transport = httpx.ASGITransport(app=app)
    medians: list[float] = []
    found: list[Measured] = []
    async with httpx.AsyncClient(transport=transport, base_url="http://b", timeout=60) as client:
        for people in (FEW, MANY):
            await hire(services, people - (FEW if medians else 0))
            seconds = await reread(services)
            taken, floor, size = await scrapes(app, client)
            median, least = statistics.median(taken), statistics.median(floor)
            medians.append(median)
            constant_enough = median < CONSTANT * medians[0]
            found.append(
                Measured(
                    what=f"/metrics, {people:,} employees in each of {GOVERNMENTS} governments",
                    size=f"{size / 1024:.0f} KiB, {ASKED} times; figures read in {seconds:.2f} s",
                    measured=f"median {median * 1000:.1f} ms, most {max(taken) * 1000:.1f} ms",
                    floor=f"{least * 1000:.1f} ms (constant answer of the same size)",
                    ratio=f"{median / least:.0f} x",
                    demand=f"median < {DEMANDED_SECONDS * 1000:.0f} ms, the same for many as few",
                    met=median < DEMANDED_SECONDS and constant_enough,
                )
            )
    await services.database.aclose()
    return found


def main() -> None:
    """Measure and report."""
    with durable_server() as (server_url, _):
        found = asyncio.run(measure(server_url))
    report(found, peak=peak_memory(resource.RUSAGE_SELF))


if __name__ == "__main__":
    main()
