"""Declared accounts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.accounts import queries, service
from app.accounts.schemas import (
    AccountCheckOut,
    AccountEdit,
    AccountIn,
    AccountOut,
    AccountsOut,
    NormalizeIn,
    NormalizeOut,
    VerificationIn,
)
from app.audit.looks import ReadingDep
from app.core.etags import ExpectedVersion, etag
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.employees import queries as employees
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.ACCOUNTS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.ACCOUNTS_WRITE))]


@router.get("/employees/{employee_id}/accounts")
async def list_accounts(
    employee_id: UUID,
    caller: MayRead,
    session: SessionDep,
    reading: ReadingDep,
) -> AccountsOut:
    """The accounts that an employee has declared."""
    await employees.get(session, caller, employee_id)
    accounts = await queries.of_employee(session, caller, employee_id)
    reading.of([employee_id])
    return AccountsOut(items=[service.shown(account) for account in accounts])


@router.post("/employees/{employee_id}/accounts", status_code=201, dependencies=[OnceDep])
async def declare_account(
    caller: MayWrite,
    employee_id: UUID,
    body: AccountIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> AccountOut:
    """Record an account that an employee declares, as people write its address."""
    account = await service.declare(session, caller, employee_id, body, now=services.clock.now())
    response.headers["ETag"] = etag(account.version)
    reading.of([employee_id])
    return service.shown(account)


@router.post("/accounts/normalize")
async def normalize_accounts(body: NormalizeIn, _: MayRead) -> NormalizeOut:
    """What pasted texts mean; nothing is stored and nothing is fetched."""
    return NormalizeOut(items=[service.describe(item) for item in body.items])


@router.get("/accounts")
async def list_all_accounts(
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
    *,
    attestation_due: Annotated[
        bool, Query(description="Only those whose owner must be attested anew by now")
    ] = False,
) -> Page[AccountOut]:
    """Accounts of everyone the caller may see, whatever their state."""
    due_by = services.clock.now() if attestation_due else None
    found, cursor = split_page(
        await queries.page(session, caller, page, attestation_due_by=due_by), page
    )
    reading.of(each.employee_id for each in found)
    return Page(items=[service.shown(account) for account in found], next=cursor)


@router.get("/accounts/{account_id}")
async def get_account(
    account_id: UUID,
    caller: MayRead,
    session: SessionDep,
    response: Response,
    reading: ReadingDep,
) -> AccountOut:
    """One declared account; its ETag is what a correction needs."""
    account = await queries.get(session, caller, account_id)
    response.headers["ETag"] = etag(account.version)
    reading.of([account.employee_id])
    return service.shown(account)


@router.get("/accounts/{account_id}/checks")
async def list_account_checks(
    account_id: UUID,
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
) -> Page[AccountCheckOut]:
    """What the platform said of an account, newest first."""
    account = await queries.get(session, caller, account_id)
    found, cursor = split_page(
        await queries.checks(session, account_id, caller.tenant_id, page), page
    )
    reading.of([account.employee_id])
    return Page(items=[AccountCheckOut.model_validate(each) for each in found], next=cursor)


@router.patch("/accounts/{account_id}")
async def correct_account(
    caller: MayWrite,
    account_id: UUID,
    body: AccountEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> AccountOut:
    """Change the named fields; another handle has to be verified anew."""
    account = await service.correct(
        session, caller, account_id, body.account, expected=expected, now=services.clock.now()
    )
    response.headers["ETag"] = etag(account.version)
    reading.of([account.employee_id])
    return service.shown(account)


@router.delete("/accounts/{account_id}", status_code=204)
async def retire_account(
    account_id: UUID, caller: MayWrite, session: SessionDep, services: ServicesDep
) -> None:
    """Take a declared account back; its history stays."""
    await service.retire(session, caller, account_id, now=services.clock.now())


@router.post("/accounts/{account_id}/verification")
async def verify_account(
    caller: MayWrite,
    account_id: UUID,
    body: VerificationIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> AccountOut:
    """Record an officer's attestation of who owns the account."""
    account = await service.attest(
        session, caller, account_id, body.attested_on, now=services.clock.now()
    )
    reading.of([account.employee_id])
    return service.shown(account)
