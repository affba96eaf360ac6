"""Reading endpoints and messages; every query of a caller starts at `visible_to`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import among
from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.rules import DeliveryState

# Endpoints for which something is due: a message that waits, or a change behind their place. Of
# whatever kind it is: a place that moves on keeps the next look short.
WITH_WORK = text("""
SELECT endpoint.id FROM webhook_endpoints AS endpoint
LEFT JOIN LATERAL (
    SELECT first.next_attempt_at FROM webhook_deliveries AS first
    WHERE first.tenant_id = endpoint.tenant_id AND first.endpoint_id = endpoint.id
      AND first.state = 'waiting'
    ORDER BY first.transaction, first.sequence LIMIT 1
) AS waiting ON true
WHERE endpoint.tenant_id = :tenant_id AND endpoint.disabled IS NULL
  AND (endpoint.busy_until IS NULL OR endpoint.busy_until <= :now)
  AND (waiting.next_attempt_at <= :now
       OR (waiting.next_attempt_at IS NULL AND EXISTS (
           SELECT 1 FROM changes AS change
           WHERE change.tenant_id = endpoint.tenant_id
             AND change.transaction >= CAST(CAST(endpoint.position_transaction AS text) AS xid8)
             AND (change.transaction > CAST(CAST(endpoint.position_transaction AS text) AS xid8)
                  OR change.sequence > endpoint.position_sequence)
             AND change.transaction < pg_snapshot_xmin(pg_current_snapshot())))
       OR endpoint.position_transaction
          >= CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint))
ORDER BY endpoint.id
""")


def visible_to(caller: Caller) -> Select[WebhookEndpoint]:
    """The endpoints of the caller's government."""
    return select(WebhookEndpoint).where(WebhookEndpoint.tenant_id == caller.tenant_id)


async def get(
    session: AsyncSession, caller: Caller, endpoint_id: UUID, *, locked: bool = False
) -> WebhookEndpoint:
    """One endpoint.

    Raises:
        NotFound: there is none.
    """
    found = visible_to(caller).where(WebhookEndpoint.id == endpoint_id)
    endpoint = await session.scalar(found.with_for_update() if locked else found)
    if endpoint is None:
        raise NotFound
    return endpoint


async def page(
    session: AsyncSession, caller: Caller, wanted: PageRequest
) -> Sequence[WebhookEndpoint]:
    """One page and one row more, in order of id."""
    found = visible_to(caller).order_by(WebhookEndpoint.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        found = found.where(WebhookEndpoint.id > wanted.after)
    return (await session.scalars(found)).all()


async def waiting(
    session: AsyncSession, tenant_id: UUID, endpoint_ids: Sequence[UUID]
) -> Mapping[UUID, int]:
    """How many messages wait for each of some endpoints."""
    found = await session.execute(
        select(WebhookDelivery.endpoint_id, func.count().label("waiting"))
        .where(
            WebhookDelivery.tenant_id == tenant_id,
            among(WebhookDelivery.endpoint_id, endpoint_ids),
            WebhookDelivery.state == DeliveryState.WAITING,
        )
        .group_by(WebhookDelivery.endpoint_id)
    )
    return {row.endpoint_id: row.waiting for row in found}


def of_endpoint(endpoint: WebhookEndpoint) -> Select[WebhookDelivery]:
    """The messages of an endpoint."""
    return select(WebhookDelivery).where(
        WebhookDelivery.tenant_id == endpoint.tenant_id, WebhookDelivery.endpoint_id == endpoint.id
    )


async def deliveries(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    wanted: PageRequest,
    state: DeliveryState | None,
) -> Sequence[WebhookDelivery]:
    """One page of an endpoint's messages and one row more, the newest first."""
    found = of_endpoint(endpoint).order_by(WebhookDelivery.id.desc()).limit(wanted.limit + 1)
    if wanted.after is not None:
        found = found.where(WebhookDelivery.id < wanted.after)
    if state is not None:
        found = found.where(WebhookDelivery.state == state)
    return (await session.scalars(found)).all()


async def first_waiting(session: AsyncSession, endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    """The message whose turn it is, due or not."""
    found = of_endpoint(endpoint).where(WebhookDelivery.state == DeliveryState.WAITING)
    in_order = found.order_by(WebhookDelivery.transaction, WebhookDelivery.sequence)
    return await session.scalar(in_order.limit(1))


async def with_work(session: AsyncSession, tenant_id: UUID, now: datetime) -> Sequence[UUID]:
    """The endpoints of a government for which there is something to do."""
    return (await session.scalars(WITH_WORK, {"tenant_id": tenant_id, "now": now})).all()
