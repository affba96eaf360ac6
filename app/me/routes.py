"""An employee's own side over HTTP. One's own looks are recorded, too: a session can be stolen."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.accounts import queries as accounts
from app.accounts import service as accounts_service
from app.accounts.schemas import AccountEdit, AccountIn, AccountOut, AccountsOut
from app.audit.looks import ExportingDep, ReadingDep, note_by_hand
from app.changes.models import EntryKind
from app.connections import connecting
from app.connections import service as connections
from app.connections.routes import MakeAccess, declared
from app.connections.schemas import ConsentOut
from app.core.errors import FieldError
from app.core.etags import ExpectedVersion, etag
from app.core.paging import PageDep
from app.core.services import ServicesDep
from app.core.uploads import LONGEST_TEXT, FieldInvalid, Upload, file_with, uploaded
from app.disputes.schemas import DisputeOut
from app.identity.access import SessionDep
from app.identity.idempotency import OnceDep, OnceRoute
from app.me import queries, service
from app.me.access import ReadsOwn, WritesOwn
from app.me.schemas import (
    Everything,
    OwnConsents,
    OwnData,
    OwnDisputeIn,
    OwnDisputes,
    OwnRequests,
    OwnVerdicts,
    Trail,
)
from app.observations import evidence
from app.observations.schemas import SelfEvidenceTaken
from app.observations.self_exports import word_of
from app.subject_requests import service as requests
from app.subject_requests.schemas import OwnRequestIn, SubjectRequestOut

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=OnceRoute)


@router.get("")
async def show_own_data(
    own: ReadsOwn, session: SessionDep, services: ServicesDep, reading: ReadingDep
) -> OwnData:
    """What is kept of me, and in which campaigns I am counted by what right."""
    reading.of([own.employee_id])
    return await service.data(session, own, services.settings)


@router.get("/accounts")
async def list_own_accounts(own: ReadsOwn, session: SessionDep, reading: ReadingDep) -> AccountsOut:
    """The accounts that I have declared."""
    found = await accounts.of_employee(session, own.caller, own.employee_id)
    reading.of([own.employee_id])
    return AccountsOut(items=[accounts_service.shown(each) for each in found])


@router.post("/accounts", status_code=201, dependencies=[OnceDep])
async def declare_own_account(
    own: WritesOwn,
    body: AccountIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> AccountOut:
    """Declare an account of mine."""
    account = await accounts_service.declare(
        session, own.caller, own.employee_id, body, now=services.clock.now()
    )
    response.headers["ETag"] = etag(account.version)
    reading.of([own.employee_id])
    return accounts_service.shown(account)


@router.patch("/accounts/{account_id}")
async def correct_own_account(
    own: WritesOwn,
    account_id: UUID,
    body: AccountEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> AccountOut:
    """Correct what I have declared."""
    await queries.own_account(session, own, account_id)
    now = services.clock.now()
    account = await accounts_service.correct(
        session, own.caller, account_id, body.account, expected=expected, now=now
    )
    response.headers["ETag"] = etag(account.version)
    reading.of([own.employee_id])
    return accounts_service.shown(account)


@router.delete("/accounts/{account_id}", status_code=204)
async def retire_own_account(
    own: WritesOwn, account_id: UUID, session: SessionDep, services: ServicesDep
) -> None:
    """Take back an account that is mine no more."""
    await queries.own_account(session, own, account_id)
    await accounts_service.retire(session, own.caller, account_id, now=services.clock.now())


@router.get("/connections")
async def list_own_consents(
    own: ReadsOwn, session: SessionDep, services: ServicesDep, reading: ReadingDep
) -> OwnConsents:
    """For which of my accounts I have consented to be asked about, and for which I could."""
    reading.of([own.employee_id])
    return OwnConsents(items=await service.consents(session, own, now=services.clock.now()))


@router.post("/accounts/{account_id}/connection", status_code=201)
async def give_own_consent(
    own: WritesOwn, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> ConsentOut:
    """Where I consent to one question: does my YouTube account follow yours?"""
    async with services.database.transaction(own.caller.tenant_id) as session:
        await queries.own_account(session, own, account_id)
    return await connecting.begin(services, access, own.caller, declared(account_id))


@router.delete("/accounts/{account_id}/connection", status_code=204)
async def withdraw_own_consent(
    own: WritesOwn, account_id: UUID, services: ServicesDep, access: MakeAccess
) -> None:
    """Withdraw my consent: the token is deleted at once, and nobody counts it against me."""
    async with services.database.transaction(own.caller.tenant_id) as session:
        await queries.own_account(session, own, account_id)
    await connections.disconnect(services, access, own.caller, declared(account_id))


@router.get("/verdicts")
async def list_own_verdicts(
    own: ReadsOwn, session: SessionDep, services: ServicesDep, reading: ReadingDep
) -> OwnVerdicts:
    """Every verdict about me with its evidence, in plain words."""
    reading.of([own.employee_id])
    return await service.verdicts(session, own, now=services.clock.now())


@router.get("/trail")
async def show_own_trail(
    own: ReadsOwn,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    *,
    others: Annotated[bool, Query(description="Leave out what I have done myself")] = False,
) -> Trail:
    """Who has looked at me or changed my record, newest first."""
    found = await service.trail(session, own, page, others=others)
    reading.of([own.employee_id])
    return found


@router.post(
    "/evidence",
    status_code=201,
    responses={200: {"model": SelfEvidenceTaken, "description": "It was taken before"}},
    openapi_extra=file_with(
        "account_id",
        account_id={"type": "string", "format": "uuid"},
        taken_at={"type": "string", "format": "date-time"},
        remark={"type": "string", "maxLength": LONGEST_TEXT},
    ),
)
async def show_own_export(
    own: WritesOwn, request: Request, services: ServicesDep, response: Response
) -> SelfEvidenceTaken:
    """Show by my own export whom an account of mine follows (`file`, `account_id`).

    It is read in memory; of those whom I follow only this government's accounts leave it.
    """
    now, tenant_id = services.clock.now(), own.caller.tenant_id
    async with uploaded(request, limit=services.settings.max_upload_bytes) as upload:
        async with services.database.transaction(tenant_id) as session:
            account = await queries.own_account(session, own, _account_id(upload))
        taken = await evidence.take_export(
            services.database,
            account,
            upload,
            word_of(upload),
            actor=own.caller.actor,
            now=now,
        )
    response.status_code = 201 if taken.is_new else 200
    async with services.database.transaction(tenant_id) as session:
        note_by_hand(session, request, own.caller, EntryKind.READ, [own.employee_id], at=now)
        return await evidence.shown_taken(session, taken)


@router.get("/disputes")
async def list_own_disputes(own: ReadsOwn, session: SessionDep, reading: ReadingDep) -> OwnDisputes:
    """What I have said against verdicts, and what was decided."""
    reading.of([own.employee_id])
    return OwnDisputes(items=await service.own_disputes(session, own))


@router.post("/disputes", status_code=201, dependencies=[OnceDep])
async def file_own_dispute(
    own: WritesOwn,
    body: OwnDisputeIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> DisputeOut:
    """Say what is wrong with a verdict about me; it is held still until an officer decides."""
    reading.of([own.employee_id])
    return await service.file_dispute(session, own, body, now=services.clock.now())


@router.get("/requests")
async def list_own_requests(
    own: ReadsOwn, session: SessionDep, services: ServicesDep, reading: ReadingDep
) -> OwnRequests:
    """What I have asked about my data, with the clock of each and the answers."""
    reading.of([own.employee_id])
    return OwnRequests(items=await service.own_requests(session, own, now=services.clock.now()))


@router.post("/requests", status_code=201, dependencies=[OnceDep])
async def make_own_request(
    own: WritesOwn,
    body: OwnRequestIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> SubjectRequestOut:
    """Ask for access, correction, erasure or the like, or object; answered in 3 x 24 hours."""
    now = services.clock.now()
    request = await requests.ask(session, own.caller, own.employee_id, body, now=now)
    reading.of([own.employee_id])
    return requests.shown(request, now)


@router.get("/download")
async def download_own_data(
    own: ReadsOwn, session: SessionDep, services: ServicesDep, exporting: ExportingDep
) -> Everything:
    """All that is kept of me, in one document."""
    exporting.of([own.employee_id])
    return await service.everything(session, own, services.settings, now=services.clock.now())


def _account_id(upload: Upload) -> UUID:
    told = upload.field_text("account_id")
    try:
        return UUID(told or "")
    except ValueError:
        fault = FieldError("/account_id", "uuid", "the id of the account whose export this is")
        raise FieldInvalid(errors=[fault]) from None
