"""Erasing over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.audit.looks import ReadingDep
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.privacy import service
from app.privacy.models import Erasure
from app.privacy.schemas import ErasureIn, ErasureOut

router = APIRouter(prefix="/v1", tags=["privacy"])
MayErase = Annotated[Caller, Depends(may(Scope.PRIVACY_WRITE, whole_tenant=True))]


@router.post("/employees/{employee_id}/erasure", response_model=ErasureOut)
async def erase_employee(
    employee_id: UUID,
    caller: MayErase,
    body: ErasureIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> Erasure:
    """Erase who an employee was who has left; the numbers they were counted in stay."""
    reading.of([employee_id])
    return await service.erase(session, caller, employee_id, body, now=services.clock.now())
