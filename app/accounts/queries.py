"""Reading declared accounts; every query starts at `visible_to`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.accounts.rules import AccountState
from app.core.errors import NotFound
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.platforms.base import Platform


def visible_to(caller: Caller) -> Select[Account]:
    """The accounts of the employees that a caller may see."""
    accounts = select(Account).where(Account.tenant_id == caller.tenant_id)
    if caller.unit_id is not None:
        seen = employees.visible_to(caller).with_only_columns(Employee.id)
        accounts = accounts.where(Account.employee_id.in_(seen))
    return accounts


async def get(session: AsyncSession, caller: Caller, account_id: UUID) -> Account:
    """One account.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    account = await session.scalar(visible_to(caller).where(Account.id == account_id))
    if account is None:
        raise NotFound
    return account


async def of_employee(
    session: AsyncSession, caller: Caller, employee_id: UUID
) -> Sequence[Account]:
    """An employee's accounts that are not retired, oldest first."""
    accounts = await session.scalars(
        visible_to(caller)
        .where(Account.employee_id == employee_id, Account.state != AccountState.RETIRED)
        .order_by(Account.id)
    )
    return accounts.all()


async def live_claim(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    platform: Platform,
    handle: str,
    platform_id: str | None,
) -> Account | None:
    """The live claim on this account by anyone of the tenant, whoever asks."""
    same = Account.handle == handle
    if platform_id is not None:
        same |= Account.platform_id == platform_id
    return await session.scalar(
        select(Account).where(
            Account.tenant_id == tenant_id,
            Account.platform == platform,
            Account.state.not_in([AccountState.CONTESTED, AccountState.RETIRED]),
            same,
        )
    )
