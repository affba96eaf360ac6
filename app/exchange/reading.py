"""Reading an uploaded table row by row; what is no table is refused with the reason."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.core.errors import UnsupportedFile
from app.exchange.kinds import FileEncoding
from app.exchange.workbooks import as_csv

SAMPLE = 64 * 1024
BLOCK = 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
# Excel writes and reads this first line, which is no row.
TELLS_DELIMITER = "sep="
WORKBOOK = b"PK\x03\x04"
MAGIC = (
    (
        b"\xd0\xcf\x11\xe0",
        "it is an old or protected Excel workbook; save it as .xlsx without a password, or as CSV",
    ),
    (b"%PDF", "it is a PDF; export the table as CSV UTF-8"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"\x1f\x8b", "it is a gzip archive; unpack it first"),
)
ODD = "it is neither UTF-8, UTF-16 nor Windows-1252 text; save it as CSV UTF-8"
BINARY = "it holds binary data"


class NotATable(UnsupportedFile):
    """This is not a table: {reason}."""


class NoRows(UnsupportedFile):
    """The file has a heading but no rows below it."""


# The names by which Python knows them; a byte order mark is no part of the text.
CODECS = {
    FileEncoding.UTF_8: "utf-8-sig",
    FileEncoding.UTF_16: "utf-16",
    FileEncoding.WINDOWS_1252: "cp1252",
    FileEncoding.WORKBOOK: "utf-8",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row's cells and the line of the file on which it ends."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that looks like a table: its bytes, from the start, and how its text is written."""

    stream: BinaryIO
    encoding: FileEncoding
    size: int

    def share_read(self) -> float:
        """How much of it has been read, from 0 to 1."""
        return min(self.stream.tell() / self.size, 1.0) if self.size else 1.0

    def lines(self) -> Generator[Line, None, None]:
        """Its lines, the heading first; no blank ones.

        Raises:
            NotATable: its quoting is broken.
        """
        self.stream.seek(0)
        text = io.TextIOWrapper(self.stream, encoding=CODECS[self.encoding], newline="")
        try:
            yield from _lines(text)
        except UnicodeDecodeError as error:
            raise NotATable(reason=ODD) from error
        except csv.Error as error:
            raise NotATable(reason="its quoting is broken or a cell is too long") from error
        finally:
            text.detach()


def opened(stream: BinaryIO) -> Table:
    """A CSV table, or the first sheet of a workbook.

    Text that is not UTF-8 is taken for Windows-1252, which Excel writes where nobody chooses.

    Raises:
        NotATable: the stream is something else.
        NotAWorkbook: it looks like a workbook, and cannot be read as one.
    """
    sample = stream.read(SAMPLE)
    stream.seek(0)
    workbook = sample.startswith(WORKBOOK)
    if workbook:
        stream = as_csv(stream)
        sample = stream.read(SAMPLE)
        stream.seek(0)
    _refuse_other_kinds(sample)
    encoding = _encoding(stream, sample)
    _refuse_other_text(sample.decode(CODECS[encoding], errors="ignore"))
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return Table(stream, FileEncoding.WORKBOOK if workbook else encoding, size)


def _refuse_other_kinds(sample: bytes) -> None:
    for magic, reason in MAGIC:
        if sample.startswith(magic):
            raise NotATable(reason=reason)


def _refuse_other_text(sample: str) -> None:
    if not sample.strip():
        raise NotATable(reason="it is empty")
    if sample.lstrip()[:1] in {"<", "{", "["}:
        raise NotATable(reason="it is a web page or JSON, perhaps a sign-in page saved as a file")


def _encoding(stream: BinaryIO, sample: bytes) -> FileEncoding:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if _decodes(stream, CODECS[FileEncoding.UTF_16]):
            return FileEncoding.UTF_16
        raise NotATable(reason=ODD)
    if _decodes(stream, CODECS[FileEncoding.UTF_8]):
        return FileEncoding.UTF_8
    # A mark of UTF-8 that is followed by something else is damage, and not another encoding.
    if not sample.startswith(codecs.BOM_UTF8) and _decodes(
        stream, CODECS[FileEncoding.WINDOWS_1252]
    ):
        return FileEncoding.WINDOWS_1252
    raise NotATable(reason=ODD)


def _decodes(stream: BinaryIO, codec: str) -> bool:
    """Whether a whole stream is text of this encoding.

    Raises:
        NotATable: it is, and holds a character that no text has.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        while block := stream.read(BLOCK):
            if "\x00" in decoder.decode(block):
                raise NotATable(reason=BINARY)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(heading: str) -> str:
    """The delimiter that the heading uses most; Indonesian Excel writes semicolons."""
    return max(DELIMITERS, key=heading.count)


def _lines(text: io.TextIOWrapper) -> Iterator[Line]:
    first = text.readline()
    told = first.strip().casefold().removeprefix(TELLS_DELIMITER)
    passed = int(len(told) == 1 and first.casefold().startswith(TELLS_DELIMITER))
    if passed:
        delimiter = first.strip()[-1]
    else:
        delimiter = _delimiter(first)
        text.seek(0)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield Line(reader.line_num + passed, cells)
