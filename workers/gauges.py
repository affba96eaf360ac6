"""Reading the figures of governments for Prometheus, beside the queue: its lag must not hide it."""

import asyncio
from datetime import timedelta

from app.core.logs import get_logger
from app.core.metrics import record_gauges
from app.core.services import Services
from app.gauges import queries, service
from workers.runtime import pause

EVERY = timedelta(seconds=60)
LOOK_SECONDS = 10


async def refresh_due(services: Services) -> int:
    """Read the figures of every government that are older than a minute; returns how many.

    One government that cannot be read keeps its last figures until they are too old to be told,
    and does not stop the others.
    """
    async with services.database.system() as session:
        due = await queries.read_before(session, services.clock.now() - EVERY)
    read = 0
    for tenant_id in due:
        try:
            read += await service.refresh(services, tenant_id)
        except Exception as error:  # noqa: BLE001 - Whatever it is, the next ones are read.
            record_gauges(outcome="failed")
            get_logger().error(
                "figures not read",
                action="gauges_failed",
                tenant_id=str(tenant_id),
                exc_info=error,
            )
        else:
            record_gauges(outcome="ok")
    return read


async def keep_gauges(services: Services, stop: asyncio.Event) -> None:
    """Keep the figures of all governments fresh until the process is to stop."""
    while not stop.is_set():
        await refresh_due(services)
        await pause(stop, LOOK_SECONDS)
