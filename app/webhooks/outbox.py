"""The outbox: changes are lined up with the place of the feed moved on, claimed, and closed.

Lining up and moving on are one transaction, so a change is neither lost nor lined up twice. A
message stays as it is while it travels; if the worker dies, it is sent again under the same id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.chain import Look, note_look
from app.changes.kinds import ChangeKind
from app.changes.models import EntryKind
from app.changes.service import record
from app.core.crypto import KeyringUnusable, Undecryptable, keys_of
from app.core.ids import new_id
from app.feed import queries as feed
from app.feed.rules import TOLD_KINDS, Position, before, subject_of
from app.settings import Settings
from app.webhooks import queries
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.rules import (
    DeliveryState,
    DeliveryTrouble,
    Disabled,
    next_attempt,
    trouble_of,
    wanted_kinds,
)
from app.webhooks.sealing import opened

# Longer than any delivery may take, so that a lease outlives its work.
LEASE = timedelta(minutes=2)
AT_ONCE = 100
ACTOR = "worker:webhooks"
OPERATION = "deliver_webhook"
OF_A_PERSON = "employee"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that this worker may send; whoever claims the endpoint later has another claim."""

    tenant_id: UUID
    endpoint_id: UUID
    claim: UUID
    id: UUID
    kind: str
    change: int
    subject_id: UUID
    at: datetime
    url: str = field(repr=False)
    # None where they cannot be read.
    secrets: Sequence[str] | None = field(repr=False)


async def claim(
    session: AsyncSession, settings: Settings, tenant_id: UUID, endpoint_id: UUID, *, now: datetime
) -> Message | None:
    """The message whose turn it is, for this worker alone; None where nothing is due."""
    endpoint = await session.scalar(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.tenant_id == tenant_id, WebhookEndpoint.id == endpoint_id)
        .with_for_update(skip_locked=True)
    )
    if endpoint is None or endpoint.disabled is not None:
        return None
    if endpoint.busy_until is not None and endpoint.busy_until > now:
        return None
    first = await queries.first_waiting(session, endpoint)
    if first is None:
        await _line_up(session, endpoint, now)
        first = await queries.first_waiting(session, endpoint)
    if first is None or first.next_attempt_at > now:
        return None
    endpoint.claim, endpoint.busy_until = new_id(), now + LEASE
    first.attempts += 1
    first.first_attempt_at = first.first_attempt_at or now
    first.last_attempt_at = now
    await session.flush()
    return _message(settings, endpoint, endpoint.claim, first, now)


def _message(
    settings: Settings,
    endpoint: WebhookEndpoint,
    claimed: UUID,
    delivery: WebhookDelivery,
    now: datetime,
) -> Message:
    secrets: Sequence[str] | None
    try:
        secrets = opened(keys_of(settings), endpoint, now)
    except (KeyringUnusable, Undecryptable):
        secrets = None
    return Message(
        endpoint.tenant_id,
        endpoint.id,
        claimed,
        delivery.id,
        delivery.kind,
        delivery.sequence,
        delivery.subject_id,
        delivery.at,
        endpoint.url,
        secrets,
    )


async def _line_up(session: AsyncSession, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Make messages of the next changes, and have the endpoint stand behind the last of them."""
    # First the horizon: what the second statement sees of older transactions is then whole.
    horizon = await feed.horizon(session)
    after = Position(endpoint.position_transaction, endpoint.position_sequence)
    if after > before(horizon):
        disable(session, endpoint, Disabled.RESTORED, ACTOR, now)
        await session.flush()
        return
    rows = await feed.changes(
        session,
        endpoint.tenant_id,
        after,
        horizon=horizon,
        kinds=wanted_kinds(endpoint.kinds, TOLD_KINDS),
        limit=AT_ONCE,
    )
    session.add_all(_waiting(endpoint, row, now) for row in rows)
    full = len(rows) == AT_ONCE
    reached = Position(int(rows[-1].transaction), rows[-1].sequence) if full else before(horizon)
    endpoint.position_transaction, endpoint.position_sequence = (
        reached.transaction,
        reached.sequence,
    )
    people = [row.subject_id for row in rows if subject_of(ChangeKind(row.kind)) == OF_A_PERSON]
    if people:
        actor = f"webhook:{endpoint.id}"
        look = Look(EntryKind.EXPORT, OPERATION, actor, now, people, endpoint.id)
        note_look(session, endpoint.tenant_id, look)
    await session.flush()


def _waiting(endpoint: WebhookEndpoint, row: Row[Any], now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        tenant_id=endpoint.tenant_id,
        endpoint_id=endpoint.id,
        transaction=int(row.transaction),
        sequence=row.sequence,
        kind=row.kind,
        subject_id=row.subject_id,
        at=row.at,
        state=DeliveryState.WAITING,
        next_attempt_at=now,
    )


async def close(
    session: AsyncSession,
    message: Message,
    outcome: int | DeliveryTrouble,
    *,
    now: datetime,
    share: float,
) -> DeliveryState | None:
    """Write down how it went: a status or a trouble; None where another worker has taken over."""
    endpoint = await session.scalar(
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.tenant_id == message.tenant_id,
            WebhookEndpoint.id == message.endpoint_id,
            WebhookEndpoint.claim == message.claim,
        )
        .with_for_update()
    )
    if endpoint is None:
        return None
    endpoint.claim = endpoint.busy_until = None
    delivery = await session.get_one(WebhookDelivery, (message.tenant_id, message.id))
    delivery.status = outcome if isinstance(outcome, int) else None
    delivery.trouble = trouble_of(outcome) if isinstance(outcome, int) else outcome
    if delivery.trouble is None:
        delivery.state, delivery.finished_at = DeliveryState.DELIVERED, now
    elif delivery.trouble is DeliveryTrouble.GONE:
        # It waits for an officer who enables the endpoint again, and nothing behind it is lost.
        disable(session, endpoint, Disabled.GONE, ACTOR, now)
    else:
        _put_off(delivery, now, share)
    await session.flush()
    return delivery.state


def _put_off(delivery: WebhookDelivery, now: datetime, share: float) -> None:
    following = next_attempt(delivery.attempts, delivery.first_attempt_at or now, now, share)
    if following is None:
        delivery.state, delivery.finished_at = DeliveryState.DEAD, now
    else:
        delivery.next_attempt_at = following


def disable(
    session: AsyncSession, endpoint: WebhookEndpoint, why: Disabled, actor: str, now: datetime
) -> None:
    """Send nothing more to an endpoint; its place and what waits stay."""
    endpoint.disabled = why
    record(
        session,
        ChangeKind.WEBHOOK_DISABLED,
        endpoint.id,
        tenant_id=endpoint.tenant_id,
        actor=actor,
        at=now,
        reason=why,
    )


async def restart(
    session: AsyncSession, tenant_id: UUID, delivery_ids: Sequence[UUID], now: datetime
) -> None:
    """Let messages be sent again, under the same ids and in their order, as if for the first."""
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.tenant_id == tenant_id, WebhookDelivery.id.in_(delivery_ids))
        .values(
            state=DeliveryState.WAITING,
            attempts=0,
            first_attempt_at=None,
            next_attempt_at=now,
            finished_at=None,
        )
    )
