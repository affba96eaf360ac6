"""The growth answer's requests a second, against a constant-JSON route of the same app."""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvloop
from fastapi import FastAPI

from app.core.clock import SystemClock
from app.identity.rules import new_token
from app.local.api_client import ApiClient
from app.local.demo import DemoReady, load_demo, prepare
from app.local.postgres import free_port
from app.main import from_environment
from benchmarks.http_load import get, requests_per_second
from benchmarks.measuring import (
    READY_SECONDS,
    Measured,
    durable_server,
    peak_memory,
    report,
    wait_for_port,
)
from migrations import migrate

DEMANDED_RATIO = 0.5
ROUNDS = 5
SECONDS = 2.0
CONSTANT: dict[str, dict[str, float]] = {
    "gain": {"min": 1382, "max": 1382},
    "growth_percent": {"min": 19.19, "max": 19.19},
}


def measured_app() -> FastAPI:
    """The service as `simedsos api` serves it, and one more route that asks nothing."""
    app = from_environment()

    @app.get("/constant", include_in_schema=False)
    async def constant() -> dict[str, dict[str, float]]:
        return CONSTANT

    return app


@dataclass(frozen=True, slots=True)
class Question:
    """A request whose rate is measured, and the demand on its share of the constant's rate."""

    what: str
    path: str
    demand: float | None = None


@contextmanager
def served(
    database_url: str, port: int, app: str = "benchmarks.growth:measured_app"
) -> Iterator[ApiClient]:
    """The measured app under a real uvicorn, with the settings of `simedsos api`."""
    options = ["--factory", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    server = subprocess.Popen(  # noqa: S603 - Every argument is made here.
        [sys.executable, "-m", "uvicorn", app, *options],
        env={**os.environ, "SIMEDSOS_DATABASE_URL": database_url},
    )
    try:
        token = new_token()
        prepare(database_url, token, SystemClock())
        wait_for_port(port)
        yield ApiClient(f"http://127.0.0.1:{port}", token)
    finally:
        server.terminate()
        server.wait(READY_SECONDS)


def questions(demo: DemoReady) -> list[Question]:
    """The question that `make run` prints, and two that stand beside it."""
    growth = f"/v1/official-accounts/{demo.headline_account_id}/growth"
    since = f"from={quote(demo.campaign_start)}"
    return [
        Question("growth answer", f"{growth}?{since}&expected_gain=6750", DEMANDED_RATIO),
        Question(
            "growth answer laid to a campaign", f"{growth}?{since}&campaign={demo.campaign_id}"
        ),
        Question("health check without a database", "/livez"),
    ]


async def measure(port: int, token: str, asked: list[Question]) -> list[Measured]:
    """Rates in turns, so that a busy moment of the machine falls on all of them alike."""
    constant: list[float] = []
    rates: dict[str, list[float]] = {each.what: [] for each in asked}
    for _ in range(ROUNDS):
        constant.append(await requests_per_second(port, get("/constant", port), seconds=SECONDS))
        for each in asked:
            request = get(each.path, port, token)
            rates[each.what].append(await requests_per_second(port, request, seconds=SECONDS))
    return [_line(each, rates[each.what], constant) for each in asked]


def _line(question: Question, rates: list[float], constant: list[float]) -> Measured:
    ratio = statistics.median(one / other for one, other in zip(rates, constant, strict=True))
    return Measured(
        what=question.what,
        size=f"6,750 people, 32 connections, {ROUNDS} x {SECONDS:.0f} s",
        measured=f"{statistics.median(rates):,.0f} req/s",
        floor=f"{statistics.median(constant):,.0f} req/s (constant JSON)",
        ratio=f"{ratio:.0%}",
        demand=f">= {question.demand:.0%}" if question.demand else "none, for information",
        met=ratio >= question.demand if question.demand else None,
    )


def main() -> None:
    """Measure and report."""
    port = free_port()
    with durable_server() as (server_url, folder):
        asyncio.run(migrate(server_url))
        with served(server_url, port) as api:
            demo = load_demo(
                api, Path(folder) / "demo", now=SystemClock().now(), say=lambda _: None
            )
            found = uvloop.run(measure(port, api.token, questions(demo)))
    report(found, peak=peak_memory(resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
