"""The outbox: reminders are claimed under a lease, looked at once more, and closed by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.contacts import queries as contacts
from app.contacts.sealing import opened
from app.core.crypto import KeyringUnusable, Undecryptable, keys_of
from app.official_accounts.models import OfficialAccount
from app.reminders import queries
from app.reminders.letters import Kind, Language, Letter, Parcel, kind_of, written
from app.reminders.models import Reminder, ReminderPlan
from app.reminders.outlook import Outlook, ended, look
from app.reminders.planning import ACTOR, stop
from app.reminders.rules import (
    MAX_ATTEMPTS,
    Channel,
    Quiet,
    State,
    Trouble,
    Withheld,
    after_failure,
    is_quiet,
    next_allowed,
)
from app.reminders.situations import Member, below
from app.settings import Settings
from app.work_units.models import WorkUnit

# Longer than any delivery may take, so that a lease outlives its work.
LEASE = timedelta(minutes=5)

# A worker that died has left its reminders as `sending`; they are taken over after the lease.
# The rows are chosen once: a plain sub-query may be run again for each row, and take too many.
CLAIM = text("""
WITH due AS MATERIALIZED (
    SELECT id FROM reminders
    WHERE tenant_id = :tenant_id AND finished_at IS NULL AND next_attempt_at <= :now
      AND (lease_until IS NULL OR lease_until < :now)
    ORDER BY next_attempt_at, id LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
UPDATE reminders AS reminder
SET state = 'sending', lease_until = :lease_until, epoch = reminder.epoch + 1
FROM due WHERE reminder.tenant_id = :tenant_id AND reminder.id = due.id
RETURNING reminder.id, reminder.epoch
""")


@dataclass(frozen=True, slots=True)
class Claim:
    """A reminder that this worker may send; whoever claims it later has a larger epoch."""

    tenant_id: UUID
    id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A parcel to be carried, by which channel, and what is needed once it has been tried."""

    claim: Claim
    channel: Channel
    parcel: Parcel
    attempts: int
    quiet: Quiet


async def claim(
    session: AsyncSession, tenant_id: UUID, *, now: datetime, limit: int
) -> Sequence[Claim]:
    """Take reminders that are due; nobody else gets them while the lease lasts."""
    rows = await session.execute(
        CLAIM,
        {"tenant_id": tenant_id, "now": now, "lease_until": now + LEASE, "limit": limit},
    )
    return [Claim(tenant_id, row.id, row.epoch) for row in rows]


async def prepare(
    session: AsyncSession,
    settings: Settings,
    claimed: Claim,
    on: frozenset[Channel],
    *,
    now: datetime,
) -> Ready | None:
    """Look once more whether the reason holds, and write the letter; None where none is to go.

    What is not to go is stopped, or put back until it may.
    """
    reminder = await held(session, claimed)
    if reminder is None:
        return None
    campaign = await session.get_one(Campaign, (claimed.tenant_id, reminder.campaign_id))
    row = await queries.plan_of(session, claimed.tenant_id, reminder.campaign_id)
    assert row is not None
    outlook = await _look_again(session, campaign, row, reminder, now)
    whose = (reminder.recipient, reminder.employee_id, reminder.unit_id, reminder.duty_kind)
    why = ended(outlook, whose, reminder.channel, reminder.slot, now=now)
    if why is not None:
        await _stopped(session, reminder, why, now)
        return None
    if is_quiet(outlook.plan.quiet, now):
        _put_back(reminder, next_allowed(outlook.plan.quiet, now))
        await session.flush()
        return None
    to = await _address(session, settings, reminder, on)
    if isinstance(to, Withheld):
        await _stopped(session, reminder, to, now)
        return None
    reminder.attempts += 1
    # A worker may have died at the last attempt, and left no word of how it went.
    worn_out = reminder.attempts > MAX_ATTEMPTS
    if isinstance(to, Trouble) or worn_out:
        trouble = to if isinstance(to, Trouble) else Trouble.BROKE_OFF
        failed(reminder, trouble, outlook.plan.quiet, now=now, share=0)
        await session.flush()
        return None
    letter = await _letter(session, campaign, reminder, row, outlook, now)
    await session.flush()
    parcel = Parcel(
        id=str(reminder.id),
        campaign_id=str(campaign.id),
        created_at=reminder.created_at,
        to=to,
        text=written(letter),
    )
    return Ready(claimed, reminder.channel, parcel, reminder.attempts, outlook.plan.quiet)


async def _look_again(
    session: AsyncSession,
    campaign: Campaign,
    row: ReminderPlan,
    reminder: Reminder,
    now: datetime,
) -> Outlook:
    """The facts that one reminder rests on: those of the employee, or of all below a head."""
    among: Sequence[UUID] = [reminder.employee_id]
    if reminder.unit_id is not None:
        among = await below(session, campaign, reminder.unit_id)
    return await look(session, campaign, row, now=now, among=among)


async def held(session: AsyncSession, claimed: Claim) -> Reminder | None:
    """A reminder, locked, as long as this worker's claim on it stands."""
    return await session.scalar(
        select(Reminder)
        .where(
            Reminder.tenant_id == claimed.tenant_id,
            Reminder.id == claimed.id,
            Reminder.epoch == claimed.epoch,
            Reminder.state == State.SENDING,
        )
        .with_for_update()
    )


def _put_back(reminder: Reminder, until: datetime) -> None:
    reminder.state, reminder.lease_until, reminder.next_attempt_at = State.PLANNED, None, until


async def _stopped(session: AsyncSession, reminder: Reminder, why: Withheld, now: datetime) -> None:
    await stop(session, reminder.tenant_id, [reminder.id], why, now=now)
    record(
        session,
        ChangeKind.REMINDERS_STOPPED,
        reminder.campaign_id,
        tenant_id=reminder.tenant_id,
        actor=ACTOR,
        at=now,
        **{str(why): 1},
    )
    await session.flush()


async def _address(
    session: AsyncSession, settings: Settings, reminder: Reminder, on: frozenset[Channel]
) -> str | Trouble | Withheld:
    """Where a reminder goes, or why it cannot go now, or never."""
    if reminder.channel not in on:
        return Trouble.CHANNEL_OFF
    row = await contacts.contact_of(session, reminder.tenant_id, reminder.employee_id)
    if row is None:
        return Withheld.NO_ADDRESS
    try:
        addresses = opened(keys_of(settings), row)
    except (KeyringUnusable, Undecryptable):
        return Trouble.ADDRESS_UNREADABLE
    to = addresses.email if reminder.channel is Channel.EMAIL else addresses.phone
    return to if to is not None else Withheld.NO_ADDRESS


async def _letter(
    session: AsyncSession,
    campaign: Campaign,
    reminder: Reminder,
    row: ReminderPlan,
    outlook: Outlook,
    now: datetime,
) -> Letter:
    shared: dict[str, Any] = {
        "language": Language(row.language),
        "title": campaign.title,
        "legal_basis": campaign.legal_basis,
        "document_number": campaign.document_number,
    }
    if reminder.unit_id is not None:
        unit = await session.get_one(WorkUnit, (reminder.tenant_id, reminder.unit_id))
        people = outlook.unanswered[reminder.unit_id, reminder.employee_id]
        # Names go by the government's own mail server only, and through no gateway.
        names = sorted(each.name for each in people) if reminder.channel is Channel.EMAIL else ()
        return Letter(
            Kind.DIGEST, due_at=now, unit=unit.name, people=len(people), names=names, **shared
        )
    member = outlook.members[reminder.employee_id]
    due_at = member.situations[reminder.duty_kind].due_at
    return Letter(
        kind_of(reminder.duty_kind, ahead=now < due_at),
        due_at=due_at,
        official_accounts=await _unconfirmed(session, reminder.tenant_id, member),
        **shared,
    )


async def _unconfirmed(session: AsyncSession, tenant_id: UUID, member: Member) -> Sequence[str]:
    rows = await session.execute(
        select(OfficialAccount.name, OfficialAccount.platform)
        .where(OfficialAccount.tenant_id == tenant_id, OfficialAccount.id.in_(member.unconfirmed))
        .order_by(OfficialAccount.name)
    )
    return [f"{row.name} ({row.platform})" for row in rows]


async def close(
    session: AsyncSession, ready: Ready, outcome: str | Trouble, *, now: datetime, share: float
) -> str | None:
    """Write down what came of an attempt; what it counts as, None where the claim was lost."""
    reminder = await held(session, ready.claim)
    if reminder is None:
        return None
    if isinstance(outcome, Trouble):
        counted = failed(reminder, outcome, ready.quiet, now=now, share=share)
    else:
        reminder.state, reminder.finished_at, reminder.lease_until = State.SENT, now, None
        reminder.message_id, reminder.last_error = outcome, None
        counted = State.SENT.value
    await session.flush()
    return counted


def failed(
    reminder: Reminder, trouble: Trouble, quiet: Quiet, *, now: datetime, share: float
) -> str:
    """End a reminder or put it back for another attempt; what the attempt counts as."""
    reminder.last_error, reminder.lease_until = trouble, None
    followed = after_failure(trouble, reminder.attempts, quiet=quiet, now=now, share=share)
    if isinstance(followed, State):
        reminder.state, reminder.finished_at = followed, now
        return followed.value
    _put_back(reminder, followed)
    return "retried"
