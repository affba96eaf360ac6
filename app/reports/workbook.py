"""A report as XLSX: real numbers and dates, and every text a text, whatever it begins with."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from app.reports.document import Frozen
from app.reports.people import ListedPerson
from app.reports.sheets import (
    GROWTH,
    SERIES,
    SHEETS,
    Cell,
    Column,
    Kind,
    Moment,
    Percent,
    Sheet,
    definitions,
    people,
)

# The locale code makes Excel write Indonesian months; separators follow the reader's own setting.
FORMATS = {
    Kind.TEXT: "@",
    Kind.WHOLE: "#,##0",
    Kind.PERCENT: '0.00" %"',
    Kind.MOMENT: "[$-421]d mmmm yyyy hh.mm",
    Kind.DAY: "[$-421]d mmmm yyyy",
}
# Told apart without colour as well: by the shape of the markers.
LINES = (
    ("#1F4E79", "circle"), ("#C55A11", "square"), ("#548235", "diamond"), ("#7030A0", "triangle"),
    ("#7F7F7F", "x"), ("#BF9000", "star"),
)  # fmt: skip
MOST_LINES = 12


def write(frozen: Frozen, listed: Sequence[ListedPerson] | None) -> bytes:
    """The workbook; without the sheet of people where `listed` is None."""
    file = BytesIO()
    # Rows go to a folder that only this process may read, since they need not fit into memory.
    with tempfile.TemporaryDirectory(prefix="simedsos-report-") as folder:
        book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        _name(book, frozen)
        formats = {kind: book.add_format({"num_format": FORMATS[kind]}) for kind in Kind}
        for kind in (Kind.TEXT, Kind.WHOLE):
            formats[kind].set_align("top")
        formats[Kind.TEXT].set_text_wrap()
        head = book.add_format(
            {"bold": True, "bg_color": "#D9E2F3", "border": 1, "text_wrap": True}
        )
        for make in SHEETS:
            _sheet(book, make(frozen), formats, head)
        for sheet in people(listed) if listed is not None else ():
            _sheet(book, sheet, formats, head)
        _sheet(book, definitions(frozen), formats, head)
        _chart(book, frozen)
        book.close()
    return file.getvalue()


def _name(book: Any, frozen: Frozen) -> None:
    """Whatever names the file comes from the report, so that it is the same file for ever."""
    content = frozen.content
    frozen_at = datetime.fromisoformat(content["known_at"]).astimezone(UTC)
    book.set_properties(
        {
            "title": content["title"],
            "subject": content["number"],
            "author": content["government"]["name"],
            "comments": f"SHA-256 {frozen.digest}",
            "created": frozen_at.replace(tzinfo=None),
        }
    )


def _sheet(book: Any, sheet: Sheet, formats: Mapping[Kind, Any], head: Any) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.columns) - 1)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page.set_landscape()
    page.set_paper(9)
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)
    for position, column in enumerate(sheet.columns):
        page.set_column(position, position, column.width)
        page.write_string(0, position, column.title, head)
    for number, row in enumerate(sheet.rows, start=1):
        for position, (cell, column) in enumerate(zip(row, sheet.columns, strict=True)):
            _cell(page, number, position, cell, column, formats)


def _cell(
    page: Any, row: int, position: int, cell: Cell, column: Column, formats: Mapping[Kind, Any]
) -> None:
    match cell:
        case None:
            pass
        case str():
            # Never `write`, which takes a text that begins with = for a formula.
            page.write_string(row, position, cell, formats[Kind.TEXT])
        case Moment(at, kind):
            page.write_datetime(row, position, at.replace(tzinfo=None), formats[kind])
        case Percent(value):
            page.write_number(row, position, value, formats[Kind.PERCENT])
        case _:
            page.write_number(row, position, cell, formats[column.kind])


def _chart(book: Any, frozen: Frozen) -> None:
    """The growth of each account as a native chart; days without a reading stay gaps."""
    accounts = frozen.content["official_accounts"]
    days = len(accounts[0]["series"]["items"]) if accounts else 0
    if days == 0:
        return
    chart = book.add_chart({"type": "line"})
    for number in range(min(len(accounts), MOST_LINES // 2)):
        colour, marker = LINES[number % len(LINES)]
        for end, dash in ((0, "solid"), (1, "dash")):
            column = 1 + 2 * number + end
            chart.add_series(
                {
                    "name": [SERIES, 0, column],
                    "categories": [SERIES, 1, 0, days, 0],
                    "values": [SERIES, 1, column, days, column],
                    "line": {"color": colour, "width": 1.5, "dash_type": dash},
                    "marker": {"type": marker, "size": 5, "fill": {"color": colour}},
                }
            )
    chart.show_blanks_as("gap")
    chart.set_title({"name": "Jumlah pengikut per hari"})
    chart.set_x_axis({"date_axis": True, "num_format": "d/m/yyyy"})
    chart.set_y_axis({"num_format": "#,##0"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1100, "height": 420})
    book.get_worksheet_by_name(GROWTH).insert_chart(len(accounts) + 2, 0, chart)
