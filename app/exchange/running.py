"""Imports while they run: seen by everybody, one for each file, and gone again if they fail.

Who carries an import out holds its row. One that nobody holds was cut off; it has written nothing,
and leaves its place to the same file when that is sent again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import Conflict
from app.core.ids import new_id
from app.employees.sealing import registry_keys
from app.exchange.kinds import ImportKind, ImportState
from app.exchange.models import Import
from app.exchange.rules import Order
from app.identity.rules import Caller

RUNNING: Final = (ImportState.READING, ImportState.MERGING)
# So many rows go by between two words of how far an import has come.
TELL_EVERY: Final = 10_000
Hears = Callable[[ImportState, int, float], Awaitable[None]]


class StillRunning(Conflict):
    """This file is being imported just now; look at that import instead of sending it again."""


@asynccontextmanager
async def begun(
    database: Database, caller: Caller, kind: ImportKind, order: Order, digest: bytes
) -> AsyncIterator[UUID]:
    """The id of an import that everybody can see run; it is gone again if the block fails.

    Raises:
        RegistryNotSetUp: it is of people, and there is no key to hide them.
        StillRunning: the same file is being imported.
    """
    try:
        async with database.transaction(caller.tenant_id) as session:
            import_id = await _begin(session, caller, kind, order, digest)
    except IntegrityError as error:
        raise StillRunning from error
    try:
        yield import_id
    except BaseException:
        async with database.transaction(caller.tenant_id) as session:
            await session.execute(
                delete(Import).where(Import.tenant_id == caller.tenant_id, Import.id == import_id)
            )
        raise


async def _begin(
    session: AsyncSession, caller: Caller, kind: ImportKind, order: Order, digest: bytes
) -> UUID:
    if kind is not ImportKind.WORK_UNITS:
        digest = registry_keys(session).keyed(digest)
    cut_off = (
        select(Import.id)
        .where(
            Import.tenant_id == caller.tenant_id,
            Import.kind == kind,
            Import.digest == digest,
            Import.state.in_(RUNNING),
        )
        .with_for_update(skip_locked=True)
    )
    gone = list(await session.scalars(cut_off))
    await session.execute(
        delete(Import).where(Import.tenant_id == caller.tenant_id, Import.id.in_(gone))
    )
    made = Import(
        tenant_id=caller.tenant_id,
        id=new_id(),
        kind=kind,
        state=ImportState.READING,
        mode=order.mode,
        full_of=order.full_of,
        digest=digest,
        share_read=0.0,
        created_by=caller.actor,
        **dict.fromkeys(("rows", "accepted", "rejected", "inserted", "changed", "unchanged"), 0),
    )
    session.add(made)
    await session.flush()
    return made.id


async def held(session: AsyncSession, tenant_id: UUID, import_id: UUID) -> Import:
    """The import that this transaction carries out; by the lock others see that it is alive.

    Raises:
        StillRunning: the same file was sent again in the moment before.
    """
    wanted = select(Import).where(Import.tenant_id == tenant_id, Import.id == import_id)
    made = await session.scalar(wanted.with_for_update(read=True, key_share=True))
    if made is None:
        raise StillRunning
    return made


class Progress:
    """Tells everybody how far an import has come, in transactions of its own."""

    def __init__(self, database: Database, tenant_id: UUID, import_id: UUID, hears: Hears) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._import_id = import_id
        self._hears = hears
        self._told = 0

    async def read(self, rows: int, share: float) -> None:
        """So many rows have been read, and this share of the file."""
        if rows - self._told >= TELL_EVERY:
            self._told = rows
            await self._tell(ImportState.READING, rows, share)

    async def merging(self, rows: int) -> None:
        """All of them have been read."""
        await self._tell(ImportState.MERGING, rows, 1.0)

    async def _tell(self, state: ImportState, rows: int, share: float) -> None:
        async with self._database.transaction(self._tenant_id) as session:
            await session.execute(
                update(Import)
                .where(Import.tenant_id == self._tenant_id, Import.id == self._import_id)
                .values(state=state, rows=rows, accepted=rows, share_read=share)
            )
        await self._hears(state, rows, share)
