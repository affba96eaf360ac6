"""Job handlers that tell endpoints of changes; nothing is held open while a message travels."""

import secrets
from datetime import timedelta

from app.core.logs import get_logger
from app.core.metrics import record_webhook
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import DeliverAllWebhooks, DeliverWebhook
from app.jobs.queue import enqueue
from app.webhooks import outbox, queries
from app.webhooks.delivering import courier
from app.webhooks.outbox import Message
from app.webhooks.rules import DeliveryState, DeliveryTrouble
from app.webhooks.service import own_reach

SPREAD = 1_000
# One endpoint's job ends before the next minute's may begin.
AT_MOST = timedelta(seconds=55)


async def deliver_all_webhooks(services: Services, _: DeliverAllWebhooks) -> None:
    """Queue a job for every endpoint that has something to be told."""
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        async with services.database.transaction(tenant_id) as session:
            found = await queries.with_work(session, tenant_id, services.clock.now())
        async with services.database.system() as session:
            await enqueue(session, [DeliverWebhook(tenant_id, each) for each in found])


async def deliver_webhook(services: Services, job: DeliverWebhook) -> None:
    """Send one endpoint's messages, one after the other, until nothing is due."""
    until = services.clock.now() + AT_MOST
    async with courier(own_reach(services.settings), services.clock) as carrier:
        while services.clock.now() < until:
            async with services.database.transaction(job.tenant_id) as session:
                message = await outbox.claim(
                    session,
                    services.settings,
                    job.tenant_id,
                    job.endpoint_id,
                    now=services.clock.now(),
                )
            if message is None:
                return
            await _closed(services, message, await carrier.carry(message))


async def _closed(services: Services, message: Message, outcome: int | DeliveryTrouble) -> None:
    share = secrets.randbelow(SPREAD) / SPREAD
    async with services.database.transaction(message.tenant_id) as session:
        state = await outbox.close(session, message, outcome, now=services.clock.now(), share=share)
    if state is None:
        return
    record_webhook(outcome="put_off" if state is DeliveryState.WAITING else state)
    if state is DeliveryState.DEAD:
        get_logger().warning(
            "webhook message given up",
            action="webhook_dead",
            tenant_id=str(message.tenant_id),
            endpoint_id=str(message.endpoint_id),
        )
