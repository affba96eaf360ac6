"""What every benchmark needs: a durable PostgreSQL, a result line, the verdict on its demand."""

import base64
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.local.postgres import start

MIB = 1024
# The registry stores NIPs sealed only; these keys hide invented ones.
os.environ.setdefault("SIMEDSOS_RATE_LIMIT_CLIENT", "0")
os.environ.setdefault("SIMEDSOS_RATE_LIMIT_TENANT", "0")
os.environ.setdefault("SIMEDSOS_REGISTRY_KEYS", f"bench:{base64.b64encode(b'r' * 32).decode()}")
os.environ.setdefault("SIMEDSOS_LOOKUP_KEY", base64.b64encode(b"l" * 32).decode())
READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of a benchmark; `met` is None where nothing is demanded of it."""

    what: str
    size: str
    measured: str
    floor: str
    ratio: str
    demand: str = "none, for information"
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "ok", False: "MISSED", None: "--"}[self.met]
        return (
            f"{verdict:<6} {self.what} | size {self.size} | measured {self.measured}"
            f" | floor {self.floor} | ratio {self.ratio} | demand {self.demand}"
        )


def peak_memory(who: int = resource.RUSAGE_SELF) -> str:
    """The largest resident size so far of this process, or of the largest ended child."""
    return f"{resource.getrusage(who).ru_maxrss / MIB:.0f} MiB"


def wait_for_port(port: int) -> None:
    """Wait until somebody listens on a port of this machine."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def report(lines: Sequence[Measured], *, peak: str) -> None:
    """Print the lines and end the process: status 1 when a demand was missed."""
    for line in lines:
        print(f"{line} | peak RSS {peak}", flush=True)
    sys.exit(1 if any(line.met is False for line in lines) else 0)


@contextmanager
def durable_server() -> Iterator[tuple[str, Path]]:
    """The address of an empty embedded server with fsync on, and a folder that goes with it."""
    with embedded_server(durable=True) as found:
        yield found


@contextmanager
def embedded_server(*, durable: bool) -> Iterator[tuple[str, Path]]:
    """The same, with fsync as it is wished."""
    with tempfile.TemporaryDirectory(prefix="simedsos-bench-") as name:
        folder = Path(name)
        # PostgreSQL's own user has to pass through the folder when this runs as root.
        folder.chmod(0o755)
        running = start(folder / "server", durable=durable)
        try:
            yield running.owner_url, folder
        finally:
            running.stop()
