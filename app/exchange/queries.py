"""Reading imports and their faults."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.exchange.kinds import ImportState
from app.exchange.models import Import, ImportFault
from app.identity.rules import Caller

FAULTS_SHOWN = 20


async def get(
    session: AsyncSession, caller: Caller, import_id: UUID, *, lock: bool = False
) -> Import:
    """One import, locked against a second application if asked.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    wanted = select(Import).where(Import.tenant_id == caller.tenant_id, Import.id == import_id)
    found = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, caller: Caller, wanted: PageRequest) -> Sequence[Import]:
    """One page and one row more, newest first."""
    imports = select(Import).where(Import.tenant_id == caller.tenant_id)
    if wanted.after is not None:
        imports = imports.where(Import.id < wanted.after)
    return (await session.scalars(imports.order_by(Import.id.desc()).limit(wanted.limit + 1))).all()


async def count_faults(session: AsyncSession, made: Import) -> int:
    """How many rows of an import were rejected."""
    counted = select(func.count()).where(
        ImportFault.tenant_id == made.tenant_id, ImportFault.import_id == made.id
    )
    return (await session.scalars(counted)).one()


async def same_file(session: AsyncSession, made: Import) -> UUID | None:
    """The latest import that carried the same file out in the same way."""
    return await session.scalar(
        select(Import.id)
        .where(
            Import.tenant_id == made.tenant_id,
            Import.kind == made.kind,
            Import.digest == made.digest,
            Import.mode == made.mode,
            Import.full_of.is_not_distinct_from(made.full_of),
            Import.state == ImportState.APPLIED,
        )
        .order_by(Import.id.desc())
        .limit(1)
    )


async def faults(
    session: AsyncSession, caller: Caller, import_id: UUID, *, limit: int | None = FAULTS_SHOWN
) -> Sequence[ImportFault]:
    """Why rows were rejected, in order of line."""
    found = await session.scalars(
        select(ImportFault)
        .where(ImportFault.tenant_id == caller.tenant_id, ImportFault.import_id == import_id)
        .order_by(ImportFault.line, ImportFault.id)
        .limit(limit)
    )
    return found.all()
