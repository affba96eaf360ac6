"""Connections over HTTP: for official accounts, and for an employee's own consent."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from app.accounts import queries as accounts
from app.audit.looks import ReadingDep
from app.connections import connecting, pasting, service
from app.connections.answers import HEADERS, PAGES
from app.connections.rules import Subject, SubjectKind
from app.connections.schemas import ConnectionOut, ConsentOut, TokenIn
from app.connections.service import AccessMaker
from app.core.pages import html_of
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1", tags=["connections"])
MayReadOfficial = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]
MayWriteOfficial = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_WRITE, whole_tenant=True))]
MayRead = Annotated[Caller, Depends(may(Scope.ACCOUNTS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.ACCOUNTS_WRITE))]


HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}


def make_access(services: ServicesDep) -> AccessMaker:
    """How this process reaches a platform; tests give another way."""
    return service.access_maker(services)


MakeAccess = Annotated[AccessMaker, Depends(make_access)]


def official(account_id: UUID) -> Subject:
    return Subject(SubjectKind.OFFICIAL_ACCOUNT, account_id)


def declared(account_id: UUID) -> Subject:
    return Subject(SubjectKind.ACCOUNT, account_id)


# No Idempotency-Key: a stored answer would keep the state, which is stored hashed only.
@router.post("/official-accounts/{account_id}/connection", status_code=201)
async def connect_official_account(
    caller: MayWriteOfficial, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> ConsentOut:
    """Where the account's custodian gives consent; open the address within ten minutes."""
    return await connecting.begin(services, access, caller, official(account_id))


# No Idempotency-Key here either: done twice it changes nothing more, and no token is remembered.
@router.put("/official-accounts/{account_id}/connection")
async def connect_with_token(
    caller: MayWriteOfficial,
    account_id: UUID,
    body: TokenIn,
    services: ServicesDep,
    access: MakeAccess,
) -> ConnectionOut:
    """Connect an account with a token of its own server (Mastodon), after asking whose it is."""
    token = body.access_token.get_secret_value()
    return await pasting.connect(services, access, caller, official(account_id), token)


@router.get("/official-accounts/{account_id}/connection")
async def get_official_connection(
    caller: MayReadOfficial, account_id: UUID, session: SessionDep, services: ServicesDep
) -> ConnectionOut:
    """Whether an official account is connected, and until when; no token is told."""
    return await service.show(session, caller, official(account_id), now=services.clock.now())


@router.delete("/official-accounts/{account_id}/connection", status_code=204)
async def disconnect_official_account(
    caller: MayWriteOfficial, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> None:
    """Forget the tokens at once, and revoke them where the platform offers it."""
    await service.disconnect(services, access, caller, official(account_id))


@router.post("/accounts/{account_id}/connection", status_code=201)
async def ask_for_consent(
    caller: MayWrite, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> ConsentOut:
    """Where an employee consents to one question: does my YouTube account follow yours?"""
    return await connecting.begin(services, access, caller, declared(account_id))


@router.get("/accounts/{account_id}/connection")
async def get_consent(
    caller: MayRead,
    account_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> ConnectionOut:
    """Whether an employee has consented to be asked about, and to what."""
    shown = await service.show(session, caller, declared(account_id), now=services.clock.now())
    reading.of(await accounts.owners(session, caller.tenant_id, [account_id]))
    return shown


@router.delete("/accounts/{account_id}/connection", status_code=204)
async def withdraw_consent(
    caller: MayWrite, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> None:
    """An employee's withdrawal: the token is deleted at once."""
    await service.disconnect(services, access, caller, declared(account_id))


@router.get(
    "/connections/callback",
    response_class=HTMLResponse,
    responses={
        page.status: {"description": page.title, "content": HTML} for page in PAGES.values()
    },
)
async def return_from_consent(
    services: ServicesDep,
    access: MakeAccess,
    state: Annotated[str | None, Query(description="As the consent page was given it")] = None,
    code: Annotated[str | None, Query(description="From the platform, good once")] = None,
    error: Annotated[str | None, Query(description="From the platform: no consent")] = None,
) -> HTMLResponse:
    """Where platforms send the browser back to; public, since browsers bring no API key."""
    outcome = await connecting.finish(services, access, state=state, code=code, error=error)
    page = PAGES[outcome]
    return HTMLResponse(html_of(page), page.status, HEADERS)
