"""Reading plans and the history of reminders; a caller's queries start at a `visible_…` select."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import DutyKind
from app.compliance.models import VerdictRow
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.reminders.models import Reminder, ReminderPlan
from app.reminders.rules import Recipient, State


async def plan_of(
    session: AsyncSession, tenant_id: UUID, campaign_id: UUID, *, locked: bool = False
) -> ReminderPlan | None:
    """A campaign's plan, on wish locked; ask `campaigns.get` first whether it is seen."""
    wanted = select(ReminderPlan).where(
        ReminderPlan.tenant_id == tenant_id, ReminderPlan.campaign_id == campaign_id
    )
    return await session.scalar(wanted.with_for_update() if locked else wanted)


async def planned_campaigns(session: AsyncSession, tenant_id: UUID) -> Sequence[UUID]:
    """The campaigns whose plan is on, or of which a reminder still waits."""
    found = await session.scalars(
        text("""
        SELECT campaign_id FROM reminder_plans WHERE tenant_id = :tenant_id AND enabled
        UNION
        SELECT campaign_id FROM reminders WHERE tenant_id = :tenant_id AND finished_at IS NULL
        ORDER BY 1
        """),
        {"tenant_id": tenant_id},
    )
    return found.all()


def visible_reminders(caller: Caller, *, with_follows: bool) -> Select[Any]:
    """The reminders about the employees whom a caller may see, with the employee's name.

    A dispute takes a person out of every list; in a pause nothing is told of follows.
    """
    disputed = exists().where(
        VerdictRow.tenant_id == Reminder.tenant_id,
        VerdictRow.campaign_id == Reminder.campaign_id,
        VerdictRow.employee_id == Reminder.employee_id,
        VerdictRow.duty_kind == Reminder.duty_kind,
        VerdictRow.disputed.is_(True),
        Reminder.recipient == Recipient.EMPLOYEE,
    )
    seen = employees.visible_to(caller).with_only_columns(Employee.id)
    shown = (
        select(*Reminder.__table__.columns, Employee.name)
        .join(
            Employee,
            and_(Employee.tenant_id == Reminder.tenant_id, Employee.id == Reminder.employee_id),
        )
        .where(
            Reminder.tenant_id == caller.tenant_id,
            Reminder.employee_id.in_(seen),
            ~disputed,
        )
    )
    return shown if with_follows else shown.where(Reminder.duty_kind != DutyKind.FOLLOW)


async def page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    campaign_id: UUID | None,
    employee_id: UUID | None,
    state: State | None,
    with_follows: bool,
) -> Sequence[Row[Any]]:
    """One page and one row more, in order of id."""
    found = visible_reminders(caller, with_follows=with_follows)
    if campaign_id is not None:
        found = found.where(Reminder.campaign_id == campaign_id)
    if employee_id is not None:
        found = found.where(Reminder.employee_id == employee_id)
    if state is not None:
        found = found.where(Reminder.state == state)
    if wanted.after is not None:
        found = found.where(Reminder.id > wanted.after)
    rows = await session.execute(found.order_by(Reminder.id).limit(wanted.limit + 1))
    return list(rows)


async def counts(session: AsyncSession, tenant_id: UUID, campaign_id: UUID) -> Counter[str]:
    """A campaign's reminders by channel, state and what ended or failed them; nobody is named."""
    rows = await session.execute(
        select(Reminder.channel, Reminder.state, Reminder.stop_reason, Reminder.last_error).where(
            Reminder.tenant_id == tenant_id, Reminder.campaign_id == campaign_id
        )
    )
    return Counter(" ".join(str(each) for each in row if each is not None) for row in rows)
