"""Addresses of employees and heads of units over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.audit.looks import ReadingDep
from app.contacts import queries, service
from app.contacts.schemas import ContactIn, ContactOut, HeadIn, HeadOut
from app.contacts.sealing import required_keys
from app.core.etags import ExpectedVersion, etag
from app.core.services import ServicesDep
from app.employees import queries as employees
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.work_units import queries as work_units

router = APIRouter(prefix="/v1", tags=["contacts"])
MayRead = Annotated[Caller, Depends(may(Scope.EMPLOYEES_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.CONTACTS_WRITE))]
MayReadUnits = Annotated[Caller, Depends(may(Scope.WORK_UNITS_READ))]
MayWriteUnits = Annotated[Caller, Depends(may(Scope.WORK_UNITS_WRITE))]


@router.get("/employees/{employee_id}/contact")
async def get_contact(
    caller: MayRead,
    employee_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> ContactOut:
    """Where an employee can be reached: masked, unless the key may read addresses."""
    await employees.get(session, caller, employee_id)
    row = await queries.contact_of(session, caller.tenant_id, employee_id)
    shown = service.shown(required_keys(services.settings), caller, employee_id, row)
    reading.of([employee_id])
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.put("/employees/{employee_id}/contact")
async def put_contact(
    caller: MayWrite,
    employee_id: UUID,
    body: ContactIn,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> ContactOut:
    """Set both addresses; the ETag of an employee without any is "0"."""
    keys = required_keys(services.settings)
    row = await service.put(
        session, keys, caller, employee_id, body, expected=expected, now=services.clock.now()
    )
    response.headers["ETag"] = etag(row.version)
    reading.of([employee_id])
    return service.shown(keys, caller, employee_id, row)


@router.get("/work-units/{unit_id}/head")
async def get_unit_head(
    caller: MayReadUnits,
    unit_id: UUID,
    session: SessionDep,
    response: Response,
    reading: ReadingDep,
) -> HeadOut:
    """Who heads a unit, and who has before."""
    await work_units.get(session, caller, unit_id)
    rows = await queries.headships(session, caller.tenant_id, unit_id)
    response.headers["ETag"] = etag(service.headship_version(rows))
    reading.of((row.employee_id for row in rows), subject_id=unit_id)
    return service.shown_heads(unit_id, rows)


@router.put("/work-units/{unit_id}/head")
async def put_unit_head(
    caller: MayWriteUnits,
    unit_id: UUID,
    body: HeadIn,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
    reading: ReadingDep,
) -> HeadOut:
    """Say who heads a unit from today on; the ETag of a unit that never had a head is "0"."""
    rows = await service.put_head(
        session, caller, unit_id, body, expected=expected, now=services.clock.now()
    )
    response.headers["ETag"] = etag(service.headship_version(rows))
    reading.of((row.employee_id for row in rows), subject_id=unit_id)
    return service.shown_heads(unit_id, rows)
