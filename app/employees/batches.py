"""Many employees at once, as personnel systems send them: each is told what became of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import AppError, FieldError, Invalid
from app.employees import queries, service
from app.employees.rules import BatchOutcome, NipRefused, differences, parse_nip
from app.employees.schemas import BatchItemOut, BatchOut, EmployeeUpsert, ItemFaultOut
from app.identity.rules import Caller


class NipTwice(Invalid):
    """This NIP stands in the batch more than once; send each employee once."""


async def upsert(
    session: AsyncSession, caller: Caller, items: Sequence[EmployeeUpsert], *, now: datetime
) -> BatchOut:
    """Create or change each employee by NIP; what is refused of one holds up none of the others.

    A field that is left out stays as it is. What the employees have declared is never touched.
    """
    nips = [_read(each) for each in items]
    counts = Counter(nips)
    known = await _known(session, caller, [each for each in counts if each is not None])
    told = []
    for index, (item, nip) in enumerate(zip(items, nips, strict=True)):
        try:
            if nip is not None and counts[nip] > 1:
                raise NipTwice(errors=[FieldError("/nip", "duplicate", "more than once")])
            # What is refused leaves nothing behind.
            async with session.begin_nested():
                done = await _upsert(session, caller, known.get(nip or ""), item, now)
        except AppError as refusal:
            told.append(_refused(index, refusal))
        else:
            told.append(BatchItemOut(index=index, outcome=done[0], employee_id=done[1], errors=[]))
    totals = Counter(each.outcome for each in told)
    return BatchOut(items=told, **{each.value: totals[each] for each in BatchOutcome})


def _read(item: EmployeeUpsert) -> str | None:
    """The NIP as 18 digits; None where it is none, which is said when its turn comes."""
    try:
        return parse_nip(item.nip, item.category)
    except NipRefused:
        return None


async def _known(session: AsyncSession, caller: Caller, nips: Sequence[str]) -> Mapping[str, UUID]:
    ids = [each.id for each in await queries.by_nips(session, caller, nips)]
    borne = await queries.nips_of(session, caller.tenant_id, ids)
    return {nip: employee_id for employee_id, nip in borne.items()}


async def _upsert(
    session: AsyncSession,
    caller: Caller,
    employee_id: UUID | None,
    item: EmployeeUpsert,
    now: datetime,
) -> tuple[BatchOutcome, UUID]:
    if employee_id is None:
        made = await service.create(session, caller, now=now, **item.model_dump(exclude_none=True))
        return BatchOutcome.CREATED, made.id
    employee = await queries.get(session, caller, employee_id)
    wanted: dict[str, Any] = item.model_dump(exclude_unset=True, exclude={"nip"})
    changes = differences({name: getattr(employee, name) for name in wanted}, wanted)
    if not changes:
        return BatchOutcome.UNCHANGED, employee_id
    await service.edit(
        session, caller, employee_id, expected=employee.version, now=now, changes=changes
    )
    return BatchOutcome.UPDATED, employee_id


def _refused(index: int, refusal: AppError) -> BatchItemOut:
    faults = refusal.errors or (FieldError("", refusal.code, str(refusal)),)
    errors = [ItemFaultOut(pointer=e.pointer, code=e.code, message=e.message) for e in faults]
    return BatchItemOut(index=index, outcome=BatchOutcome.REJECTED, employee_id=None, errors=errors)
