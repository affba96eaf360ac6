"""Reading an Instagram export of a million followers, against the fastest bounded-memory parser.

The floor decodes the same file by blocks with msgspec, takes the handles and times, and checks
nothing. Seconds are those of the
processor, every reading takes turns with its floor, and the best of each counts. `--rows 10000000`
shows that the memory does not grow.
"""

import argparse
import re
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from uuid import UUID

import msgspec

from app.core.ids import new_id
from app.observations.lists import match
from app.platforms.exports import ExportLimits, open_export
from app.platforms.exports.archive import Archive, Readable
from benchmarks.measuring import Measured, peak_memory, report

ROUNDS = 3
BLOCK = 128 << 10
REGISTRY = 60_000
LEAST = 0.5
# The demand is 300 MB.
MOST_MIB = 286
_BOUNDARY = re.compile(rb'\}\s*,\s*(?=\{\s*"(?:title|string_list_data|media_list_data)")')


class Detail(msgspec.Struct, gc=False):
    """What an entry says of its account."""

    value: str
    timestamp: int


class Entry(msgspec.Struct, gc=False):
    """One follower."""

    string_list_data: list[Detail]


def write(path: Path, rows: int) -> None:
    """A list as Instagram writes it, about 240 bytes an entry."""
    with path.open("wb") as file:
        file.write(b"[")
        for number in range(rows):
            handle = b"pegawai.ke.%09d" % number
            file.write(
                (b",\n  {" if number else b"\n  {")
                + b'"title": "", "media_list_data": [], "string_list_data": [{"href": '
                + b'"https://www.instagram.com/' + handle + b'", "value": "' + handle
                + b'", "timestamp": %d}]}' % (1_400_000_000 + number)
            )  # fmt: skip
        file.write(b"\n]")


def pack(path: Path, packed: Path) -> None:
    """The list in an archive, packed as tightly as platforms do."""
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.write(path, "connections/followers_and_following/followers_1.json")


def opened(path: Path) -> AbstractContextManager[Readable]:
    """The bytes of a bare list, or of the only file of an archive."""
    if path.suffix == ".json":
        return path.open("rb")
    archive = Archive(path.open("rb"), ExportLimits())
    return archive.open(archive.members[0])


def by_blocks(path: Path) -> int:
    """The floor: typed blocks, cut at the last boundary, handles and times taken as they come."""
    decoder = msgspec.json.Decoder(list[Entry])
    found = 0
    with opened(path) as file:
        rest = file.read(1)
        while chunk := file.read(BLOCK):
            cuts = list(_BOUNDARY.finditer(chunk, max(0, len(chunk) - 4096)))
            if not cuts:
                rest += chunk
                continue
            block = b"".join((rest, chunk[: cuts[-1].start() + 1], b"]"))
            found += len(pairs(decoder.decode(block)))
            rest = b"[" + chunk[cuts[-1].end() :]
        found += len(pairs(decoder.decode(rest)))
    return found


def pairs(entries: list[Entry]) -> list[tuple[str, int]]:
    """What a caller wants of the entries."""
    details = [entry.string_list_data[0] for entry in entries]
    return [(detail.value, detail.timestamp) for detail in details]


def by_reader(path: Path) -> int:
    """What the service does to a file, whatever it is."""
    with path.open("rb") as file:
        return sum(len(batch) for batch in open_export(file, filename=path.name).batches())


def matched_with(accounts: Mapping[str, UUID]) -> Callable[[Path], int]:
    """Reading and matching against the accounts of a province."""

    def read(path: Path) -> int:
        with path.open("rb") as file:
            return match(open_export(file, filename=path.name), accounts).summary.listed

    return read


def seconds_of(read: Callable[[Path], int], path: Path, rows: int) -> float:
    """How long one reading takes."""
    begin = time.process_time()
    assert read(path) == rows, "the parser lost entries"
    return time.process_time() - begin


@dataclass(frozen=True, slots=True)
class Floor:
    """What a reading is compared with."""

    name: str
    read: Callable[[Path], int]


BLOCKS = Floor("msgspec blocks, unchecked", by_blocks)
READING = Floor("reading alone", by_reader)


def measured(
    what: str, rows: int, read: Callable[[Path], int], path: Path, floor: Floor
) -> Measured:
    """The best of some rounds, each beside one of the floor."""
    rounds = [
        (seconds_of(floor.read, path, rows), seconds_of(read, path, rows)) for _ in range(ROUNDS)
    ]
    least, taken = (rows / min(each) for each in zip(*rounds, strict=True))
    return Measured(
        what=what,
        size=f"{rows:,} entries",
        measured=f"{taken:,.0f} rows/s",
        floor=f"{least:,.0f} rows/s ({floor.name})",
        ratio=f"{taken / least:.2f}",
        demand=f">= {LEAST}",
        met=taken >= LEAST * least,
    )


def memory() -> Measured:
    """The largest resident size of this process, which has read everything."""
    mib = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return Measured(
        what="export, memory",
        size="all of the above",
        measured=f"{mib:.0f} MiB",
        floor="none",
        ratio="--",
        demand=f"<= {MOST_MIB} MiB at any length",
        met=mib <= MOST_MIB,
    )


def main() -> None:
    """Write the files, read them, and say how fast."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="simedsos-bench-") as name:
        bare, packed = Path(name) / "followers_1.json", Path(name) / "export.zip"
        write(bare, rows)
        pack(bare, packed)
        accounts = {f"pegawai.ke.{number:09d}": new_id() for number in range(REGISTRY)}
        lines = [
            measured("export, bare JSON", rows, by_reader, bare, BLOCKS),
            measured("export, ZIP", rows, by_reader, packed, BLOCKS),
            measured("export, ZIP and matching", rows, matched_with(accounts), packed, READING),
        ]
    report([*lines, memory()], peak=peak_memory())


if __name__ == "__main__":
    main()
