"""Planning reminders into the outbox and stopping those whose reason is gone; twice is harmless."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.db import among
from app.core.ids import new_id
from app.core.metrics import record_reminders
from app.reminders import queries
from app.reminders.models import Reminder
from app.reminders.outlook import Outlook, ended, look, take_turns
from app.reminders.rules import Channel, State, Turn, Withheld
from app.reminders.situations import Whose

ACTOR = "worker:reminders"
BATCH = 1_000


async def plan_campaign(
    session: AsyncSession,
    tenant_id: UUID,
    campaign_id: UUID,
    on: frozenset[Channel],
    *,
    now: datetime,
) -> tuple[int, int]:
    """Stop what does not hold any more and plan whose turn it is; how many of each."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"reminders:{campaign_id}"},
    )
    campaign = await session.get(Campaign, (tenant_id, campaign_id))
    row = await queries.plan_of(session, tenant_id, campaign_id)
    if campaign is None or row is None:
        return 0, 0
    outlook = await look(session, campaign, row, now=now)
    take_turns(outlook, on, now=now)
    stopped = await _stop(session, campaign, outlook, now)
    planned = await _put(session, campaign, outlook.turns, now)
    for kind, counts in (
        (ChangeKind.REMINDERS_STOPPED, stopped),
        (ChangeKind.REMINDERS_PLANNED, planned),
    ):
        if counts:
            record(
                session,
                kind,
                campaign_id,
                tenant_id=tenant_id,
                actor=ACTOR,
                at=now,
                **{str(name): number for name, number in sorted(counts.items())},
            )
    await session.flush()
    return planned.total(), stopped.total()


async def _put(
    session: AsyncSession, campaign: Campaign, turns: Mapping[Whose, Turn], now: datetime
) -> Counter[str]:
    """Write turns into the outbox; one that is there already stays as it is."""
    rows = [
        {
            "tenant_id": campaign.tenant_id,
            "id": new_id(),
            "campaign_id": campaign.id,
            "recipient": recipient,
            "employee_id": employee_id,
            "unit_id": unit_id,
            "duty_kind": duty,
            "channel": found.channel,
            "number": found.number,
            "slot": found.slot,
            "planned_for": found.planned_for,
            "state": State.PLANNED,
            "next_attempt_at": found.planned_for,
            "created_at": now,
        }
        for (recipient, employee_id, unit_id, duty), found in turns.items()
    ]
    planned: Counter[str] = Counter()
    for begin in range(0, len(rows), BATCH):
        batch = rows[begin : begin + BATCH]
        written = await session.scalars(
            insert(Reminder).values(batch).on_conflict_do_nothing().returning(Reminder.channel)
        )
        planned.update(str(channel) for channel in written)
    return planned


async def _stop(
    session: AsyncSession, campaign: Campaign, outlook: Outlook, now: datetime
) -> Counter[str]:
    """End the waiting reminders whose reason is gone; one that is being sent ends by itself."""
    waiting = await session.execute(
        select(
            Reminder.id,
            Reminder.recipient,
            Reminder.employee_id,
            Reminder.unit_id,
            Reminder.duty_kind,
            Reminder.channel,
            Reminder.slot,
        )
        .where(
            Reminder.tenant_id == campaign.tenant_id,
            Reminder.campaign_id == campaign.id,
            Reminder.state == State.PLANNED,
        )
        .with_for_update(skip_locked=True)
    )
    groups: dict[tuple[Withheld, Channel], list[UUID]] = defaultdict(list)
    for row in waiting:
        whose = (row.recipient, row.employee_id, row.unit_id, row.duty_kind)
        why = ended(outlook, whose, row.channel, row.slot, now=now)
        if why is not None:
            groups[why, row.channel].append(row.id)
    stopped: Counter[str] = Counter()
    for (why, channel), ids in groups.items():
        await stop(session, campaign.tenant_id, ids, why, now=now)
        record_reminders(channel=channel, outcome="stopped", number=len(ids))
        stopped[str(why)] += len(ids)
    return stopped


async def stop(
    session: AsyncSession,
    tenant_id: UUID,
    reminder_ids: Sequence[UUID],
    why: Withheld,
    *,
    now: datetime,
) -> None:
    """End waiting reminders for a reason."""
    await session.execute(
        update(Reminder)
        .where(Reminder.tenant_id == tenant_id, among(Reminder.id, reminder_ids))
        .values(state=State.STOPPED, stop_reason=why, finished_at=now, lease_until=None)
        .execution_options(synchronize_session=False)
    )
