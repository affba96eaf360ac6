"""Official accounts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.core.etags import ExpectedVersion, etag
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.official_accounts import queries, service
from app.official_accounts.models import OfficialAccount
from app.official_accounts.schemas import (
    OfficialAccountEdit,
    OfficialAccountIn,
    OfficialAccountOut,
)
from app.platforms.base import Platform

router = APIRouter(
    prefix="/v1/official-accounts", tags=["official accounts"], route_class=OnceRoute
)
MayRead = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_WRITE, whole_tenant=True))]


@router.get("")
async def list_official_accounts(
    caller: MayRead, session: SessionDep, page: PageDep, platform: Platform | None = None
) -> Page[OfficialAccountOut]:
    """The government's own accounts."""
    accounts, cursor = split_page(await queries.page(session, caller, page, platform), page)
    return Page(
        items=[OfficialAccountOut.model_validate(account) for account in accounts], next=cursor
    )


@router.post("", status_code=201, response_model=OfficialAccountOut, dependencies=[OnceDep])
async def create_official_account(
    caller: MayWrite,
    body: OfficialAccountIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> OfficialAccount:
    """Register an official account, as people write its address."""
    account = await service.create(
        session,
        caller,
        body,
        default_interval=services.settings.poll_interval_seconds,
        now=services.clock.now(),
    )
    response.headers["ETag"] = etag(account.version)
    return account


@router.get("/{account_id}", response_model=OfficialAccountOut)
async def get_official_account(
    account_id: UUID, caller: MayRead, session: SessionDep, response: Response
) -> OfficialAccount:
    """One official account; its ETag is what an edit needs."""
    account = await queries.get(session, caller, account_id)
    response.headers["ETag"] = etag(account.version)
    return account


@router.patch("/{account_id}", response_model=OfficialAccountOut)
async def edit_official_account(
    caller: MayWrite,
    account_id: UUID,
    body: OfficialAccountEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> OfficialAccount:
    """Change the named fields, or switch the account off."""
    changes = body.model_dump(exclude_unset=True)
    account = await service.edit(
        session, caller, account_id, expected=expected, now=services.clock.now(), changes=changes
    )
    response.headers["ETag"] = etag(account.version)
    return account
