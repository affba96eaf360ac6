"""Tables that people fill in: as CSV, and as a workbook of texts, which Excel leaves alone."""

import csv
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import xlsxwriter

from app.exchange.columns import COLUMNS, EITHER
from app.exchange.kinds import ImportKind

WIDTH: Final = 24
# What a spreadsheet would compute with.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
PLAIN: Final = dict.fromkeys(
    ("strings_to_formulas", "strings_to_numbers", "strings_to_urls"), False
)
SHEET: Final = "Data"
GUIDE: Final = "Petunjuk"
GUIDE_HEADINGS: Final = ("Kolom", "Isi", "Wajib", "Judul lain yang dikenali")


class FileForm(StrEnum):
    """How a table is written."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {
    FileForm.CSV: "text/csv; charset=utf-8",
    FileForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as CSV in UTF-8, of which a spreadsheet computes nothing."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(headings)
    guarded = [name == "nip" for name in headings]
    for row in rows:
        writer.writerow(_guarded(cell, nip=nip) for cell, nip in zip(row, guarded, strict=True))
    return table.getvalue().encode()


def _guarded(cell: str, *, nip: bool) -> str:
    # A spreadsheet that takes a NIP for a number keeps fifteen of its digits.
    return f"'{cell}" if cell and (nip or cell.startswith(FORMULA)) else cell


def as_workbook(headings: Sequence[str], rows: Iterable[Sequence[str]], kind: ImportKind) -> bytes:
    """A table as a workbook of texts, with a second sheet that says what belongs where."""
    file = io.BytesIO()
    # In memory: a temporary file would hold NIPs.
    book = xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN})
    as_text = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#D9E2F3", "border": 1, "num_format": "@"})
    sheet = book.add_worksheet(SHEET)
    sheet.set_column(0, len(headings) - 1, WIDTH, as_text)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, head)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell, as_text)
    guide = book.add_worksheet(GUIDE)
    guide.set_column(0, len(GUIDE_HEADINGS) - 1, 2 * WIDTH)
    for column, heading in enumerate(GUIDE_HEADINGS):
        guide.write_string(0, column, heading, head)
    for number, told in enumerate(_guide(kind), start=1):
        for column, cell in enumerate(told):
            guide.write_string(number, column, cell)
    book.close()
    return file.getvalue()


def _guide(kind: ImportKind) -> list[tuple[str, str, str, str]]:
    either = {name for group in EITHER[kind] for name in group}
    return [
        (
            column.name,
            column.about,
            "ya" if column.required else "salah satu" if column.name in either else "tidak",
            ", ".join(column.headings[:-1]),
        )
        for column in COLUMNS[kind]
    ]


def template(kind: ImportKind, form: FileForm) -> bytes:
    """An empty table of a kind."""
    return written([column.name for column in COLUMNS[kind]], (), kind, form)


def written(
    headings: Sequence[str], rows: Iterable[Sequence[str]], kind: ImportKind, form: FileForm
) -> bytes:
    """A table in either form."""
    return as_csv(headings, rows) if form is FileForm.CSV else as_workbook(headings, rows, kind)
