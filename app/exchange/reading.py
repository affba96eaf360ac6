"""Reading an uploaded table row by row; what is no table is refused with the reason."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.core.errors import UnsupportedFile
from app.exchange.workbooks import as_csv

SAMPLE = 64 * 1024
DELIMITERS = (",", ";", "\t")
WORKBOOK = b"PK\x03\x04"
MAGIC = (
    (
        b"\xd0\xcf\x11\xe0",
        "it is an old or protected Excel workbook; save it as .xlsx without a password, or as CSV",
    ),
    (b"%PDF", "it is a PDF; export the table as CSV UTF-8"),
    (b"\xff\xfe", "it is UTF-16 text; save it as CSV UTF-8"),
    (b"\xfe\xff", "it is UTF-16 text; save it as CSV UTF-8"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"\x1f\x8b", "it is a gzip archive; unpack it first"),
)


class NotATable(UnsupportedFile):
    """This is not a table: {reason}."""


class NoRows(UnsupportedFile):
    """The file has a heading but no rows below it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row's cells and the line of the file on which it ends."""

    number: int
    cells: list[str]


def _refuse_other_kinds(sample: bytes) -> None:
    for magic, reason in MAGIC:
        if sample.startswith(magic):
            raise NotATable(reason=reason)
    if not sample.strip():
        raise NotATable(reason="it is empty")
    if b"\x00" in sample:
        raise NotATable(reason="it holds binary data")
    if sample.lstrip()[:1] in {b"<", b"{", b"["}:
        raise NotATable(reason="it is a web page or JSON, perhaps a sign-in page saved as a file")


def _delimiter(heading: str) -> str:
    """The delimiter that the heading uses most; Indonesian Excel writes semicolons."""
    return max(DELIMITERS, key=heading.count)


def read_lines(stream: BinaryIO) -> Generator[Line, None, None]:
    """The lines of a CSV table or of a workbook's first sheet, the heading first; no blank ones.

    Raises:
        NotATable: the stream is something else, is not UTF-8, or its quoting is broken.
        NotAWorkbook: it looks like a workbook, and cannot be read as one.
    """
    sample = stream.read(SAMPLE)
    stream.seek(0)
    if sample.startswith(WORKBOOK):
        stream = as_csv(stream)
        sample = stream.read(SAMPLE)
        stream.seek(0)
    _refuse_other_kinds(sample.removeprefix(codecs.BOM_UTF8))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        yield from _lines(text)
    except UnicodeDecodeError as error:
        raise NotATable(reason="it is not UTF-8 text; save it as CSV UTF-8") from error
    except csv.Error as error:
        raise NotATable(reason="its quoting is broken or a cell is too long") from error
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[Line]:
    heading = text.readline()
    delimiter = _delimiter(heading)
    text.seek(0)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield Line(reader.line_num, cells)
