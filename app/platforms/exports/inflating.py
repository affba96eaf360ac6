"""Inflates a file of an archive piece by piece, and never more of it than was announced."""

import importlib
import importlib.util
import zlib
from types import TracebackType
from typing import IO, Any, Self
from zipfile import BadZipFile

# Three times as fast as zlib, but built for two kinds of processors only.
FASTEST = "isal.isal_zlib" if importlib.util.find_spec("isal") else "zlib"

_PIECE = 64 << 10
_NO_HEADER = -15


class Inflated:
    """The decoded bytes of one deflated file; its size and checksum must come true."""

    def __init__(self, packed: IO[bytes], *, size: int, crc: int, engine: str = FASTEST) -> None:
        self._engine: Any = importlib.import_module(engine)
        self._inflater = self._engine.decompressobj(_NO_HEADER)
        self._packed = packed
        self._left = size
        self._expected_crc = crc
        self._crc = 0

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`, or a piece of them; empty at the end.

        Raises:
            BadZipFile, EOFError: the file is not what the archive's directory says.
        """
        data = b""
        while not data and not self._inflater.eof:
            waiting = self._inflater.unconsumed_tail or self._packed.read(_PIECE)
            try:
                data = self._inflater.decompress(waiting, size if size > 0 else _PIECE)
            except (zlib.error, self._engine.error):
                raise BadZipFile from None
            if not (data or waiting or self._inflater.eof):
                raise EOFError
        self._left -= len(data)
        self._crc = self._engine.crc32(data, self._crc)
        over = self._left < 0
        if over or (self._inflater.eof and (self._left or self._crc != self._expected_crc)):
            raise BadZipFile
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._packed.close()
