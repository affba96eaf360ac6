"""The first sheet of a workbook as CSV: a program of its own, since its input is hostile.

It is run as `python -I workbook_reader.py` with the workbook on its standard input, imports nothing
of this service, and bounds itself before it looks at a byte. It ends with a word on its standard
error and status 3 when the file is not one that it reads.
"""

import csv
import io
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import NoReturn

MEMORY_BYTES = 1024**3
CPU_SECONDS = 60
OPEN_FILES = 32
LARGEST_UNPACKED = 512 * 1024**2
LARGEST_CSV = 256 * 1024**2
MOST_PARTS = 2_000
MOST_COLUMNS = 256
# A float holds every whole number up to here, and no NIP.
LARGEST_EXACT = 2**53
REFUSED = 3


def refuse(word: str) -> NoReturn:
    """End, and say why in one word."""
    sys.stderr.write(word)
    sys.exit(REFUSED)


def bound() -> None:
    """Give up what a hostile file could make use of, for good."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def check_archive(content: bytes) -> None:
    """Refuse what unpacks to too much, or is no workbook, by its directory alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        refuse("damaged")
    names = [part.filename for part in parts]
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        refuse("too_large")
    if len(set(names)) != len(names) or "[Content_Types].xml" not in names:
        refuse("not_a_workbook")
    if not any(name.startswith("xl/") for name in names):
        refuse("not_a_workbook")


def told(cell: object) -> str:  # noqa: PLR0911 - One line for each kind of cell.
    """A cell as text; a number that is too long to be exact is shown as the damage it is."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < LARGEST_EXACT:
            return str(int(cell))
        return f"{cell:.14E}" if abs(cell) >= LARGEST_EXACT else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    # A line's end inside a cell would move every row below it.
    return " ".join(str(cell).split("\n")).replace("\r", " ")


def write(content: bytes) -> None:
    """Write the first sheet that is shown as CSV, its rows on the lines of the same number."""
    # Imported only now, under the limits.
    from python_calamine import (  # noqa: PLC0415
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        if not shown:
            refuse("no_sheet")
        sheet = workbook.get_sheet_by_name(shown[0])
        if sheet.total_width > MOST_COLUMNS:
            refuse("too_wide")
        rows = sheet.to_python(skip_empty_area=False)
    except PasswordError:
        refuse("encrypted")
    except CalamineError:
        refuse("damaged")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([told(cell) for cell in row])
        if out.tell() > LARGEST_CSV:
            refuse("too_large")
    sys.stdout.buffer.write(out.getvalue().encode())


def main() -> None:
    """Read standard input, and write CSV or a refusal."""
    bound()
    try:
        content = sys.stdin.buffer.read()
        check_archive(content)
        write(content)
    except MemoryError:
        refuse("too_large")


if __name__ == "__main__":
    main()
