"""What is inflated is what was announced, to the byte, by either engine."""

import io
import tracemalloc
import zlib
from zipfile import BadZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.exports.inflating import FASTEST, Inflated

ENGINES = pytest.mark.parametrize("engine", sorted({"zlib", FASTEST}))
TEXT = b'{"title":""},' * 40_000


def deflated(data: bytes, level: int = 6) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def read(
    packed: bytes, engine: str, *, size: int, crc: int, piece: int = 128 << 10
) -> tuple[bytes, int]:
    """Everything, and the size of the largest piece."""
    stream, pieces = Inflated(io.BytesIO(packed), size=size, crc=crc, engine=engine), [b""]
    while more := stream.read(piece):
        pieces.append(more)
    return b"".join(pieces), max(map(len, pieces))


@ENGINES
@given(data=st.binary(max_size=3000), level=st.integers(0, 9), piece=st.integers(1, 400))
def test_what_was_packed_comes_out(engine, data, level, piece):
    packed = deflated(data * 7, level)
    found, largest = read(packed, engine, size=7 * len(data), crc=zlib.crc32(data * 7), piece=piece)
    assert found == data * 7
    assert largest <= piece


@ENGINES
@pytest.mark.parametrize(
    ("packed", "size", "crc"),
    [
        pytest.param(deflated(TEXT), len(TEXT) - 1, zlib.crc32(TEXT), id="more-than-announced"),
        pytest.param(deflated(TEXT), len(TEXT) + 1, zlib.crc32(TEXT), id="less-than-announced"),
        pytest.param(deflated(TEXT), len(TEXT), 7, id="other-checksum"),
        pytest.param(deflated(TEXT)[:-4], len(TEXT), zlib.crc32(TEXT), id="cut"),
        pytest.param(b"\xff" * 99, len(TEXT), zlib.crc32(TEXT), id="no-deflate"),
        pytest.param(b"", len(TEXT), zlib.crc32(TEXT), id="nothing"),
    ],
)
def test_what_differs_from_the_directory_is_refused(engine, packed, size, crc):
    with pytest.raises((BadZipFile, EOFError)):
        read(packed, engine, size=size, crc=crc)


@ENGINES
def test_a_bomb_is_never_unfolded(engine):
    packed = deflated(bytes(200_000_000), 9)
    tracemalloc.start()
    try:
        with pytest.raises(BadZipFile):
            read(packed, engine, size=1_000_000, crc=0)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_the_faster_engine_is_used_where_it_is_installed():
    pytest.importorskip("isal")
    assert FASTEST == "isal.isal_zlib"
