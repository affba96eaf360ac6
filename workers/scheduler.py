"""The scheduler: fires the cron table into the queue; any number of schedulers may run."""

import asyncio
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from app.core.clock import JAKARTA
from app.core.logs import get_logger
from app.core.services import Services
from app.jobs.queue import claim_slot, enqueue
from app.jobs.schedule import SCHEDULE, CronLine

# A scheduler that was asleep still fires the slot it missed, if it wakes within this time.
GRACE_SECONDS = 300


async def fire(services: Services, line: CronLine, slot: datetime) -> bool:
    """Queue a line's job for a slot unless another scheduler has done so already."""
    async with services.database.system() as session:
        if not await claim_slot(session, line.name, slot):
            return False
        await enqueue(session, [line.job()])
    get_logger().info("cron line fired", action="cron_fired", job_kind=line.name)
    return True


async def schedule(services: Services, stop: asyncio.Event) -> None:
    """Fire the cron table until the process is to stop."""
    scheduler = AsyncIOScheduler(timezone=JAKARTA)
    for line in SCHEDULE:
        scheduler.add_job(
            fire_now,
            CronTrigger.from_crontab(line.cron, timezone=JAKARTA),
            args=[services, line],
            id=line.name,
            misfire_grace_time=GRACE_SECONDS,
            coalesce=True,
        )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)


async def fire_now(services: Services, line: CronLine) -> None:
    """Fire a line for the minute that has just begun."""
    slot = services.clock.now().replace(second=0, microsecond=0)
    await fire(services, line, slot)
