"""The job handler that takes away what is kept of people when its time is over."""

from app.core.logs import get_logger
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import ApplyRetention
from app.privacy import retention


async def apply_retention(services: Services, _: ApplyRetention) -> None:
    """Apply the retention periods in every government; a person still needed waits."""
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        applied = await retention.apply(
            services.database, services.settings, services.clock, tenant_id
        )
        if applied:
            get_logger().info(
                "retention applied",
                action="retention_applied",
                tenant_id=str(tenant_id),
                rows=applied.erased + applied.archived + applied.previews,
            )
