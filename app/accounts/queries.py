"""Reading declared accounts; every query starts at `visible_to`."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountCheck
from app.accounts.rules import AccountState, finds
from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.platforms.base import ExistenceState, Platform

A_MOMENT = timedelta(microseconds=1)
# The same moment as `service.attestation_due`, for statements that call their accounts `account`.
ATTESTATION_DUE = """(account.attested_at AT TIME ZONE 'Asia/Jakarta' + interval '6 months')
    AT TIME ZONE 'Asia/Jakarta'"""
# The answers of a check that found the account under the handle it had.
FINDING = ", ".join(f"'{state.value}'" for state in ExistenceState if finds(state))
DUE = f"""
SELECT account.id FROM accounts AS account
WHERE account.tenant_id = :tenant_id AND {ATTESTATION_DUE} <= :due_by
"""  # noqa: S608 - Only the constant above is put into the statement.


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


async def page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    attestation_due_by: datetime | None,
) -> Sequence[Account]:
    """One page and one row more, in order of id; on wish those whose attestation is due by then."""
    accounts = visible_to(caller).order_by(Account.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        accounts = accounts.where(Account.id > wanted.after)
    if attestation_due_by is not None:
        accounts = accounts.where(
            Account.state.not_in([AccountState.CONTESTED, AccountState.RETIRED]),
            Account.id.in_(
                text(DUE)
                .bindparams(tenant_id=caller.tenant_id, due_by=attestation_due_by)
                .columns(Account.id)
            ),
        )
    return (await session.scalars(accounts)).all()


async def owners(
    session: AsyncSession, tenant_id: UUID, account_ids: Collection[UUID]
) -> Sequence[UUID]:
    """The employees who have declared these accounts."""
    found = await session.scalars(
        select(Account.employee_id)
        .where(Account.tenant_id == tenant_id, Account.id.in_(account_ids))
        .distinct()
    )
    return found.all()


async def live_claims(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    platform: Platform,
    handle: str,
    platform_id: str | None,
) -> Sequence[Account]:
    """The live claims on this account by anyone of the tenant, whoever asks, oldest first."""
    same = Account.handle == handle
    if platform_id is not None:
        same |= Account.platform_id == platform_id
    claims = await session.scalars(
        select(Account)
        .where(
            Account.tenant_id == tenant_id,
            Account.platform == platform,
            Account.state.not_in([AccountState.CONTESTED, AccountState.RETIRED]),
            same,
        )
        .order_by(Account.declared_at, Account.id)
    )
    return claims.all()


async def days_missed(session: AsyncSession, account: Account) -> Sequence[date]:
    """The days of the checks that did not find an account since one last did otherwise."""
    of_account = (
        AccountCheck.tenant_id == account.tenant_id,
        AccountCheck.account_id == account.id,
    )
    # A check without a clear answer neither found it nor missed it.
    unclear = (ExistenceState.MISSING, ExistenceState.AMBIGUOUS, ExistenceState.BLOCKED)
    last_other = (
        select(func.max(AccountCheck.checked_at))
        .where(*of_account, AccountCheck.state.not_in(unclear))
        .scalar_subquery()
    )
    days = await session.scalars(
        select(AccountCheck.day)
        .where(
            *of_account,
            AccountCheck.state == ExistenceState.MISSING,
            # A corrected handle is declared anew, and was looked for in vain by its old name only.
            AccountCheck.checked_at >= account.declared_at,
            AccountCheck.checked_at > func.coalesce(last_other, account.declared_at - A_MOMENT),
        )
        .distinct()
    )
    return days.all()


async def checks(
    session: AsyncSession, account_id: UUID, tenant_id: UUID, wanted: PageRequest
) -> Sequence[AccountCheck]:
    """One page of an account's checks and one row more, newest first."""
    found = (
        select(AccountCheck)
        .where(AccountCheck.tenant_id == tenant_id, AccountCheck.account_id == account_id)
        .order_by(AccountCheck.id.desc())
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        found = found.where(AccountCheck.id < wanted.after)
    return (await session.scalars(found)).all()
