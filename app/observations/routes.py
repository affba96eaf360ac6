"""Snapshots, follower lists and the poll log over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.accounts import queries as accounts
from app.audit.looks import ReadingDep, note_by_hand
from app.changes.models import EntryKind
from app.core.clock import jakarta_day
from app.core.etags import ExpectedVersion, etag
from app.core.paging import Page, PageDep, split_page
from app.core.schemas import Moment
from app.core.services import ServicesDep
from app.core.uploads import LONGEST_TEXT, UPLOAD_BODY, file_or_json, json_instead, uploaded
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.neutrality import queries as neutrality
from app.neutrality.service import shown as name_paused
from app.observations import controls, evidence, lists, queries, service
from app.observations import runs as run_log
from app.observations.models import CountSnapshot
from app.observations.rules import PollKind
from app.observations.schemas import (
    ControlsIn,
    ControlsOut,
    EvidenceIn,
    FollowerListOut,
    PollRunOut,
    SelfEvidencePage,
    SelfEvidenceTaken,
    SnapshotIn,
    SnapshotOut,
    SnapshotsOut,
)
from app.observations.self_exports import word_of
from app.official_accounts import queries as official_accounts

router = APIRouter(prefix="/v1", tags=["observations"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]
MayObserve = Annotated[Caller, Depends(may(Scope.OBSERVATIONS_WRITE, whole_tenant=True))]

MaySeeControls = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ, whole_tenant=True))]
# What somebody shows is handed in where their accounts are declared, also by a unit.
MayShow = Annotated[Caller, Depends(may(Scope.ACCOUNTS_WRITE))]
MaySeeEvidence = Annotated[Caller, Depends(may(Scope.ACCOUNTS_READ, Scope.COMPLIANCE_READ_PEOPLE))]
MaySetControls = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_WRITE, whole_tenant=True))]


@router.get("/official-accounts/{account_id}/snapshots")
async def list_snapshots(
    caller: MayRead,
    account_id: UUID,
    session: SessionDep,
    wanted: Annotated[queries.SnapshotRange, Depends(queries.snapshot_range)],
) -> SnapshotsOut:
    """Readings oldest first; with `step`, the last of each step and null where there was none."""
    await official_accounts.get(session, caller, account_id)
    return await service.series(session, caller, account_id, wanted)


@router.post(
    "/official-accounts/{account_id}/snapshots",
    status_code=201,
    response_model=SnapshotOut,
    dependencies=[OnceDep],
)
async def record_snapshot(
    caller: MayObserve,
    account_id: UUID,
    body: SnapshotIn,
    session: SessionDep,
    services: ServicesDep,
) -> CountSnapshot:
    """Keep a reading that a person attests."""
    await official_accounts.get(session, caller, account_id)
    return await service.record_manual(session, caller, account_id, body, now=services.clock.now())


@router.get("/official-accounts/{account_id}/follower-lists")
async def list_follower_lists(
    account_id: UUID, caller: MayRead, session: SessionDep, page: PageDep
) -> Page[FollowerListOut]:
    """Follower lists of an official account with their certificates; followers are not told."""
    await official_accounts.get(session, caller, account_id)
    found, cursor = split_page(
        await queries.follower_lists(session, caller, account_id, page), page
    )
    return Page(items=[service.shown_list(each) for each in found], next=cursor)


@router.post(
    "/official-accounts/{account_id}/follower-lists",
    status_code=201,
    responses={200: {"model": FollowerListOut, "description": "The same file was taken before"}},
    openapi_extra=UPLOAD_BODY,
)
async def upload_follower_list(
    caller: MayObserve,
    account_id: UUID,
    request: Request,
    services: ServicesDep,
    response: Response,
    taken_at: Annotated[
        Moment | None,
        Query(description="When the platform made the export; the time of upload if left out"),
    ] = None,
) -> FollowerListOut:
    """Take in the platform's own export of the official account (field `file`, zip or JSON).

    The file is read in memory; nobody but declared accounts leaves it. The same file again
    answers 200 with the list it made.
    """
    limit = services.settings.max_upload_bytes
    async with uploaded(request, limit=limit) as upload:
        now = services.clock.now()
        moment: datetime = taken_at or upload.field_moment("taken_at") or now
        taken, is_new = await lists.take_upload(
            services.database, caller, account_id, upload, taken_at=moment, now=now
        )
    response.status_code = 201 if is_new else 200
    return taken


@router.get("/follower-lists/{list_id}")
async def get_follower_list(list_id: UUID, caller: MayRead, session: SessionDep) -> FollowerListOut:
    """A list's certificate: whether it can prove absence, and why not."""
    return service.shown_list(await queries.follower_list(session, caller, list_id))


@router.get("/official-accounts/{account_id}/controls")
async def get_controls(
    account_id: UUID,
    caller: MaySeeControls,
    session: SessionDep,
    response: Response,
    reading: ReadingDep,
) -> ControlsOut:
    """The control accounts of an official account; the ETag is the official account's own."""
    official = await official_accounts.get(session, caller, account_id)
    response.headers["ETag"] = etag(official.version)
    shown = await controls.shown(session, official)
    reading.of(await controls.owners(session, official, shown))
    return shown


@router.put("/official-accounts/{account_id}/controls")
async def set_controls(
    caller: MaySetControls,
    account_id: UUID,
    body: ControlsIn,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> ControlsOut:
    """Name declared accounts of the government's own that must, and must not, be on every list.

    Each list that is taken from now on is checked against them, and is void if one is not as
    expected. Lists that were taken before stay as they are.
    """
    official = await controls.replace(
        session, caller, account_id, body, expected=expected, now=services.clock.now()
    )
    response.headers["ETag"] = etag(official.version)
    shown = await controls.shown(session, official)
    reading.of(await controls.owners(session, official, shown))
    return shown


@router.get("/accounts/{account_id}/evidence")
async def list_evidence(
    account_id: UUID,
    caller: MaySeeEvidence,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
) -> SelfEvidencePage:
    """What the account's owner has shown, oldest first; nothing else of what they follow is known.

    Whoever may not read verdicts may not read this either: it says who follows.
    """
    account = await accounts.get(session, caller, account_id)
    paused = await neutrality.paused(session, caller.tenant_id, jakarta_day(services.clock.now()))
    ids = [each.official_account_id for each in paused]
    found, cursor = split_page(
        await queries.evidence_of(session, caller.tenant_id, account.id, page, paused=ids), page
    )
    reading.of([account.employee_id])
    return SelfEvidencePage(
        items=await evidence.shown(session, caller.tenant_id, found, ids),
        next=cursor,
        paused=[name_paused(each) for each in paused],
    )


@router.post(
    "/accounts/{account_id}/evidence",
    status_code=201,
    responses={200: {"model": SelfEvidenceTaken, "description": "It was taken before"}},
    openapi_extra=file_or_json(
        EvidenceIn,
        taken_at={"type": "string", "format": "date-time"},
        officer={"type": "string", "maxLength": LONGEST_TEXT},
        remark={"type": "string", "maxLength": LONGEST_TEXT},
    ),
)
async def take_evidence(
    caller: MayShow,
    account_id: UUID,
    request: Request,
    services: ServicesDep,
    response: Response,
) -> SelfEvidenceTaken:
    """Take in the owner's own export (`file`), or as JSON what an officer has reviewed or heard.

    The file is read in memory; of those whom the owner follows only this government's official
    accounts leave it. The same evidence again answers 200. `taken_at` and `officer` go with a file
    that does not say by itself when it was made, or whose it is.
    """
    now = services.clock.now()
    async with services.database.transaction(caller.tenant_id) as session:
        account = await accounts.get(session, caller, account_id)
    body = await json_instead(request, EvidenceIn)
    if body is not None:
        async with services.database.transaction(caller.tenant_id) as session:
            taken = await evidence.take_word(session, account, body, actor=caller.actor, now=now)
    else:
        async with uploaded(request, limit=services.settings.max_upload_bytes) as upload:
            taken = await evidence.take_export(
                services.database,
                account,
                upload,
                word_of(upload),
                actor=caller.actor,
                now=now,
            )
    response.status_code = 201 if taken.is_new else 200
    async with services.database.transaction(caller.tenant_id) as session:
        note_by_hand(session, request, caller, EntryKind.READ, [account.employee_id], at=now)
        return await evidence.shown_taken(session, taken)


@router.get("/polls")
async def list_polls(
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    official_account: UUID | None = None,
    kind: PollKind | None = None,
) -> Page[PollRunOut]:
    """The poll log, newest first: every attempt, what it came to, and when the next is due."""
    runs, cursor = split_page(
        await queries.poll_runs(session, caller, page, official_account, kind), page
    )
    shown = await run_log.shown_runs(session, caller, runs, now=services.clock.now())
    return Page(items=shown, next=cursor)
