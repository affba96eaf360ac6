"""Job handlers that plan reminders and carry them out; nothing is held open while they travel."""

import asyncio
import secrets
from collections.abc import Sequence

from app.core.logs import get_logger
from app.core.metrics import record_reminders
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import DeliverReminders, PlanAllReminders, PlanReminders
from app.jobs.queue import enqueue
from app.reminders import outbox, planning, queries
from app.reminders.channels import Setup, channels_from
from app.reminders.outbox import Claim, Ready
from app.reminders.rules import Trouble

# So many travel at the same time, and one lease covers them all.
BATCH = 8
SPREAD = 1_000


def own_channels(services: Services) -> Setup:
    """The channels that this process's settings name."""
    return channels_from(services.settings, services.clock)


async def plan_all_reminders(services: Services, _: PlanAllReminders) -> None:
    """Queue the planning of every campaign with a plan, each in a transaction of its own."""
    slot = services.clock.now().isoformat()
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        async with services.database.transaction(tenant_id) as session:
            campaigns = await queries.planned_campaigns(session, tenant_id)
        async with services.database.system() as session:
            jobs = [PlanReminders(tenant_id, each, cause=slot) for each in campaigns]
            await enqueue(session, jobs)


async def plan_reminders(services: Services, job: PlanReminders) -> None:
    """Plan one campaign's reminders."""
    on = own_channels(services).on
    async with services.database.transaction(job.tenant_id) as session:
        planned, stopped = await planning.plan_campaign(
            session, job.tenant_id, job.campaign_id, on, now=services.clock.now()
        )
    if planned or stopped:
        get_logger().info(
            "reminders planned",
            action="reminders_planned",
            campaign_id=str(job.campaign_id),
            rows=planned,
        )


async def deliver_reminders(services: Services, _: DeliverReminders) -> None:
    """Send what is due, tenant after tenant, until nothing is."""
    setup = own_channels(services)
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        while True:
            async with services.database.transaction(tenant_id) as session:
                claims = await outbox.claim(
                    session, tenant_id, now=services.clock.now(), limit=BATCH
                )
            if not claims:
                break
            await deliver(services, setup, claims)


async def deliver(services: Services, setup: Setup, claims: Sequence[Claim]) -> None:
    """Look at each once more, send them side by side with no transaction open, write it down."""
    prepared = [await _prepared(services, setup, each) for each in claims]
    ready = [each for each in prepared if each is not None]
    outcomes = await asyncio.gather(
        *(setup.carriers[each.channel].carry(each.parcel) for each in ready)
    )
    for each, outcome in zip(ready, outcomes, strict=True):
        await _closed(services, each, outcome)


async def _prepared(services: Services, setup: Setup, claim: Claim) -> Ready | None:
    try:
        async with services.database.transaction(claim.tenant_id) as session:
            return await outbox.prepare(
                session, services.settings, claim, setup.on, now=services.clock.now()
            )
    except Exception as error:  # noqa: BLE001 - One that fails must not hold up the others.
        _note(claim, error)
        return None


async def _closed(services: Services, ready: Ready, outcome: str | Trouble) -> None:
    share = secrets.randbelow(SPREAD) / SPREAD
    try:
        async with services.database.transaction(ready.claim.tenant_id) as session:
            counted = await outbox.close(
                session, ready, outcome, now=services.clock.now(), share=share
            )
    except Exception as error:  # noqa: BLE001 - It is sent again after its lease, with the same id.
        _note(ready.claim, error)
        return
    if counted is not None:
        record_reminders(channel=ready.channel, outcome=counted)


def _note(claim: Claim, error: Exception) -> None:
    get_logger().error(
        "reminder not delivered",
        action="reminder_not_delivered",
        tenant_id=str(claim.tenant_id),
        exc_info=error,
    )
