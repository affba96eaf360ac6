"""Work units over HTTP."""

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
from app.work_units import queries, service
from app.work_units.models import WorkUnit
from app.work_units.schemas import WorkUnitEdit, WorkUnitIn, WorkUnitOut, WorkUnitTree

router = APIRouter(prefix="/v1/work-units", tags=["work units"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.WORK_UNITS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.WORK_UNITS_WRITE))]


@router.get("")
async def list_work_units(caller: MayRead, session: SessionDep, page: PageDep) -> Page[WorkUnitOut]:
    """Work units that the caller may see."""
    units, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[WorkUnitOut.model_validate(unit) for unit in units], next=cursor)


@router.get("/tree")
async def work_unit_tree(caller: MayRead, session: SessionDep) -> WorkUnitTree:
    """All units that the caller may see, as a tree."""
    return WorkUnitTree(items=service.as_tree(await queries.all_units(session, caller)))


@router.post("", status_code=201, response_model=WorkUnitOut, dependencies=[OnceDep])
async def create_work_unit(
    caller: MayWrite,
    body: WorkUnitIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> WorkUnit:
    """Add a unit below another one, or at the top."""
    unit = await service.create(session, caller, now=services.clock.now(), **body.model_dump())
    response.headers["ETag"] = etag(unit.version)
    return unit


@router.get("/{unit_id}", response_model=WorkUnitOut)
async def get_work_unit(
    unit_id: UUID, caller: MayRead, session: SessionDep, response: Response
) -> WorkUnit:
    """One work unit; its ETag is what an edit needs."""
    unit = await queries.get(session, caller, unit_id)
    response.headers["ETag"] = etag(unit.version)
    return unit


@router.patch("/{unit_id}", response_model=WorkUnitOut)
async def edit_work_unit(
    caller: MayWrite,
    unit_id: UUID,
    body: WorkUnitEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> WorkUnit:
    """Change the named fields of a unit, or move it with all below it."""
    changes = body.model_dump(exclude_unset=True)
    unit = await service.edit(
        session, caller, unit_id, expected=expected, now=services.clock.now(), changes=changes
    )
    response.headers["ETag"] = etag(unit.version)
    return unit
