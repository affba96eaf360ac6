"""Setting a campaign's reminder plan, previewing it, and telling what has been sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries as campaigns
from app.campaigns.models import DutyKind
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.compliance.small_units import hidden_cells
from app.core.etags import require_version
from app.employees import queries as employees
from app.employees.service import told_nip
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.jobs.kinds import PlanReminders
from app.jobs.queue import enqueue
from app.reminders import queries
from app.reminders.channels import Setup
from app.reminders.models import ReminderPlan
from app.reminders.outlook import Outlook, look, take_turns
from app.reminders.rules import Recipient, is_quiet
from app.reminders.schemas import PlanIn, PlanOut, PreviewOut, QuietHours, ReminderOut, Waiting

NO_CHANNEL = "no channel configured"
WOULD = "would_remind"
# What a plan is before anybody has set one.
USUAL = PlanIn.model_validate({"enabled": False, "set_by": "nobody"})


def _fields(wanted: PlanIn) -> dict[str, Any]:
    """A plan as the columns of its row, besides who set it and when."""
    return {
        **wanted.model_dump(exclude={"quiet", "set_by", "duties", "channels"}),
        "duties": [each.value for each in wanted.duties],
        "channels": [each.value for each in wanted.channels],
        "quiet_from": wanted.quiet.starts,
        "quiet_until": wanted.quiet.ends,
        "quiet_weekends": wanted.quiet.weekends,
        "holidays": sorted(set(wanted.quiet.holidays)),
    }


async def put_plan(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    wanted: PlanIn,
    *,
    expected: int,
    now: datetime,
) -> ReminderPlan:
    """Set a campaign's plan; what changes counts from now on, and never for what has passed.

    Raises:
        NotFound: there is no such campaign.
        PreconditionFailed: somebody else has set it meanwhile.
    """
    await campaigns.get(session, caller, campaign_id)
    row = await queries.plan_of(session, caller.tenant_id, campaign_id, locked=True)
    require_version(row.version if row is not None else 0, expected)
    fields = _fields(wanted)
    if row is None:
        row = ReminderPlan(tenant_id=caller.tenant_id, campaign_id=campaign_id, version=0)
        session.add(row)
    elif all(getattr(row, name) == value for name, value in fields.items()):
        return row
    changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
    said = {"set_by": wanted.set_by, "set_at": now, "recorded_by": caller.actor}
    for name, value in {**fields, **said, "counts_from": now, "version": row.version + 1}.items():
        setattr(row, name, value)
    record(
        session,
        ChangeKind.REMINDER_PLAN_CHANGED,
        campaign_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        fields=changed,
        enabled=wanted.enabled,
    )
    await session.flush()
    cause = f"plan:{row.version}"
    await enqueue(session, [PlanReminders(caller.tenant_id, campaign_id, cause=cause)])
    return row


async def plan(session: AsyncSession, caller: Caller, campaign_id: UUID) -> PlanOut:
    """A campaign's plan; one that nobody has set is off, and has the usual values.

    Raises:
        NotFound: there is no such campaign.
    """
    await campaigns.get(session, caller, campaign_id)
    row = await queries.plan_of(session, caller.tenant_id, campaign_id)
    return shown(campaign_id, row)


def shown(campaign_id: UUID, row: ReminderPlan | None) -> PlanOut:
    """A plan as the API answers it."""
    if row is None:
        rest = {"counts_from": None, "set_by": None, "set_at": None, "version": 0}
        return PlanOut(campaign_id=campaign_id, **{**USUAL.model_dump(), **rest})
    return PlanOut(
        campaign_id=campaign_id,
        enabled=row.enabled,
        duties=[DutyKind(each) for each in row.duties],
        channels=row.channels,
        first_from=row.first_from,
        first_after_days=row.first_after_days,
        every_days=row.every_days,
        at_most=row.at_most,
        escalate_after=row.escalate_after,
        ahead_of_due=row.ahead_of_due,
        quiet=QuietHours(
            starts=row.quiet_from,
            ends=row.quiet_until,
            weekends=row.quiet_weekends,
            holidays=row.holidays,
        ),
        language=row.language,
        counts_from=row.counts_from,
        set_by=row.set_by,
        set_at=row.set_at,
        version=row.version,
    )


async def preview(
    session: AsyncSession, caller: Caller, campaign_id: UUID, setup: Setup, *, now: datetime
) -> PreviewOut:
    """How many would be reminded now, and how many not and why; a plan that is off, as if on.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await campaigns.get(session, caller, campaign_id)
    row = await queries.plan_of(session, caller.tenant_id, campaign_id)
    stored = row or _usual(campaign_id, caller, now)
    outlook = await look(session, campaign, stored, now=now)
    if not outlook.plan.enabled:
        outlook.plan = replace(outlook.plan, enabled=True, counts_from=now)
    take_turns(outlook, setup.on, now=now)
    faults = setup.faults if setup.faults or setup.on else (NO_CHANNEL,)
    return PreviewOut(
        campaign_id=campaign_id,
        enabled=row is not None and row.enabled,
        channels_on=sorted(setup.on),
        note=" ".join(faults) or None,
        quiet_now=is_quiet(outlook.plan.quiet, now),
        next_at=outlook.next_at,
        groups=_groups(caller, outlook),
    )


def _usual(campaign_id: UUID, caller: Caller, now: datetime) -> ReminderPlan:
    return ReminderPlan(
        tenant_id=caller.tenant_id,
        campaign_id=campaign_id,
        counts_from=now,
        **_fields(USUAL),
    )


def _groups(caller: Caller, outlook: Outlook) -> list[Waiting]:
    reminded = {
        duty: sum(whose[0] is Recipient.EMPLOYEE and whose[3] is duty for whose in outlook.turns)
        for duty in outlook.withheld
    }
    groups = [
        _group(caller, Recipient.EMPLOYEE, duty, reminded[duty], outlook.withheld[duty])
        for duty in sorted(outlook.withheld)
    ]
    if outlook.plan.escalate_after is not None:
        digests = sum(whose[0] is Recipient.HEAD for whose in outlook.turns)
        groups.append(
            _group(caller, Recipient.HEAD, DutyKind.DECLARE, digests, outlook.digests_withheld)
        )
    return groups


def _group(
    caller: Caller, recipient: Recipient, duty: DutyKind, reminded: int, withheld: Any
) -> Waiting:
    """Counts of few people are told to those who keep the registry only."""
    cells = {WOULD: reminded, **{str(why): number for why, number in withheld.items()}}
    hidden = frozenset[str]() if caller.keeps_registry else hidden_cells(cells)
    return Waiting(
        recipient=recipient,
        duty=duty,
        would_remind=None if WOULD in hidden else reminded,
        withheld={
            why: None if str(why) in hidden else number for why, number in sorted(withheld.items())
        },
        suppressed=bool(hidden),
    )


async def shown_reminders(
    session: AsyncSession, caller: Caller, rows: Sequence[Row[Any]]
) -> list[ReminderOut]:
    """Reminders as this caller may see them."""
    ids = [row.employee_id for row in rows]
    nips = await employees.nips_of(session, caller.tenant_id, ids)
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes
    return [
        ReminderOut(
            id=row.id,
            campaign_id=row.campaign_id,
            recipient=row.recipient,
            employee_id=row.employee_id,
            name=row.name,
            nip=told_nip(nips.get(row.employee_id), masked=masked),
            nip_masked=masked,
            unit_id=row.unit_id,
            duty=row.duty_kind,
            channel=row.channel,
            number=row.number,
            planned_for=row.planned_for,
            state=row.state,
            stop_reason=row.stop_reason,
            attempts=row.attempts,
            last_error=row.last_error,
            message_id=row.message_id,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
