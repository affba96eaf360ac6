"""One worker core's polls through adapter, guarded client and gate, against bare httpx."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from app.budgets.rules import Limit
from app.budgets.service import PostgresGate
from app.core.clock import SystemClock
from app.core.db import Database, make_engine
from app.local.demo_world import write_demo
from app.local.postgres import free_port
from app.platforms.access import Access
from app.platforms.base import Adapter, CountReading, Platform, Target
from app.platforms.catalog import build_adapters
from app.platforms.http import Gate, OpenGate
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import read_world
from benchmarks.measuring import (
    READY_SECONDS,
    Measured,
    durable_server,
    peak_memory,
    report,
    wait_for_port,
)
from migrations import migrate

DEMANDED_RATIO = 0.6
ROUNDS = 5
POLLS = 1_000
# More at once makes httpx slower, as its pool looks through every connection.
CONCURRENCY = 20
PLENTIFUL = 100_000_000
PLENTY = {Platform.BLUESKY: Limit(PLENTIFUL, timedelta(minutes=5))}
WORLD = "SIMEDSOS_BENCH_WORLD"
Poll = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Way:
    """One way of polling and what was measured of it."""

    what: str
    poll: Poll
    demand: float | None = None
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    async def measure(self) -> None:
        """Poll a number of times, some at once."""
        begun, cpu = time.perf_counter(), time.process_time()

        async def line() -> None:
            for _ in range(POLLS // CONCURRENCY):
                await self.poll()

        await asyncio.gather(*(line() for _ in range(CONCURRENCY)))
        self.cpu.append((time.process_time() - cpu) / POLLS)
        self.rates.append(POLLS / (time.perf_counter() - begun))


def generous_sandbox() -> FastAPI:
    """The sandbox with a limit that no round reaches."""
    world = read_world(Path(os.environ[WORLD]))
    return create_sandbox(world, SystemClock(), bluesky_limit=PLENTIFUL)


@contextmanager
def sandbox(world: Path) -> Iterator[str]:
    """The address of a sandbox in a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--factory", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    server = subprocess.Popen(  # noqa: S603 - Every argument is made here.
        [sys.executable, "-m", "uvicorn", "benchmarks.poller:generous_sandbox", *options],
        env={**os.environ, WORLD: str(world)},
    )
    try:
        wait_for_port(port)
        yield url
    finally:
        server.terminate()
        server.wait(READY_SECONDS)


def by_adapter(adapter: Adapter, target: Target) -> Poll:
    """A poll as a worker makes it."""

    async def poll() -> None:
        outcome = (await adapter.counts([target]))[target]
        assert isinstance(outcome, CountReading)

    return poll


def by_httpx(client: httpx.AsyncClient, target: Target) -> Poll:
    """The same request and no more than its JSON."""

    async def poll() -> None:
        answer = await client.get(
            "/xrpc/app.bsky.actor.getProfiles", params={"actors": target.platform_id}
        )
        assert answer.json()["profiles"][0]["followersCount"] > 0

    return poll


async def measure(database_url: str, url: str, target: Target) -> list[Measured]:
    """All ways in turns, so that a busy moment of the machine falls on all of them alike."""
    await migrate(database_url)
    database = Database(make_engine(database_url))
    gates: dict[str, Gate] = {
        "open gate": OpenGate(),
        "budgets in PostgreSQL": PostgresGate(database, SystemClock(), PLENTY),
    }
    accesses = [
        Access(Platform.BLUESKY, SystemClock(), base_url=url, gate=gate) for gate in gates.values()
    ]
    catalogs = [build_adapters([each]) for each in accesses]
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(base_url=url, limits=limits) as client:
        bare = Way("bare httpx", by_httpx(client, target))
        ways = [
            Way(
                f"polls by adapter, guarded client, {name}",
                by_adapter(catalog.adapters[Platform.BLUESKY], target),
                DEMANDED_RATIO,
            )
            for name, catalog in zip(gates, catalogs, strict=True)
        ]
        for _ in range(ROUNDS):
            for way in (bare, *ways):
                await way.measure()
    for catalog in catalogs:
        await catalog.aclose()
    await database.aclose()
    return [_line(way, bare) for way in ways]


def _line(way: Way, bare: Way) -> Measured:
    assert way.demand is not None
    ratio = statistics.median(one / other for one, other in zip(way.rates, bare.rates, strict=True))
    cpu, floor = statistics.median(way.cpu), statistics.median(bare.cpu)
    return Measured(
        what=way.what,
        size=f"{ROUNDS} x {POLLS} polls of one account, {CONCURRENCY} at once",
        measured=f"{statistics.median(way.rates):,.0f} polls/s, {cpu * 1000:.2f} ms CPU each",
        floor=f"{statistics.median(bare.rates):,.0f} req/s, {floor * 1000:.2f} ms CPU each (httpx)",
        ratio=f"{ratio:.0%}",
        demand=f">= {way.demand:.0%}",
        met=ratio >= way.demand,
    )


def main() -> None:
    """Measure and report."""
    with durable_server() as (server_url, folder):
        files = write_demo(folder / "demo", now=SystemClock().now())
        watched = next(
            each for each in files.official_accounts if each.platform is Platform.BLUESKY
        )
        with sandbox(files.world) as url:
            target = Target(watched.handle, watched.platform_id)
            found = asyncio.run(measure(server_url, url, target))
    report(found, peak=peak_memory())


if __name__ == "__main__":
    main()
