"""Job handlers that judge campaigns, and the one that prunes."""

from datetime import timedelta

from sqlalchemy import text

from app.campaigns import queries as campaigns
from app.compliance import service as compliance
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import EvaluateAll, EvaluateCampaign, EvaluateTenant, Prune

KEEP_ANSWERS = timedelta(days=2)
KEEP_QUEUE_LOG = timedelta(days=7)
KEEP_MESSAGES = timedelta(days=30)

PRUNE_SYSTEM = (
    "DELETE FROM pgqueuer_log WHERE created < now() - CAST(:log AS interval)",
    "DELETE FROM pgqueuer_statistics WHERE created < now() - CAST(:log AS interval)",
    "DELETE FROM cron_slots WHERE fired_at < now() - CAST(:log AS interval)",
    # A budget that is full again, and a breaker that has long been quiet, say nothing any more.
    (
        "DELETE FROM platform_budgets WHERE drawn_at < now() - CAST(:log AS interval)"
        " AND busy_until < now() AND coalesce(paused_until, window_ends_at, busy_until) < now()"
    ),
    "DELETE FROM platform_breakers WHERE failed_at < now() - CAST(:log AS interval)",
)
PRUNE_TENANT = (
    "DELETE FROM idempotency_records WHERE created_at < now() - CAST(:answers AS interval)",
    "DELETE FROM sign_in_links WHERE expires_at < now() - CAST(:answers AS interval)",
    "DELETE FROM web_sessions WHERE expires_at < now() - CAST(:answers AS interval)",
    "DELETE FROM webhook_deliveries WHERE finished_at < now() - CAST(:messages AS interval)",
)


async def evaluate_campaign(services: Services, job: EvaluateCampaign) -> None:
    """Judge one campaign."""
    async with services.database.transaction(job.tenant_id) as session:
        await compliance.evaluate(session, job.tenant_id, job.campaign_id, now=services.clock.now())


async def evaluate_tenant(services: Services, job: EvaluateTenant) -> None:
    """Judge a tenant's running campaigns, each in its own transaction."""
    async with services.database.transaction(job.tenant_id) as session:
        running = await campaigns.running(session, job.tenant_id, services.clock.now())
    for campaign_id in running:
        await evaluate_campaign(
            services, EvaluateCampaign(job.tenant_id, campaign_id, cause=job.cause)
        )


async def evaluate_all(services: Services, _: EvaluateAll) -> None:
    """Judge every tenant's running campaigns: evidence grows stale without any new fact."""
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        await evaluate_tenant(services, EvaluateTenant(tenant_id, cause="schedule"))


async def prune(services: Services, _: Prune) -> None:
    """Remove what has served its time."""
    async with services.database.system() as session:
        for statement in PRUNE_SYSTEM:
            await session.execute(text(statement), {"log": KEEP_QUEUE_LOG})
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        async with services.database.transaction(tenant_id) as session:
            for statement in PRUNE_TENANT:
                await session.execute(
                    text(statement), {"answers": KEEP_ANSWERS, "messages": KEEP_MESSAGES}
                )
