"""What every worker process does alike: signals, supervised loops, a metrics port."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from prometheus_client import start_http_server

from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine
from app.core.logs import configure_logging, get_logger
from app.core.metrics import REGISTRY
from app.core.services import Services
from app.settings import Settings

RESTART_DELAYS = (1, 2, 5, 10, 30)
BEAT_SECONDS = 5.0


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """The services of one worker process, from start to stop."""
    configure_logging(settings.log_level)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.worker_metrics_host, REGISTRY)
    engine = make_engine(settings.required_database_url(), pool_size=5)
    try:
        yield Services(Database(engine, registry=registry_keys_of(settings)), settings)
    finally:
        await engine.dispose()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, so that loops end between two pieces of work."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until the process is to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def beat(file: Path | None, stop: asyncio.Event) -> None:
    """Touch a file as long as this loop turns, so that a probe can tell that it hangs."""
    while file is not None and not stop.is_set():
        file.touch()  # noqa: ASYNC240 - A thread would beat for a loop that hangs.
        await pause(stop, BEAT_SECONDS)


async def supervise(
    name: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Run a loop until the process is to stop, again after every failure, ever more patiently."""
    failures = 0
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await work(stop)
        except Exception as error:  # noqa: BLE001 - A worker outlives whatever its loop meets.
            if asyncio.get_running_loop().time() - started > RESTART_DELAYS[-1]:
                failures = 0
            delay = RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)]
            failures += 1
            get_logger().error("loop failed", action="loop_failed", role=name, exc_info=error)
            await pause(stop, delay)
