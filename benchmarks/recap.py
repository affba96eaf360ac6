"""How long recaps and progress of 60,000 people take at the API, against constant JSON of a size.

The world is `benchmarks.cohort`'s: five platforms, three official accounts on each, 960,000
verdicts. Each question is asked over one kept connection, in turns with its constant.
"""

import asyncio
import http
import http.client
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

import asyncpg
from fastapi import FastAPI
from fastapi.responses import Response

from app.compliance import service as compliance
from app.compliance.schemas import RecapBy
from app.core.clock import SystemClock
from app.core.db import Database, make_engine, plain_url
from app.identity import service as identity
from app.identity.scopes import Scope
from app.local.postgres import free_port
from app.main import from_environment
from benchmarks.cohort import Cohort, make_cohort
from benchmarks.measuring import (
    READY_SECONDS,
    Measured,
    durable_server,
    peak_memory,
    report,
    wait_for_port,
)
from migrations import migrate

PEOPLE = 60_000
ASKED = 40
WARMING = 2
DEMANDED_SECONDS = 0.050


def measured_app() -> FastAPI:
    """The service as `simedsos api` serves it, and one more route that asks nothing."""
    app = from_environment()

    @app.get("/constant", include_in_schema=False)
    async def constant(size: int) -> Response:
        return Response(b'"' + b"x" * max(0, size - 2) + b'"', media_type="application/json")

    return app


@contextmanager
def served(database_url: str, port: int) -> Iterator[None]:
    """The measured app under a real uvicorn, with the settings of `simedsos api`."""
    options = ["--factory", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    server = subprocess.Popen(  # noqa: S603 - Every argument is made here.
        [sys.executable, "-m", "uvicorn", "benchmarks.recap:measured_app", *options],
        env={**os.environ, "SIMEDSOS_DATABASE_URL": database_url},
    )
    try:
        wait_for_port(port)
        yield
    finally:
        server.terminate()
        server.wait(READY_SECONDS)


@dataclass(frozen=True, slots=True)
class World:
    """The cohort, judged, and keys of BKD and of an executive who may read no NIP."""

    cohort: Cohort
    keys: dict[str, str]
    units: int


async def prepare(url: str) -> World:
    """Make the world, judge it once and give out the keys."""
    await migrate(url)
    now = SystemClock().now()
    with_owner = await asyncpg.connect(plain_url(url))
    cohort = await make_cohort(with_owner, PEOPLE, now=now)
    database = Database(make_engine(url))
    async with database.transaction(cohort.tenant_id) as session:
        await compliance.evaluate(session, cohort.tenant_id, cohort.campaign_id, now=now)
    keys: dict[str, list[Scope]] = {
        "BKD": list(Scope),
        "executive": [each for each in Scope if each is not Scope.EMPLOYEES_READ_NIP],
    }
    async with database.transaction(cohort.tenant_id) as session:
        tokens = {
            name: await identity.create_key(
                session,
                cohort.tenant_id,
                name=name,
                scopes=scopes,
                expires_at=now + timedelta(days=1),
                now=now,
            )
            for name, scopes in keys.items()
        }
    await database.aclose()
    # The counts are made of the whole: what autovacuum would do within a minute is done at once.
    await with_owner.execute("VACUUM ANALYZE")
    units = await with_owner.fetchval("SELECT count(*) FROM work_units")
    await with_owner.close()
    return World(cohort, tokens, units)


def timed(connection: http.client.HTTPConnection, path: str, token: str = "") -> tuple[float, int]:
    """The seconds until an answer has been read whole, and its size in bytes."""
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    size = len(answer.read())
    taken = time.perf_counter() - begun
    assert answer.status == http.HTTPStatus.OK, answer.status
    return taken, size


def ask(port: int, what: str, path: str, token: str, units: int) -> Measured:
    """One question, asked in turns with constant JSON of the same size."""
    taken: list[float] = []
    floor: list[float] = []
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for _ in range(WARMING):
            _, size = timed(connection, path, token)
        for _ in range(ASKED):
            taken.append(timed(connection, path, token)[0])
            floor.append(timed(connection, f"/constant?size={size}")[0])
    median, constant = statistics.median(taken), statistics.median(floor)
    return Measured(
        what=what,
        size=f"{PEOPLE:,} people, {units} units, {size / 1024:.0f} KiB, {ASKED} times",
        measured=f"median {median * 1000:.1f} ms, p95 {_p95(taken) * 1000:.1f} ms",
        floor=f"{constant * 1000:.1f} ms (constant JSON of the same size)",
        ratio=f"{median / constant:.0f} x",
        demand=f"median < {DEMANDED_SECONDS * 1000:.0f} ms",
        met=median < DEMANDED_SECONDS,
    )


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def measure(port: int, world: World) -> list[Measured]:
    """Every recap and the progress, for both callers."""
    campaign = f"/v1/campaigns/{world.cohort.campaign_id}"
    paths = {f"recap by {by}": f"{campaign}/recap?by={by}" for by in get_args(RecapBy)}
    paths["progress"] = f"{campaign}/progress"
    return [
        ask(port, f"{what}, {name}", path, token, world.units)
        for what, path in paths.items()
        for name, token in world.keys.items()
    ]


def main() -> None:
    """Measure and report."""
    port = free_port()
    with durable_server() as (server_url, _):
        world = asyncio.run(prepare(server_url))
        with served(server_url, port):
            found = measure(port, world)
    report(found, peak=peak_memory(resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
