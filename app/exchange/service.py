"""Imports: read and check a file, stage what is accepted, merge it or keep it as a preview."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.contacts.sealing import required_keys, seal_cell
from app.core.clock import jakarta_day
from app.core.db import driver_connection, over_whole_tables
from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.metrics import record_import
from app.employees.sealing import registry_keys, resealed_cell, staged_cells
from app.exchange import queries
from app.exchange.columns import COLUMNS, locate
from app.exchange.merging import Merge, Merged, reject_late
from app.exchange.models import Import, ImportFault, ImportKind, ImportRow, ImportState
from app.exchange.reading import Line, NoRows, NotATable, read_lines
from app.exchange.rules import CHECKS, Fault
from app.exchange.schemas import FaultOut, ImportOut
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateTenant
from app.jobs.queue import enqueue
from app.settings import Settings

BATCH = 2_000
BLOCK = 1024 * 1024
LONGEST_HEADING = 100
# Whoever uploads a table of a thousand other columns has understood after this many.
MOST_IGNORED = 100
# The first of the columns of `check_employee` that hold addresses.
ADDRESSES_FROM = 6


class AlreadyApplied(Conflict):
    """This import has been applied already."""


@dataclass(slots=True)
class Reading:
    """One pass over a file: counts what came by and remembers which rows were seen before."""

    kind: ImportKind
    columns: dict[str, int]
    ignored_columns: list[str]
    seal: Callable[[str], str]
    hide: Callable[[str], tuple[str, str]]
    rows: int = 0
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    first_lines: dict[str, int] = field(default_factory=dict)

    def accept(self, lines: Iterator[Line]) -> Iterator[tuple[int, UUID, list[str | None]]]:
        """The accepted rows among some lines; the others become faults."""
        check = CHECKS[self.kind]
        for line in lines:
            self.rows += 1
            cells = {
                name: line.cells[position] if position < len(line.cells) else ""
                for name, position in self.columns.items()
            }
            checked = check(cells)
            if isinstance(checked, Fault):
                self.faults.append((line.number, checked))
                continue
            first = self.first_lines.setdefault(checked.identity, line.number)
            if first != line.number:
                message = f"the same row stands at line {first}; keep one of them"
                self.faults.append(
                    (line.number, Fault(COLUMNS[self.kind][0].name, "repeated", message))
                )
                continue
            yield line.number, new_id(), self._staged(checked.values)

    def _staged(self, values: Sequence[str | None]) -> list[str | None]:
        """The values as they are stored meanwhile: NIPs hashed, they and addresses sealed."""
        if self.kind is ImportKind.WORK_UNITS:
            return list(values)
        nip_hash, sealed_nip = self.hide(values[0] or "")
        if self.kind is ImportKind.ACCOUNTS:
            return [nip_hash, *values[1:]]
        plain, addresses = values[1:ADDRESSES_FROM], values[ADDRESSES_FROM:]
        kept = (each if each is None else self.seal(each) for each in addresses)
        return [nip_hash, *plain, *kept, sealed_nip]


def ignored(headings: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The headings of the columns that are not read, as a person can find them in the file."""
    read = frozenset(columns.values())
    unread = [place for place in range(len(headings)) if place not in read]
    named = [(place, " ".join(headings[place].split())[:LONGEST_HEADING]) for place in unread]
    return [
        name if name.isprintable() and name else f"column {place + 1}"
        for place, name in named[:MOST_IGNORED]
    ]


def digest_of(file: BinaryIO) -> bytes:
    """SHA-256 of a whole file, which stands at its start afterwards."""
    seen = hashlib.sha256()
    while block := file.read(BLOCK):
        seen.update(block)
    file.seek(0)
    return seen.digest()


async def import_file(
    session: AsyncSession,
    caller: Caller,
    kind: ImportKind,
    file: BinaryIO,
    *,
    settings: Settings,
    dry_run: bool,
    now: datetime,
) -> Import:
    """Import a CSV table or a workbook; with `dry_run` nothing but the preview is stored.

    Raises:
        NotATable, NoRows, ColumnsMissing: the file as a whole is refused.
        ContactsNotSetUp: it holds addresses, and there is no key to seal them.
        RegistryNotSetUp: it holds NIPs, and there is no key to seal them.
    """
    async with over_whole_tables(session):
        return await _import(
            session, caller, kind, file, settings=settings, dry_run=dry_run, now=now
        )


async def _import(
    session: AsyncSession,
    caller: Caller,
    kind: ImportKind,
    file: BinaryIO,
    *,
    settings: Settings,
    dry_run: bool,
    now: datetime,
) -> Import:
    digest = await asyncio.to_thread(digest_of, file)
    if kind is not ImportKind.WORK_UNITS:
        digest = registry_keys(session).keyed(digest)
    reading = await _stage(session, caller.tenant_id, kind, file, settings)
    late = await reject_late(session, caller.tenant_id, kind, jakarta_day(now))
    faults = reading.faults + [(f.line, Fault(f.column, f.code, f.message)) for f in late]
    made = Import(
        tenant_id=caller.tenant_id,
        id=new_id(),
        kind=kind,
        state=ImportState.PREVIEWED if dry_run else ImportState.APPLIED,
        digest=digest,
        rows=reading.rows,
        accepted=reading.rows - len(faults),
        rejected=len(faults),
        inserted=0,
        changed=0,
        unchanged=0,
        ignored_columns=reading.ignored_columns,
        created_by=caller.actor,
        applied_at=None if dry_run else now,
    )
    session.add(made)
    await session.flush()
    await _keep_faults(session, made, faults)
    merge = Merge(session, settings, caller.tenant_id, made.id, caller.actor, now)
    if dry_run:
        await _keep_staged(session, made)
        _count(made, await _rehearse(session, merge, kind))
    else:
        _count(made, await merge.run(kind))
    await _announce(session, caller, made, now)
    await session.flush()
    await session.refresh(made)
    return made


def _sealer(settings: Settings, tenant_id: UUID) -> Callable[[str], str]:
    """Seals the addresses of a file; the keys are asked for by the first one."""

    def seal(address: str) -> str:
        return seal_cell(required_keys(settings), tenant_id, address)

    return seal


def _hider(session: AsyncSession, tenant_id: UUID) -> Callable[[str], tuple[str, str]]:
    """Hides the NIPs of a file; the keys are asked for by the first one."""

    def hide(nip: str) -> tuple[str, str]:
        return staged_cells(registry_keys(session), tenant_id, nip)

    return hide


async def apply_import(
    session: AsyncSession, settings: Settings, caller: Caller, import_id: UUID, *, now: datetime
) -> Import:
    """Carry a preview out.

    Raises:
        NotFound: there is none.
        AlreadyApplied: it was carried out before.
    """
    made = await queries.get(session, caller, import_id, lock=True)
    if made.state is ImportState.APPLIED:
        raise AlreadyApplied
    async with over_whole_tables(session):
        await _merge_preview(session, settings, caller, made, now)
    made.state, made.applied_at = ImportState.APPLIED, now
    await session.execute(
        delete(ImportRow).where(
            ImportRow.tenant_id == caller.tenant_id, ImportRow.import_id == import_id
        )
    )
    await _announce(session, caller, made, now)
    await session.flush()
    await session.refresh(made)
    return made


async def _merge_preview(
    session: AsyncSession, settings: Settings, caller: Caller, made: Import, now: datetime
) -> None:
    await session.execute(text("DROP TABLE IF EXISTS staged_rows"))
    await session.execute(text(STAGED_ROWS))
    await session.execute(
        text(
            "INSERT INTO staged_rows SELECT line, gen_random_uuid(), fields FROM import_rows"
            " WHERE tenant_id = :tenant_id AND import_id = :import_id"
        ),
        {"tenant_id": caller.tenant_id, "import_id": made.id},
    )
    if made.kind is ImportKind.EMPLOYEES:
        await _seal_anew(session, caller.tenant_id)
    await session.execute(text("ANALYZE staged_rows"))
    # The registry may have moved since the preview, so the rows are judged by it once more.
    late = await reject_late(session, caller.tenant_id, made.kind, jakarta_day(now))
    await _keep_faults(session, made, [(f.line, Fault(f.column, f.code, f.message)) for f in late])
    made.accepted -= len(late)
    made.rejected += len(late)
    merge = Merge(session, settings, caller.tenant_id, made.id, caller.actor, now)
    _count(made, await merge.run(made.kind))


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
STAGED_ROWS = """
CREATE TEMP TABLE staged_rows (line integer, id uuid, fields text[]) ON COMMIT DROP
"""


async def _stage(
    session: AsyncSession, tenant_id: UUID, kind: ImportKind, file: BinaryIO, settings: Settings
) -> Reading:
    """Check the file row by row and copy what is accepted into `staged_rows`."""
    await session.execute(text("DROP TABLE IF EXISTS staged_rows"))
    await session.execute(text(STAGED_ROWS))
    connection = await driver_connection(session)
    with closing(read_lines(file)) as lines:
        heading = await asyncio.to_thread(next, lines, None)
        if heading is None:
            raise NotATable(reason="it is empty")
        columns = locate(kind, heading.cells)
        unread = ignored(heading.cells, columns)
        seal, hide = _sealer(settings, tenant_id), _hider(session, tenant_id)
        reading = Reading(kind, columns, unread, seal, hide)
        accepted = reading.accept(lines)
        # A thread checks each batch, so that a long file leaves the loop free for others.
        while batch := await asyncio.to_thread(lambda: list(islice(accepted, BATCH))):
            await connection.copy_records_to_table(
                "staged_rows", records=batch, columns=["line", "id", "fields"]
            )
    if reading.rows == 0:
        raise NoRows
    await session.execute(text("ANALYZE staged_rows"))
    return reading


async def _rehearse(session: AsyncSession, merge: Merge, kind: ImportKind) -> Merged:
    """What the merge would do: it is done for real and undone."""
    savepoint = await session.begin_nested()
    try:
        return await merge.run(kind)
    finally:
        await savepoint.rollback()


def _count(made: Import, merged: Merged) -> None:
    made.inserted, made.changed, made.unchanged = (
        merged.inserted,
        merged.changed,
        merged.unchanged,
    )


async def _keep_faults(
    session: AsyncSession, made: Import, faults: Sequence[tuple[int, Fault]]
) -> None:
    session.add_all(
        ImportFault(
            tenant_id=made.tenant_id,
            import_id=made.id,
            line=line,
            column=fault.column,
            code=fault.code,
            message=fault.message,
        )
        for line, fault in sorted(faults, key=lambda each: each[0])
    )
    await session.flush()


async def _keep_staged(session: AsyncSession, made: Import) -> None:
    await session.execute(
        text(
            "INSERT INTO import_rows (tenant_id, import_id, line, fields)"
            " SELECT CAST(:tenant_id AS uuid), CAST(:import_id AS uuid), line, fields"
            " FROM staged_rows"
        ),
        {"tenant_id": made.tenant_id, "import_id": made.id},
    )


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
        await enqueue(session, [EvaluateTenant(caller.tenant_id, cause=str(made.id))])
        record_import(kind=made.kind, accepted=made.accepted, rejected=made.rejected)


async def shown(session: AsyncSession, caller: Caller, made: Import) -> ImportOut:
    """An import with the first of its faults; the others stand in its errors.csv."""
    faults = await queries.faults(session, caller, made.id)
    return ImportOut(
        id=made.id,
        kind=made.kind,
        state=made.state,
        rows=made.rows,
        accepted=made.accepted,
        rejected=made.rejected,
        inserted=made.inserted,
        changed=made.changed,
        unchanged=made.unchanged,
        ignored_columns=made.ignored_columns,
        faults=[FaultOut.model_validate(each) for each in faults],
        created_at=made.created_at,
        applied_at=made.applied_at,
    )
