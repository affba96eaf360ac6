"""Later due dates of single members, granted by a named officer, and from when one can be late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries
from app.campaigns.models import Campaign, Extension
from app.campaigns.rules import due_at
from app.campaigns.schemas import DueDateExtensionIn
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.errors import FieldError, Invalid
from app.core.ids import new_id
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateCampaign
from app.jobs.queue import enqueue

DAY = timedelta(days=1)


class NotAMember(Invalid):
    """The employee is not on the campaign's roster."""


class ExtensionTooShort(Invalid):
    """An extension must end later than what the employee has already, and not in the past."""


# An extension counts from the moment it was granted: what was judged before stays as it was.
MEMBER = text("""
SELECT member.joined_on, member.added_by IS NOT NULL AS added, max(extension.due_on) AS due_on
FROM campaign_members AS member
LEFT JOIN extensions AS extension
  ON extension.tenant_id = member.tenant_id AND extension.campaign_id = member.campaign_id
 AND extension.employee_id = member.employee_id AND extension.granted_at <= :now
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND member.employee_id = :employee_id AND member.left_on IS NULL
GROUP BY member.joined_on, member.added_by
""")


async def due(
    session: AsyncSession, campaign: Campaign, employee_id: UUID, *, now: datetime
) -> datetime | None:
    """From when on a member can be late; None for who is not on the roster."""
    where = {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.id,
        "employee_id": employee_id,
        "now": now,
    }
    member = (await session.execute(MEMBER, where)).first()
    if member is None:
        return None
    return due_at(
        campaign.starts_at,
        timedelta(days=campaign.grace_days),
        joined_at=jakarta_midnight(member.joined_on) if member.added else None,
        extended_to=jakarta_midnight(member.due_on + DAY) if member.due_on else None,
    )


async def page(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    wanted: PageRequest,
    employee_id: UUID | None,
) -> Sequence[Extension]:
    """One page of a campaign's extensions for people the caller may see, and one row more."""
    await queries.get(session, caller, campaign_id)
    visible = employees.visible_to(caller).with_only_columns(Employee.id)
    extensions = select(Extension).where(
        Extension.tenant_id == caller.tenant_id,
        Extension.campaign_id == campaign_id,
        Extension.employee_id.in_(visible),
    )
    if employee_id is not None:
        extensions = extensions.where(Extension.employee_id == employee_id)
    if wanted.after is not None:
        extensions = extensions.where(Extension.id > wanted.after)
    return (await session.scalars(extensions.order_by(Extension.id).limit(wanted.limit + 1))).all()


async def grant(
    session: AsyncSession,
    caller: Caller,
    campaign_id: UUID,
    wanted: DueDateExtensionIn,
    *,
    now: datetime,
) -> Extension:
    """Give one member until the end of a day, from now on.

    Raises:
        NotFound: there is no such campaign.
        NotAMember: the employee is not on its roster.
        ExtensionTooShort: they have as much time already, or the day is over.
    """
    campaign = await queries.get(session, caller, campaign_id)
    due_now = await due(session, campaign, wanted.employee_id, now=now)
    if due_now is None:
        raise NotAMember(errors=[FieldError("/employee_id", "unknown", "not on the roster")])
    over = wanted.due_on < jakarta_day(now)
    if over or jakarta_midnight(wanted.due_on + DAY) <= due_now:
        raise ExtensionTooShort(errors=[FieldError("/due_on", "too_early", "choose a later day")])
    extension = Extension(
        tenant_id=caller.tenant_id,
        id=new_id(),
        campaign_id=campaign_id,
        granted_at=now,
        recorded_by=caller.actor,
        **wanted.model_dump(),
    )
    session.add(extension)
    record(
        session,
        ChangeKind.EXTENSION_GRANTED,
        extension.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        campaign_id=str(campaign_id),
        employee_id=str(wanted.employee_id),
        due_on=wanted.due_on.isoformat(),
    )
    await session.flush()
    cause = f"extension:{extension.id}"
    await enqueue(session, [EvaluateCampaign(caller.tenant_id, campaign_id, cause=cause)])
    return extension
