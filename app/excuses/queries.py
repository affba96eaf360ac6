"""Reading excuses; every query of a caller starts at `visible_to`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.models import Employee
from app.excuses.models import Excuse
from app.excuses.rules import Excusal
from app.identity.rules import Caller


def visible_to(caller: Caller) -> Select[Excuse]:
    """The excuses of the employees whom a caller may see."""
    excuses = select(Excuse).where(Excuse.tenant_id == caller.tenant_id)
    if caller.unit_id is not None:
        seen = employees.visible_to(caller).with_only_columns(Employee.id)
        excuses = excuses.where(Excuse.employee_id.in_(seen))
    return excuses


async def get(
    session: AsyncSession, caller: Caller, excuse_id: UUID, *, locked: bool = False
) -> Excuse:
    """One excuse, on wish locked to the end of the transaction.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    wanted = visible_to(caller).where(Excuse.id == excuse_id)
    excuse = await session.scalar(wanted.with_for_update() if locked else wanted)
    if excuse is None:
        raise NotFound
    return excuse


async def page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    campaign_id: UUID | None,
    employee_id: UUID | None,
) -> Sequence[Excuse]:
    """One page and one row more, in order of id; withdrawn ones too."""
    excuses = visible_to(caller).order_by(Excuse.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        excuses = excuses.where(Excuse.id > wanted.after)
    if campaign_id is not None:
        excuses = excuses.where(Excuse.campaign_id == campaign_id)
    if employee_id is not None:
        excuses = excuses.where(Excuse.employee_id == employee_id)
    return (await session.scalars(excuses)).all()


async def of_campaign(
    session: AsyncSession,
    tenant_id: UUID,
    campaign_id: UUID,
    *,
    employee_id: UUID | None = None,
) -> Mapping[UUID, Sequence[Excusal]]:
    """The excuses of a campaign as the rules see them, by employee; on wish those of one only."""
    found: dict[UUID, list[Excusal]] = defaultdict(list)
    wanted = select(
        Excuse.employee_id,
        Excuse.duty_id,
        Excuse.starts_on,
        Excuse.ends_on,
        Excuse.withdrawn_at,
    ).where(Excuse.tenant_id == tenant_id, Excuse.campaign_id == campaign_id)
    if employee_id is not None:
        wanted = wanted.where(Excuse.employee_id == employee_id)
    for row in await session.execute(wanted):
        withdrawn = row.withdrawn_at is not None
        excusal = Excusal(row.duty_id, row.starts_on, row.ends_on, withdrawn)
        found[row.employee_id].append(excusal)
    return found
