"""Importing a million employees from CSV, and 60,000 from a workbook, in a process of their own.

The floor is a bare COPY and upsert of the same rows: read as CSV, unchecked, NIPs in the clear,
without versions, changes or an audit trail.
"""

import asyncio
import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import xlsxwriter

from app.cli.operator import operator_of
from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine, plain_url
from app.core.ids import new_id
from app.core.services import Services
from app.exchange import service as exchange
from app.exchange.kinds import ImportKind
from app.exchange.rules import Order
from app.identity import service as identity
from app.settings import Settings
from benchmarks.measuring import Measured, durable_server, peak_memory, report
from benchmarks.roster import BARE_TABLES, BARE_UPSERT
from migrations import migrate

ROWS = 1_000_000
WORKBOOK_ROWS = 60_000
UNITS = 300
PORTION = 50_000
MOST_TIMES_THE_FLOOR = 3.0
MOST_MIB = 300
WORKBOOK_SECONDS = 15.0
HEADINGS = ("nip", "name", "category", "unit_code", "position", "standing")
Row = tuple[str, ...]


def invented(rows: int) -> Iterator[Row]:
    """People with valid NIPs that name nobody, in an order that is not that of their NIPs."""
    for number in range(rows):
        day, sequence = number % 10_080, number // 10_080 + 1
        born = f"{1970 + day % 30}{1 + day // 30 % 12:02d}{1 + day // 360:02d}"
        nip = f"{born}2024211{sequence:03d}"
        yield nip, f"Pegawai Contoh {number}", "pppk", f"16.{number % UNITS:03d}", "Guru", "Aktif"


def write_files(folder: Path, rows: int) -> None:
    """The units, the employees as CSV, and the first of them as a workbook."""
    with (folder / "units.csv").open("w") as file:
        file.write("code,name,parent_code\n16,Provinsi,\n")
        file.writelines(f"16.{number:03d},Unit {number},16\n" for number in range(UNITS))
    with (folder / "employees.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(invented(rows))
    book = xlsxwriter.Workbook(str(folder / "employees.xlsx"), {"constant_memory": True})
    sheet = book.add_worksheet()
    for line, row in enumerate([HEADINGS, *invented(WORKBOOK_ROWS)]):
        for column, cell in enumerate(row):
            sheet.write_string(line, column, cell)
    book.close()


async def import_once(server_url: str, tenant_id: UUID, kind: ImportKind, path: Path) -> Any:
    """What an import came to, as the command line does it: seconds, rows, largest memory."""
    engine = make_engine(server_url)
    database = Database(engine, registry=registry_keys_of(Settings()))
    begun = time.perf_counter()
    with path.open("rb") as file:
        made = await exchange.import_file(
            Services(database, Settings()), operator_of(tenant_id), kind, file, Order()
        )
    seconds = time.perf_counter() - begun
    await engine.dispose()
    assert made.rejected == 0
    counts = [made.inserted, made.changed, made.unchanged]
    return {"seconds": seconds, "counts": counts, "peak": peak_memory()}


async def bare(server_url: str, path: Path) -> float:
    """Seconds to read the file, copy its rows in portions, and upsert them."""
    connection = await asyncpg.connect(plain_url(server_url))
    await connection.execute(BARE_TABLES)
    begun = time.perf_counter()
    with path.open(newline="") as file:
        lines = csv.reader(file)
        next(lines)
        async with connection.transaction():
            number = 0
            while portion := [
                (number + place, new_id(), cells)
                for place, cells in zip(range(PORTION), lines, strict=False)
            ]:
                await connection.copy_records_to_table("bare_rows", records=portion)
                number += len(portion)
            await connection.execute(BARE_UPSERT, uuid4(), uuid4())
    seconds = time.perf_counter() - begun
    await connection.close()
    return seconds


async def in_a_process(*arguments: str) -> Any:
    """The same in a process of its own, so that its memory is its own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.files", *arguments, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await child.communicate()
    assert child.returncode == 0
    return json.loads(told)


async def measure(server_url: str, folder: Path, rows: int) -> list[Measured]:
    """First and repeated import of a million, the floor between them, then the workbook."""
    await migrate(server_url)
    write_files(folder, rows)
    engine = make_engine(server_url)
    tenants = []
    for slug in ("csv", "workbook"):
        async with Database(engine).system() as session:
            tenants.append(await identity.create_tenant(session, slug=slug, name="Bench"))
    await engine.dispose()
    found = {}
    for tenant_id, name in zip(tenants, ("employees.csv", "employees.xlsx"), strict=True):
        for kind, file in ((ImportKind.WORK_UNITS, "units.csv"), (ImportKind.EMPLOYEES, name)):
            arguments = (server_url, str(tenant_id), kind.value, str(folder / file))
            found[file] = await in_a_process(*arguments)
    again = await in_a_process(
        server_url, str(tenants[0]), ImportKind.EMPLOYEES.value, str(folder / "employees.csv")
    )
    floor = await bare(server_url, folder / "employees.csv")
    assert found["employees.csv"]["counts"] == [rows, 0, 0]
    assert again["counts"] == [0, 0, rows]
    return lines(rows, found["employees.csv"], again, found["employees.xlsx"], floor)


def lines(rows: int, first: Any, again: Any, workbook: Any, floor: float) -> list[Measured]:
    """The results beside what is demanded of them."""
    told = f"{floor:.1f} s (csv + COPY + upsert)"
    ratio = first["seconds"] / floor
    heavy = int(first["peak"].split()[0])
    return [
        Measured(
            what="first import of a CSV",
            size=f"{rows} rows",
            measured=f"{first['seconds']:.1f} s, {first['peak']}",
            floor=told,
            ratio=f"{ratio:.2f}x the floor",
            demand=f"<= {MOST_TIMES_THE_FLOOR}x, < {MOST_MIB} MiB",
            met=ratio <= MOST_TIMES_THE_FLOOR and heavy < MOST_MIB,
        ),
        Measured(
            what="the same CSV again",
            size=f"{rows} rows",
            measured=f"{again['seconds']:.1f} s, {again['peak']}",
            floor=told,
            ratio=f"{again['seconds'] / floor:.2f}x the floor",
        ),
        Measured(
            what="first import of a workbook",
            size=f"{WORKBOOK_ROWS} rows",
            measured=f"{workbook['seconds']:.1f} s, {workbook['peak']}",
            floor="none",
            ratio="",
            demand=f"< {WORKBOOK_SECONDS} s",
            met=workbook["seconds"] < WORKBOOK_SECONDS,
        ),
    ]


def main() -> None:
    """Measure and report, or be the process of one import."""
    if len(sys.argv) > 2:  # noqa: PLR2004 - One import's arguments.
        server_url, tenant_id, kind, path = sys.argv[1:]
        work = import_once(server_url, UUID(tenant_id), ImportKind(kind), Path(path))
        print(json.dumps(asyncio.run(work)))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with durable_server() as (server_url, folder):
        found = asyncio.run(measure(server_url, folder, rows))
    report(found, peak=peak_memory())


if __name__ == "__main__":
    main()
