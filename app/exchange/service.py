"""Imports: read and check a file, stage what is accepted, merge it or keep it as a preview.

What a file brings is written in one transaction, so one that is cut off has written nothing.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.db import over_whole_tables
from app.core.errors import Conflict, FieldError, Invalid
from app.core.metrics import record_import
from app.core.services import Services
from app.employees.sealing import registry_keys, resealed_cell
from app.exchange import queries, staging
from app.exchange.kinds import ImportKind, ImportMode, ImportState
from app.exchange.merging import Merge, Merged
from app.exchange.models import Import, ImportRow
from app.exchange.reading import BLOCK, Table, opened
from app.exchange.rules import Order, Shrinking
from app.exchange.running import RUNNING, Hears, Progress, StillRunning, begun, held
from app.exchange.schemas import FaultOut, ImportOut
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.settings import Settings


class AlreadyApplied(Conflict):
    """This import has been applied already."""


class LeaversUnconfirmed(Conflict):
    """{leavers} of {before} employees do not stand in this list; confirm with confirm_leavers."""


class ListNotFull(Invalid):
    """Only a list of employees can be full."""


@dataclass(frozen=True, slots=True)
class Importing:
    """Who imports what, as what, and who wants to hear how far it has come."""

    services: Services
    caller: Caller
    kind: ImportKind
    order: Order
    hears: Hears


async def hears_nothing(state: ImportState, rows: int, share: float) -> None:
    """For an import whose progress nobody waits for."""


def digest_of(file: BinaryIO) -> bytes:
    """SHA-256 of a whole file, which stands at its start afterwards."""
    seen = hashlib.sha256()
    while block := file.read(BLOCK):
        seen.update(block)
    file.seek(0)
    return seen.digest()


async def import_file(
    services: Services,
    caller: Caller,
    kind: ImportKind,
    file: BinaryIO,
    order: Order,
    *,
    hears: Hears = hears_nothing,
) -> ImportOut:
    """Import a CSV table or a workbook; with `dry_run` nothing but the preview is stored.

    `same_as` names the last import of the same file: after it, this one mostly changes nothing.

    Raises:
        NotATable, NotAWorkbook, NoRows, ColumnsMissing: the file as a whole is refused.
        ContactsNotSetUp, RegistryNotSetUp: there is no key to seal what it holds.
        ListNotFull, LeaversUnconfirmed: a full list is none, or would let too many leave.
        StillRunning: the same file is being imported just now.
    """
    if order.mode is ImportMode.FULL and kind is not ImportKind.EMPLOYEES:
        raise ListNotFull(errors=[FieldError("/mode", "kind", "full is for employees only")])
    importing = Importing(services, caller, kind, order, hears)
    digest = await asyncio.to_thread(digest_of, file)
    async with begun(services.database, caller, kind, order, digest) as import_id:
        table = await asyncio.to_thread(opened, file)
        async with services.database.transaction(caller.tenant_id) as session:
            async with over_whole_tables(session):
                made = await _carry_out(session, importing, import_id, table)
            return await shown(session, caller, made)


async def _carry_out(
    session: AsyncSession, importing: Importing, import_id: UUID, table: Table
) -> Import:
    services, caller = importing.services, importing.caller
    made = await held(session, caller.tenant_id, import_id)
    progress = Progress(services.database, caller.tenant_id, import_id, importing.hears)
    hiding = staging.hiding_of(session, caller.tenant_id, importing.kind, services.settings)
    read = await staging.stage(session, table, hiding, progress.read)
    await progress.merging(read.rows)
    now, order = services.clock.now(), importing.order
    merge = Merge(session, services.settings, made, caller.actor, now)
    shrinking = await _judged(session, merge, made)
    if order.dry_run:
        await _keep_staged(session, made)
        merged = await _rehearse(session, merge, shrinking)
    else:
        _require_confirmed(shrinking, order.leavers)
        merged = await merge.run(shrinking)
    # What was told beside this transaction meanwhile is not known to it yet.
    await session.refresh(made)
    same_as = await queries.same_file(session, made)
    rejected = await queries.count_faults(session, made)
    made.encoding, made.share_read, made.same_as = table.encoding, None, same_as
    made.rows, made.ignored_columns = read.rows, list(read.ignored_columns)
    _finish(made, merged, rejected, applied_at=None if order.dry_run else now)
    await _announce(session, caller, made, now)
    return made


async def _judged(session: AsyncSession, merge: Merge, made: Import) -> Shrinking | None:
    """Reject what only the registry can judge, and look who does not stand in a full list."""
    await merge.begin()
    await merge.reject()
    await session.execute(KEEP_FAULTS, {"tenant_id": made.tenant_id, "import_id": made.id})
    return await merge.shrinking()


def _require_confirmed(shrinking: Shrinking | None, leavers: int | None) -> None:
    if shrinking is None or shrinking.withheld or not shrinking.too_much(leavers):
        return
    raise LeaversUnconfirmed(
        before=shrinking.before,
        leavers=shrinking.leavers,
        errors=[FieldError("/confirm_leavers", "leavers", f"{shrinking.leavers} would leave")],
    )


def _finish(made: Import, merged: Merged, rejected: int, *, applied_at: datetime | None) -> None:
    made.accepted, made.rejected = made.rows - rejected, rejected
    made.inserted, made.changed = merged.inserted, merged.changed
    made.unchanged, made.leavers = merged.unchanged, merged.leavers
    made.leavers_withheld = merged.withheld
    made.state = ImportState.PREVIEWED if applied_at is None else ImportState.APPLIED
    made.applied_at = applied_at


async def _rehearse(session: AsyncSession, merge: Merge, shrinking: Shrinking | None) -> Merged:
    """What the merge would do: it is done for real and undone."""
    savepoint = await session.begin_nested()
    try:
        return await merge.run(shrinking)
    finally:
        await savepoint.rollback()


async def apply_import(
    session: AsyncSession,
    settings: Settings,
    caller: Caller,
    import_id: UUID,
    *,
    leavers: int | None,
    now: datetime,
) -> Import:
    """Carry a preview out; `leavers` confirms how many are marked as having left.

    Raises:
        NotFound: there is none.
        AlreadyApplied: it was carried out before.
        StillRunning: it is no preview yet.
        LeaversUnconfirmed: it would let too many leave.
    """
    made = await queries.get(session, caller, import_id, lock=True)
    if made.state is ImportState.APPLIED:
        raise AlreadyApplied
    if made.state in RUNNING:
        raise StillRunning
    async with over_whole_tables(session):
        merged = await _merge_preview(session, settings, caller, made, leavers, now)
    _finish(made, merged, await queries.count_faults(session, made), applied_at=now)
    await session.execute(
        delete(ImportRow).where(
            ImportRow.tenant_id == caller.tenant_id, ImportRow.import_id == import_id
        )
    )
    await _announce(session, caller, made, now)
    return made


async def _merge_preview(
    session: AsyncSession,
    settings: Settings,
    caller: Caller,
    made: Import,
    leavers: int | None,
    now: datetime,
) -> Merged:
    await staging.make_tables(session)
    where = {"tenant_id": made.tenant_id, "import_id": made.id}
    await session.execute(STAGE_PREVIEW, where)
    if made.kind is ImportKind.EMPLOYEES:
        await _seal_anew(session, caller.tenant_id)
    await session.execute(text("ANALYZE staged_rows"))
    # The registry may have moved since the preview, so the rows are judged by it once more.
    merge = Merge(session, settings, made, caller.actor, now)
    shrinking = await _judged(session, merge, made)
    _require_confirmed(shrinking, leavers)
    return await merge.run(shrinking)


async def _seal_anew(session: AsyncSession, tenant_id: UUID) -> None:
    """Seal the NIPs of a preview under the current key, if it has changed meanwhile.

    Raises:
        NipUnreadable: the key that sealed them is gone; nothing is merged.
    """
    keys = registry_keys(session)
    waiting = await session.execute(WAITING, {"current": keys.ring.current})
    anew = [
        {"line": row.line, "cell": resealed_cell(keys, tenant_id, row.nip_hash, row.cell)}
        for row in waiting
    ]
    if anew:
        await session.execute(ANEW, anew)


WAITING = text("""
SELECT line, fields[1] AS nip_hash, fields[9] AS cell FROM staged_rows
WHERE split_part(fields[9], ':', 1) <> :current
""")
ANEW = text("UPDATE staged_rows SET fields[9] = :cell WHERE line = :line")
KEEP_FAULTS = text("""
INSERT INTO import_faults (tenant_id, import_id, id, line, "column", code, message, nip_hash,
                           key_id, cells, fields)
SELECT CAST(:tenant_id AS uuid), CAST(:import_id AS uuid), id, line, "column", code, message,
       nip_hash, key_id, cells, fields
FROM staged_faults
""")
KEEP_ROWS = text("""
INSERT INTO import_rows (tenant_id, import_id, line, fields)
SELECT CAST(:tenant_id AS uuid), CAST(:import_id AS uuid), line, fields FROM staged_rows
""")
STAGE_PREVIEW = text("""
INSERT INTO staged_rows SELECT line, gen_random_uuid(), fields FROM import_rows
WHERE tenant_id = :tenant_id AND import_id = :import_id
""")


async def _keep_staged(session: AsyncSession, made: Import) -> None:
    await session.execute(KEEP_ROWS, {"tenant_id": made.tenant_id, "import_id": made.id})


async def _announce(session: AsyncSession, caller: Caller, made: Import, now: datetime) -> None:
    applied = made.state is ImportState.APPLIED
    record(
        session,
        ChangeKind.IMPORT_APPLIED if applied else ChangeKind.IMPORT_PREVIEWED,
        made.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        import_kind=made.kind,
        accepted=made.accepted,
        rejected=made.rejected,
    )
    if applied:
        if made.inserted or made.changed or made.leavers:
            await enqueue(session, [EvaluateTenant(caller.tenant_id, cause=str(made.id))])
        record_import(kind=made.kind, accepted=made.accepted, rejected=made.rejected)
    await session.flush()
    await session.refresh(made)


async def shown(session: AsyncSession, caller: Caller, made: Import) -> ImportOut:
    """An import with the first of its faults; the others stand in its file of errors."""
    faults = await queries.faults(session, caller, made.id)
    return ImportOut(
        id=made.id,
        kind=made.kind,
        state=made.state,
        mode=made.mode,
        full_of=made.full_of,
        encoding=made.encoding,
        share_read=made.share_read,
        rows=made.rows,
        accepted=made.accepted,
        rejected=made.rejected,
        inserted=made.inserted,
        changed=made.changed,
        unchanged=made.unchanged,
        leavers=made.leavers,
        leavers_withheld=made.leavers_withheld,
        same_as=made.same_as,
        ignored_columns=made.ignored_columns,
        faults=[FaultOut.model_validate(each) for each in faults],
        created_at=made.created_at,
        applied_at=made.applied_at,
    )
