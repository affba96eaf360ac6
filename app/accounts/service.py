"""Declaring, correcting, verifying and retiring accounts."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries
from app.accounts.models import Account
from app.accounts.rules import AccountState, state_on_declaration
from app.accounts.schemas import AccountIn, AccountOut, NormalizedOut
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import JAKARTA, jakarta_day
from app.core.errors import Conflict, FieldError, Invalid
from app.core.etags import require_version
from app.core.ids import new_id
from app.employees import queries as employees
from app.employees.models import Employee
from app.employees.rules import Declaration
from app.identity.rules import Caller
from app.platforms.base import Platform
from app.platforms.handles import HandleRefused, NormalizedAccount, normalize, profile_url

# Neutral on purpose: it says nothing of who else has declared the account.
NEEDS_VERIFICATION = "This account needs verification before it counts."


class AccountRefused(Invalid):
    """The text does not name an account."""


class AlreadyDeclared(Conflict):
    """This employee has already declared this account."""


class AttestationInFuture(Invalid):
    """The attestation is dated in the future."""


class ContestedNeedsDecision(Conflict):
    """This account needs a decision by an officer before it can be attested."""


def read_account(text: str, platform: Platform | None) -> NormalizedAccount:
    """What a pasted text means.

    Raises:
        AccountRefused: it names no account.
    """
    try:
        return normalize(text, platform)
    except HandleRefused as refusal:
        raise AccountRefused(
            errors=[FieldError("/account", refusal.code, str(refusal))]
        ) from refusal


def describe(text: AccountIn) -> NormalizedOut:
    """What a pasted text means, or why it was refused, without declaring anything."""
    try:
        found = normalize(text.account, text.platform)
    except HandleRefused as refusal:
        return NormalizedOut(
            platform=None,
            handle=None,
            platform_id=None,
            url=None,
            code=refusal.code,
            message=str(refusal),
        )
    return NormalizedOut(
        platform=found.platform,
        handle=found.handle,
        platform_id=found.platform_id,
        url=profile_url(found.platform, found.handle, found.platform_id),
        code=None,
        message=None,
    )


def shown(account: Account) -> AccountOut:
    """An account as the API answers it."""
    return AccountOut(
        id=account.id,
        employee_id=account.employee_id,
        platform=account.platform,
        handle=account.handle,
        platform_id=account.platform_id,
        url=profile_url(account.platform, account.handle, account.platform_id),
        state=account.state,
        notice=NEEDS_VERIFICATION if account.state is AccountState.CONTESTED else None,
        declared_at=account.declared_at,
        verified_at=account.verified_at,
        last_checked_at=account.last_checked_at,
        unseen_since=account.unseen_since,
        version=account.version,
    )


async def _state_for(
    session: AsyncSession, caller: Caller, found: NormalizedAccount, *, claimant: UUID
) -> AccountState:
    claims = await queries.live_claims(
        session,
        caller.tenant_id,
        platform=found.platform,
        handle=found.handle,
        platform_id=found.platform_id,
    )
    if any(claim.employee_id == claimant for claim in claims):
        raise AlreadyDeclared
    return state_on_declaration(claimed_by_other=bool(claims), attested=False)


async def declare(
    session: AsyncSession, caller: Caller, employee_id: UUID, wanted: AccountIn, *, now: datetime
) -> Account:
    """Declare an account of an employee; a second claimant's stands aside as `contested`.

    Raises:
        NotFound: there is no such employee.
        AccountRefused: the text names no account.
        AlreadyDeclared: the employee has it already.
    """
    employee = await employees.get(session, caller, employee_id)
    found = read_account(wanted.account, wanted.platform)
    account = Account(
        tenant_id=caller.tenant_id,
        id=new_id(),
        employee_id=employee_id,
        platform=found.platform,
        handle=found.handle,
        platform_id=found.platform_id,
        state=await _state_for(session, caller, found, claimant=employee_id),
        declared_at=now,
    )
    session.add(account)
    if employee.declaration is not Declaration.VERIFIED:
        employee.declaration = Declaration.DECLARED
    record(
        session,
        ChangeKind.ACCOUNT_DECLARED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        state=account.state,
    )
    await session.flush()
    return account


async def correct(
    session: AsyncSession,
    caller: Caller,
    account_id: UUID,
    text: str,
    *,
    expected: int,
    now: datetime,
) -> Account:
    """Give a declared account another handle on its platform; proof of ownership starts anew."""
    account = await queries.get(session, caller, account_id)
    require_version(account.version, expected)
    found = read_account(text, account.platform)
    account.state = await _state_for(session, caller, found, claimant=account.employee_id)
    account.handle, account.platform_id = found.handle, found.platform_id
    account.verified_at = account.verified_by = None
    account.declared_at = now
    # Under its new name it is another account, of which no check has told anything yet.
    account.last_checked_at = account.next_check_at = None
    account.platform_id_since = account.seen_since = account.unseen_since = None
    record(
        session,
        ChangeKind.ACCOUNT_UPDATED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        state=account.state,
    )
    await session.flush()
    return account


def attested_at(attested_on: date, now: datetime) -> datetime:
    """From when an attestation of a day holds: its last moment, or now while the day lasts.

    What was seen earlier on that day may have come before it, and must not count as coming after.
    """
    return min(datetime.combine(attested_on, time.max, JAKARTA).astimezone(UTC), now)


async def attest(
    session: AsyncSession, caller: Caller, account_id: UUID, attested_on: date, *, now: datetime
) -> Account:
    """Record an officer's attestation that the account is the employee's.

    Raises:
        ContestedNeedsDecision: two employees claim it.
        AttestationInFuture: the date has not come yet.
    """
    account = await queries.get(session, caller, account_id)
    if account.state in {AccountState.CONTESTED, AccountState.RETIRED}:
        raise ContestedNeedsDecision
    if attested_on > jakarta_day(now):
        raise AttestationInFuture(errors=[FieldError("/attested_on", "future", "in the future")])
    account.state = AccountState.VERIFIED
    account.verified_at = attested_at(attested_on, now)
    account.verified_by = caller.actor
    employee = await session.get_one(Employee, (caller.tenant_id, account.employee_id))
    employee.declaration = Declaration.VERIFIED
    record(
        session,
        ChangeKind.ACCOUNT_VERIFIED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    return account


async def retire(session: AsyncSession, caller: Caller, account_id: UUID, *, now: datetime) -> None:
    """Retire an account; what was seen of it stays as evidence of its time."""
    account = await queries.get(session, caller, account_id)
    if account.state is AccountState.RETIRED:
        return
    account.state = AccountState.RETIRED
    account.retired_at = now
    record(
        session,
        ChangeKind.ACCOUNT_RETIRED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    if not await queries.of_employee(session, caller, account.employee_id):
        employee = await session.get_one(Employee, (caller.tenant_id, account.employee_id))
        employee.declaration = Declaration.UNDECLARED
