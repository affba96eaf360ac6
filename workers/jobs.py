"""Running jobs from the queue: one handler for each kind, retried, then set aside as failed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer import PgQueuer, RetryRequested
from pgqueuer.models import Job as QueuedJob

from app.core.db import plain_url
from app.core.logs import get_logger
from app.core.metrics import record_job
from app.core.services import Services
from app.jobs.kinds import MAX_ATTEMPTS, decode
from workers import (
    audit,
    checks,
    connections,
    deliver,
    evaluate,
    memberships,
    retain,
    webhooks,
)
from workers.reach import NOTHING, Reach

Handler = Callable[[Services, Reach, Any], Awaitable[None]]


def at_home(handler: Callable[[Services, Any], Awaitable[None]]) -> Handler:
    """A handler that needs none of the reach given to jobs."""

    async def run(services: Services, _: Reach, job: Any) -> None:
        await handler(services, job)

    return run


HANDLERS: dict[str, Handler] = {
    "anchor_audit": at_home(audit.anchor_audit),
    "apply_retention": at_home(retain.apply_retention),
    "check_accounts": checks.check_accounts,
    "check_all_accounts": checks.check_all_accounts,
    "check_all_pairs": memberships.check_all_pairs,
    "check_pairs": memberships.check_pairs,
    "deliver_all_webhooks": at_home(webhooks.deliver_all_webhooks),
    "deliver_reminders": at_home(deliver.deliver_reminders),
    "deliver_webhook": at_home(webhooks.deliver_webhook),
    "evaluate_all": at_home(evaluate.evaluate_all),
    "evaluate_campaign": at_home(evaluate.evaluate_campaign),
    "evaluate_tenant": at_home(evaluate.evaluate_tenant),
    "plan_all_reminders": at_home(deliver.plan_all_reminders),
    "plan_reminders": at_home(deliver.plan_reminders),
    "prune": at_home(evaluate.prune),
    "read_all_follower_lists": memberships.read_all_follower_lists,
    "read_follower_list": memberships.read_follower_list,
    "refresh_tokens": at_home(connections.refresh_tokens),
}
RETRY_AFTER = timedelta(seconds=5)
POLL_QUEUE_EVERY = timedelta(seconds=5)
TAKEN_OVER_AFTER = timedelta(seconds=60)


class JobFailed(Exception):
    """A job failed for the last time."""


async def run_job(
    services: Services,
    kind: str,
    payload: bytes | None,
    attempts: int,
    reach: Reach = NOTHING,
) -> None:
    """Run one job; a failure is retried, and the last one sets the job aside.

    Only the error's type travels on, since its text may quote a row.

    Raises:
        RetryRequested: it failed and will be tried again.
        JobFailed: it failed too often.
    """
    try:
        await HANDLERS[kind](services, reach, decode(kind, payload))
    except Exception as error:  # noqa: BLE001 - Whatever a handler meets is retried.
        record_job(kind=kind, outcome="failed")
        get_logger().error(
            "job failed", action="job_failed", job_kind=kind, attempt=attempts, exc_info=error
        )
        name = type(error).__name__
        # pgqueuer counts from 0, so the run with attempts = 2 is the third.
        if attempts + 1 >= MAX_ATTEMPTS:
            raise JobFailed(name) from None
        raise RetryRequested(delay=RETRY_AFTER, reason=name) from None
    record_job(kind=kind, outcome="ok")


async def work_queue(services: Services, stop: asyncio.Event, reach: Reach = NOTHING) -> None:
    """Run jobs until the process is to stop; raises when its connection dies, to be restarted."""
    connection = await asyncpg.connect(plain_url(services.settings.required_database_url()))
    try:
        # Coordination only: each handler opens its own transaction inside its tenant.
        await connection.execute("SET ROLE simedsos_system")
        queuer = PgQueuer.from_asyncpg_connection(connection)
        for kind in HANDLERS:
            _register(queuer, services, reach, kind)

        async def end() -> None:
            await stop.wait()
            queuer.shutdown.set()

        ending = asyncio.create_task(end())
        try:
            await queuer.qm.run(
                dequeue_timeout=POLL_QUEUE_EVERY,
                batch_size=5,
                heartbeat_timeout=TAKEN_OVER_AFTER,
                shutdown_on_listener_failure=True,
            )
        finally:
            ending.cancel()
    finally:
        await connection.close()


def _register(queuer: PgQueuer, services: Services, reach: Reach, kind: str) -> None:
    @queuer.entrypoint(kind, on_failure="hold")
    async def run(job: QueuedJob) -> None:
        await run_job(services, kind, job.payload, job.attempts, reach)
