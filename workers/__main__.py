"""Run a role: `python -m workers worker` or `python -m workers scheduler`."""

import asyncio
import sys
from dataclasses import replace

from app.budgets.rules import with_granted
from app.budgets.service import PostgresGate
from app.connections.rules import SubjectKind
from app.platforms.access import Access, access_from
from app.platforms.base import Platform
from app.platforms.catalog import build_adapters
from app.platforms.http import Gate
from app.settings import Settings, get_settings
from workers.collect import collect
from workers.connections import refusals_of, tokens_of
from workers.gauges import keep_gauges
from workers.jobs import work_queue
from workers.patience import PatientGate
from workers.reach import Reach
from workers.runtime import beat, services, stop_on_signals, supervise
from workers.scheduler import schedule


async def run_worker(settings: Settings) -> None:
    """Poll platforms and run jobs until a signal comes."""
    stop = stop_on_signals()
    async with services(settings) as carried:
        # Counts and rounds of checks draw on the same budgets, but rounds leave counts a part.
        limits = with_granted(settings.budgets)
        gate = PostgresGate(carried.database, carried.clock, limits)
        sparing = PostgresGate(carried.database, carried.clock, limits, sparing=True)
        waiting = PatientGate(sparing, carried.clock, stop)

        def access_to(platform: Platform, gate: Gate = gate) -> Access:
            return access_from(settings, platform, carried.clock, gate)

        counting = build_adapters(access_to(each) for each in Platform)
        checking = build_adapters(access_to(each, sparing) for each in Platform)
        patient = build_adapters(access_to(each, waiting) for each in Platform)
        reach = Reach(
            checking.adapters,
            patient=patient.adapters,
            token_of=tokens_of(carried, access_to, SubjectKind.OFFICIAL_ACCOUNT),
            consent_of=tokens_of(carried, access_to, SubjectKind.ACCOUNT),
            refused=refusals_of(carried),
        )
        try:
            async with asyncio.TaskGroup() as group:
                polling = replace(reach, adapters=counting.adapters)
                group.create_task(
                    supervise("collect", lambda s: collect(carried, polling, s), stop)
                )
                group.create_task(supervise("jobs", lambda s: work_queue(carried, s, reach), stop))
                group.create_task(supervise("gauges", lambda s: keep_gauges(carried, s), stop))
                group.create_task(beat(settings.heartbeat_file, stop))
        finally:
            for catalog in (counting, checking, patient):
                await catalog.aclose()


async def run_scheduler(settings: Settings) -> None:
    """Fire the cron table until a signal comes."""
    stop = stop_on_signals()
    async with services(settings) as carried, asyncio.TaskGroup() as group:
        group.create_task(supervise("scheduler", lambda s: schedule(carried, s), stop))
        group.create_task(beat(settings.heartbeat_file, stop))


ROLES = {"worker": run_worker, "scheduler": run_scheduler}


def main(arguments: list[str]) -> int:
    """Run the role that the command line names."""
    if len(arguments) != 1 or arguments[0] not in ROLES:
        print(f"usage: python -m workers {'|'.join(ROLES)}", file=sys.stderr)  # noqa: T201
        return 2
    asyncio.run(ROLES[arguments[0]](get_settings()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
