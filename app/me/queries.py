"""Reading what is kept of one employee, for that employee."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.campaigns.models import Campaign, CampaignMember
from app.core.errors import NotFound
from app.core.paging import HasId, PageRequest
from app.identity.models import ApiKey, User
from app.identity.scopes import Role
from app.me.access import Own
from app.work_units.models import WorkUnit

AT_ONCE = 200
Item = TypeVar("Item", bound=HasId)


async def own_account(session: AsyncSession, own: Own, account_id: UUID) -> Account:
    """One of the employee's own accounts.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    account = await accounts.get(session, own.caller, account_id)
    if account.employee_id != own.employee_id:
        raise NotFound
    return account


async def counted_in(session: AsyncSession, own: Own) -> Sequence[RowMapping]:
    """The campaigns that have the employee on their roster, oldest first."""
    found = await session.execute(
        select(
            Campaign.id.label("campaign_id"),
            Campaign.title,
            Campaign.legal_basis,
            Campaign.document_number,
            Campaign.starts_at,
            Campaign.ends_at,
        )
        .join(
            CampaignMember,
            (CampaignMember.tenant_id == Campaign.tenant_id)
            & (CampaignMember.campaign_id == Campaign.id),
        )
        .where(
            CampaignMember.tenant_id == own.caller.tenant_id,
            CampaignMember.employee_id == own.employee_id,
        )
        .order_by(Campaign.id)
    )
    return found.mappings().all()


async def unit_name(session: AsyncSession, own: Own, unit_id: UUID) -> str:
    """What the employee's unit is called."""
    named = select(WorkUnit.name).where(
        WorkUnit.tenant_id == own.caller.tenant_id, WorkUnit.id == unit_id
    )
    return (await session.scalars(named)).one()


async def names_of_keys(
    session: AsyncSession, tenant_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, str]:
    """What the systems are called that call with these keys."""
    found = select(ApiKey.id, ApiKey.name).where(ApiKey.tenant_id == tenant_id, ApiKey.id.in_(ids))
    return {row.id: row.name for row in await session.execute(found)}


async def people_of_users(
    session: AsyncSession, tenant_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, tuple[Role, UUID | None]]:
    """The office of these users, and whom they are in the registry."""
    found = select(User.id, User.role, User.employee_id).where(
        User.tenant_id == tenant_id, User.id.in_(ids)
    )
    return {row.id: (row.role, row.employee_id) for row in await session.execute(found)}


async def whole(fetch: Callable[[PageRequest], Awaitable[Sequence[Item]]]) -> list[Item]:
    """Every page of a list, one after the other."""
    items: list[Item] = []
    after: UUID | None = None
    while True:
        rows = await fetch(PageRequest(after, AT_ONCE))
        items += rows[:AT_ONCE]
        if len(rows) <= AT_ONCE:
            return items
        after = items[-1].id
