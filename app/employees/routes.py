"""Employees over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.audit.looks import ReadingDep
from app.core.etags import ExpectedVersion, etag
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.employees import batches, queries, service
from app.employees.queries import EmployeeFilter
from app.employees.rules import Category, Declaration, Standing
from app.employees.schemas import (
    BatchOut,
    EmployeeBatch,
    EmployeeEdit,
    EmployeeIn,
    EmployeeLookup,
    EmployeeOut,
    EmployeeSearch,
    EmployeesOut,
)
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1/employees", tags=["employees"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.EMPLOYEES_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.EMPLOYEES_WRITE))]
MayLookUp = Annotated[Caller, Depends(may(Scope.EMPLOYEES_READ, Scope.EMPLOYEES_READ_NIP))]


async def employee_filter(
    unit: Annotated[UUID | None, Query(description="This unit and all below it")] = None,
    category: Category | None = None,
    standing: Standing | None = None,
    declaration: Declaration | None = None,
) -> EmployeeFilter:
    return EmployeeFilter(unit, category, standing, declaration)


@router.get("")
async def list_employees(
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    chosen: Annotated[EmployeeFilter, Depends(employee_filter)],
    reading: ReadingDep,
) -> Page[EmployeeOut]:
    """Employees that the caller may see; NIPs are masked without `employees:read_nip`."""
    employees, cursor = split_page(await queries.page(session, caller, page, chosen), page)
    reading.of(each.id for each in employees)
    return Page(items=await service.shown(session, caller, employees), next=cursor)


@router.post("", status_code=201, dependencies=[OnceDep])
async def create_employee(
    caller: MayWrite,
    body: EmployeeIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> EmployeeOut:
    """Add one employee; a NIP that is already there is a conflict."""
    employee = await service.create(session, caller, now=services.clock.now(), **body.model_dump())
    response.headers["ETag"] = etag(employee.version)
    reading.of([employee.id])
    return (await service.shown(session, caller, [employee]))[0]


@router.post("/batch", dependencies=[OnceDep])
async def upsert_employees(
    caller: MayWrite,
    body: EmployeeBatch,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> BatchOut:
    """Create or change up to 1,000 employees by NIP; each is told apart what became of them.

    A batch whose shape is wrong is refused whole. A field that is left out stays as it is.
    """
    done = await batches.upsert(session, caller, body.items, now=services.clock.now())
    reading.of(each.employee_id for each in done.items if each.employee_id is not None)
    return done


@router.post("/lookup")
async def look_up_employees(
    body: EmployeeLookup,
    caller: MayLookUp,
    session: SessionDep,
    reading: ReadingDep,
) -> EmployeesOut:
    """Employees by NIP; those that are unknown or not visible are left out."""
    found = await queries.by_nips(session, caller, body.nips)
    reading.of(each.id for each in found)
    return EmployeesOut(items=await service.shown(session, caller, found))


@router.post("/search")
async def search_employees(
    body: EmployeeSearch,
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
) -> Page[EmployeeOut]:
    """Employees whose name holds these words, in order of name; NIPs are found by `lookup`."""
    found, cursor = split_page(await queries.named(session, caller, page, body.name), page)
    reading.of(each.id for each in found)
    return Page(items=await service.shown(session, caller, found), next=cursor)


@router.get("/{employee_id}")
async def get_employee(
    employee_id: UUID,
    caller: MayRead,
    session: SessionDep,
    response: Response,
    reading: ReadingDep,
) -> EmployeeOut:
    """One employee; the ETag is what an edit needs."""
    employee = await queries.get(session, caller, employee_id)
    response.headers["ETag"] = etag(employee.version)
    reading.of([employee.id])
    return (await service.shown(session, caller, [employee]))[0]


@router.patch("/{employee_id}")
async def edit_employee(
    caller: MayWrite,
    employee_id: UUID,
    body: EmployeeEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> EmployeeOut:
    """Change the named fields; a corrected NIP keeps the former one as a dated alias."""
    changes = body.model_dump(exclude_unset=True)
    employee = await service.edit(
        session, caller, employee_id, expected=expected, now=services.clock.now(), changes=changes
    )
    response.headers["ETag"] = etag(employee.version)
    reading.of([employee.id])
    return (await service.shown(session, caller, [employee]))[0]
