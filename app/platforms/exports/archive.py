"""Reads chosen files out of an uploaded ZIP without unpacking, trusting nothing that it says."""

import copy
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from app.platforms.exports.errors import Damaged, Encrypted, TooLarge
from app.platforms.exports.inflating import Inflated

ARCHIVE_MARKS = (b"PK\x03\x04", b"PK\x05\x06")

# What the archive reader raises on bytes that are no proper archive.
ARCHIVE_FAULTS = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

_READABLE_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How large an export may be before it is taken for an attack.

    `max_list_bytes` bounds the decoded lists: 6 GiB is 25 million followers. `max_ratio` is
    how tightly a list may be packed; real ones are packed 10 to 30 times.
    """

    max_archive_entries: int = 50_000
    max_directory_bytes: int = 8 << 20
    max_list_bytes: int = 6 << 30
    max_ratio: int = 200


class Readable(Protocol):
    """Something that gives bytes until it is empty."""

    def read(self, size: int = -1, /) -> bytes: ...


class _BoundedReads(io.RawIOBase):
    """A stream that refuses one large read.

    The archive reader asks for its whole directory in one read, so this bounds the memory
    that a forged directory can take; file contents are read in small pieces.
    """

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream = stream
        self._most = most

    def read(self, size: int = -1, /) -> bytes:
        enough = self._most + 1
        data = self._stream.read(min(size, enough) if size >= 0 else enough)
        if len(data) > self._most:
            raise TooLarge
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


class Archive:
    """The directory of an uploaded ZIP; names are only compared, nothing is ever extracted."""

    def __init__(self, stream: BinaryIO, limits: ExportLimits) -> None:
        self._limits = limits
        stream.seek(0)
        try:
            self._zip = zipfile.ZipFile(_BoundedReads(stream, limits.max_directory_bytes))
        except ARCHIVE_FAULTS:
            raise Damaged from None
        self.members: Sequence[zipfile.ZipInfo] = self._zip.infolist()
        if len(self.members) > limits.max_archive_entries:
            raise TooLarge

    def check(self, chosen: Sequence[zipfile.ZipInfo]) -> None:
        """Raises ExportRefused unless the chosen files can be read safely."""
        for member in chosen:
            if member.flag_bits & 0x1:
                raise Encrypted
            if member.compress_type not in _READABLE_PACKINGS:
                raise Damaged
            packed = max(member.compress_size, 1)
            if member.file_size > max(_SMALL, packed * self._limits.max_ratio):
                raise TooLarge
        if sum(member.file_size for member in chosen) > self._limits.max_list_bytes:
            raise TooLarge

    def open(self, member: zipfile.ZipInfo) -> AbstractContextManager[Readable]:
        """The decoded bytes of a checked file; never more of them than the directory says."""
        try:
            if member.compress_type == zipfile.ZIP_STORED:
                return self._zip.open(member)
            return Inflated(
                self._zip.open(_as_stored(member)), size=member.file_size, crc=member.CRC
            )
        except ARCHIVE_FAULTS:
            raise Damaged from None


def _as_stored(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The same file as if its packed bytes were its content, so that they can be read as they are.

    Without a checksum none is compared; that of the decoded bytes is, while they are inflated.
    """
    packed = copy.copy(member)
    packed.compress_type = zipfile.ZIP_STORED
    packed.file_size = packed.compress_size
    del packed.CRC
    return packed
