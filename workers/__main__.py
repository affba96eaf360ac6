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
from app.settings import Settings, get_settings
from workers.collect import collect
from workers.connections import refusals_of, tokens_of
from workers.jobs import work_queue
from workers.patience import PatientGate
from workers.reach import Reach
from workers.runtime import services, stop_on_signals, supervise
from workers.scheduler import schedule


async def run_worker(settings: Settings) -> None:
    """Poll platforms and run jobs until a signal comes."""
    stop = stop_on_signals()
    async with services(settings) as carried:
        # One gate for all, so that whatever asks a platform draws on the same budget.
        gate = PostgresGate(carried.database, carried.clock, with_granted(settings.budgets))

        def access_to(platform: Platform) -> Access:
            return access_from(settings, platform, carried.clock, gate)

        catalog = build_adapters(access_to(platform) for platform in Platform)
        waiting = PatientGate(gate, carried.clock, stop)
        patient = build_adapters(replace(access_to(each), gate=waiting) for each in Platform)
        reach = Reach(
            catalog.adapters,
            patient=patient.adapters,
            token_of=tokens_of(carried, access_to, SubjectKind.OFFICIAL_ACCOUNT),
            consent_of=tokens_of(carried, access_to, SubjectKind.ACCOUNT),
            refused=refusals_of(carried),
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(supervise("collect", lambda s: collect(carried, reach, s), stop))
                group.create_task(supervise("jobs", lambda s: work_queue(carried, s, reach), stop))
        finally:
            await catalog.aclose()
            await patient.aclose()


async def run_scheduler(settings: Settings) -> None:
    """Fire the cron table until a signal comes."""
    stop = stop_on_signals()
    async with services(settings) as carried:
        await supervise("scheduler", lambda s: schedule(carried, s), stop)


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
