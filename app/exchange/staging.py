"""Reading a file into temporary tables: rows that are accepted, and faults of the others.

Rows hold no NIP and no address in the clear: a hash to find a NIP by, and everything sealed. Of a
row that is rejected its cells are kept sealed as well, so that it can be given back to be mended.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.sealing import required_keys, seal_cell
from app.core.crypto import Place, RegistryKeys
from app.core.db import driver_connection
from app.core.ids import new_id
from app.employees.sealing import hashes_of, registry_keys, staged_cells
from app.exchange.columns import locate
from app.exchange.kinds import ImportKind
from app.exchange.reading import Line, NoRows, NotATable, Table
from app.exchange.rules import CHECKS, Accepted, Fault, nip_in
from app.settings import Settings

BATCH: Final = 2_000
LONGEST_HEADING: Final = 100
# Whoever uploads a table of a thousand other columns has understood after this many.
MOST_IGNORED: Final = 100
# A file of which more is wrong than this is exported anew, and not mended row by row.
MOST_MENDABLE: Final = 10_000
LONGEST_CELL: Final = 1_000
# The columns of `check_employee` that hold addresses.
EMAIL: Final = 6
PHONE: Final = 7
CELLS = "import_faults.cells"

STAGED_ROWS = "CREATE TEMP TABLE staged_rows (line integer, id uuid, fields text[]) ON COMMIT DROP"
STAGED_FAULTS = """
CREATE TEMP TABLE staged_faults (
    id uuid, line integer, "column" text, code text, message text, nip_hash bytea, key_id text,
    cells bytea, fields text[]
) ON COMMIT DROP
"""
FAULT_COLUMNS: Final = [
    "id", "line", "column", "code", "message", "nip_hash", "key_id", "cells", "fields",
]  # fmt: skip

# Hears how many rows have been read, and which share of the file, after every batch.
Told = Callable[[int, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Read:
    """What one pass over a file has come to; its rows stand in the temporary tables."""

    rows: int
    ignored_columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hiding:
    """How what must not be read in the database is hidden."""

    tenant_id: UUID
    kind: ImportKind
    settings: Settings
    # Work units are no secret, and a government may import them before it has keys.
    keys: RegistryKeys | None

    def row(self, values: Sequence[str | None]) -> list[str | None]:
        """The values of an accepted row as they are staged."""
        if self.keys is None:
            return list(values)
        nip_hash, sealed_nip = staged_cells(self.keys, self.tenant_id, values[0] or "")
        if self.kind is ImportKind.ACCOUNTS:
            return [nip_hash, *values[1:], sealed_nip]
        kept = list(values[1:])
        for place in (EMAIL, PHONE):
            address = values[place]
            if address is not None:
                keys = required_keys(self.settings)
                kept[place - 1] = seal_cell(keys, self.tenant_id, address)
        # The unit by BKN's id came last to the staged rows, and stands behind the sealed NIP.
        return [nip_hash, *kept[:-1], sealed_nip, kept[-1]]

    def fault(self, line: int, fault: Fault, cells: Mapping[str, str], *, kept: bool) -> list[Any]:
        """A rejected row as it is staged: why, whose it is, and what stood in it."""
        fault_id, told = new_id(), [line, fault.column, fault.code, fault.message]
        cut = {name: cell[:LONGEST_CELL] for name, cell in cells.items()} if kept else {}
        if self.keys is None:
            return [fault_id, *told, None, None, None, list(cut.values()) if kept else None]
        nip = nip_in(cells)
        nip_hash = None if nip is None else hashes_of(self.keys, self.tenant_id, [nip])[0]
        if not kept:
            return [fault_id, *told, nip_hash, None, None, None]
        place = Place(self.tenant_id, fault_id, CELLS)
        sealed = self.keys.ring.seal(json.dumps(cut), place)
        return [fault_id, *told, nip_hash, self.keys.ring.current, sealed, None]


class Pass:
    """One pass over a file: counts what comes by, and parts it into rows and faults."""

    def __init__(self, columns: Mapping[str, int], hiding: Hiding) -> None:
        self._columns = columns
        self._hiding = hiding
        self._check = CHECKS[hiding.kind]
        self._faults = 0
        self.rows = 0

    def part(self, lines: Iterable[Line]) -> tuple[list[list[Any]], list[list[Any]]]:
        """The accepted rows among some lines, and the faults of the others."""
        rows: list[list[Any]] = []
        faults: list[list[Any]] = []
        for line in lines:
            self.rows += 1
            cells = {
                name: line.cells[position] if position < len(line.cells) else ""
                for name, position in self._columns.items()
            }
            checked = self._check(cells)
            if isinstance(checked, Accepted):
                rows.append([line.number, new_id(), self._hiding.row(checked.values)])
            else:
                self._faults += 1
                kept = self._faults <= MOST_MENDABLE
                faults.append(self._hiding.fault(line.number, checked, cells, kept=kept))
        return rows, faults


def ignored(headings: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The headings of the columns that are not read, as a person can find them in the file."""
    read = frozenset(columns.values())
    unread = [place for place in range(len(headings)) if place not in read]
    named = [(place, " ".join(headings[place].split())[:LONGEST_HEADING]) for place in unread]
    return [
        name if name.isprintable() and name else f"column {place + 1}"
        for place, name in named[:MOST_IGNORED]
    ]


def hiding_of(
    session: AsyncSession, tenant_id: UUID, kind: ImportKind, settings: Settings
) -> Hiding:
    """How the rows of a kind are hidden.

    Raises:
        RegistryNotSetUp: they hold NIPs, and there is no key to seal them.
    """
    keys = None if kind is ImportKind.WORK_UNITS else registry_keys(session)
    return Hiding(tenant_id, kind, settings, keys)


async def make_tables(session: AsyncSession) -> None:
    """Empty temporary tables, of this transaction alone."""
    for name, statement in (("staged_rows", STAGED_ROWS), ("staged_faults", STAGED_FAULTS)):
        await session.execute(text(f"DROP TABLE IF EXISTS {name}"))
        await session.execute(text(statement))


async def stage(session: AsyncSession, table: Table, hiding: Hiding, told: Told) -> Read:
    """Check a file row by row and copy what came of each into the temporary tables.

    Raises:
        NotATable, NoRows, ColumnsMissing: the file as a whole is refused.
        ContactsNotSetUp: it holds addresses, and there is no key to seal them.
    """
    await make_tables(session)
    connection = await driver_connection(session)
    with closing(table.lines()) as lines:
        heading = await asyncio.to_thread(next, lines, None)
        if heading is None:
            raise NotATable(reason="it is empty")
        columns = locate(hiding.kind, heading.cells)
        reading = Pass(columns, hiding)
        # A thread checks each batch, so that a long file leaves the loop free for others.
        while batch := await asyncio.to_thread(_next, reading, lines):
            rows, faults = batch
            await connection.copy_records_to_table("staged_rows", records=rows)
            if faults:
                await connection.copy_records_to_table(
                    "staged_faults", records=faults, columns=FAULT_COLUMNS
                )
            await told(reading.rows, table.share_read())
    if reading.rows == 0:
        raise NoRows
    await session.execute(text("ANALYZE staged_rows"))
    return Read(reading.rows, ignored(heading.cells, columns))


def _next(reading: Pass, lines: Iterator[Line]) -> tuple[list[list[Any]], list[list[Any]]] | None:
    """What came of the next batch; None at the end."""
    batch = list(islice(lines, BATCH))
    return reading.part(batch) if batch else None
