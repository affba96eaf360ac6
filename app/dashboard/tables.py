"""Tables that leave a page as a file: CSV of which a spreadsheet computes nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

# What a spreadsheet would compute with.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
# Without it Excel takes UTF-8 for the code page of its country.
MARK: Final = "\N{BYTE ORDER MARK}"


def csv_file(name: str, headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Response:
    """A table that browsers save under a name."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(headings)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return Response(
        (MARK + table.getvalue()).encode(),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _guarded(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
