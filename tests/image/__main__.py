"""Follow the Dockerfile in a clean folder, then start each role from what came of it.

What it proves: the steps work, what is copied is enough, the service runs as nobody with a root
that cannot be written, health checks answer, and SIGTERM ends each role. What it does not: the
base image itself, layers, and a registry. As root only, since it mounts.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from app.local.postgres import free_port, start
from tests.image.following import Following, Image, command_of, run

ROOT = Path(__file__).parents[2]
# What distroless/python3 weighs, unpacked; the whole image is to stay below 300 MB.
BASE_MEGABYTES = 55
LARGEST_MEGABYTES = 300
SECONDS = 60
BEAT = "/tmp/beat"  # noqa: S108 - The one folder of a container that may be written.


def megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def until(what: str, question: list[str], image: Image, **told: str) -> None:
    """Ask by a command of the image until it answers 0."""
    for _ in range(SECONDS):
        asked = command_of(image, question, writable=False, **told)
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            print(f"  {what}: yes")
            return
        time.sleep(1)
    sys.exit(f"{what}: not within {SECONDS} s")


def children(started: subprocess.Popen[bytes]) -> list[int]:
    """The process inside: `unshare` waits for it."""
    told = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text()
    return [int(each) for each in told.split()]


@contextmanager
def role(image: Image, command: list[str], **told: str) -> Iterator[subprocess.Popen[bytes]]:
    """A role as the image starts it; afterwards it must end by SIGTERM."""
    print(f"{' '.join(command)}:")
    started = subprocess.Popen(command_of(image, command, writable=False, **told))
    try:
        yield started
    finally:
        for each in children(started):
            os.kill(each, signal.SIGTERM)
        started.wait(30)
    print(f"  ended by SIGTERM with {started.returncode}")
    if started.returncode not in {0, 128 + signal.SIGTERM}:
        sys.exit("it did not end as it should")


def require_read_only(image: Image) -> None:
    """Nobody in the image may write beside /tmp."""
    for place in ("/opt/simedsos/x", "/x"):
        asked = command_of(image, ["touch", place], writable=False)
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            sys.exit(f"{place} could be written")
    print(f"runs as {run(image, ['id', '-u']).strip()}, and writes nothing beside /tmp")


def start_roles(image: Image, url: str) -> None:
    """Migrate, then API, worker and scheduler, each asked whether it is well."""
    key = b64encode(b"k" * 32).decode()
    told = {
        "SIMEDSOS_DATABASE_URL": url,
        "SIMEDSOS_REGISTRY_KEYS": f"image:{key}",
        "SIMEDSOS_LOOKUP_KEY": key,
        "SIMEDSOS_PORT": str(free_port()),
    }
    print(run(image, [*image.entry, "migrate"], writable=False, **told).strip())
    with role(image, [*image.entry, *image.command], **told):
        until("its health check answers", image.health, image, **told)
        with urlopen(f"http://127.0.0.1:{told['SIMEDSOS_PORT']}/readyz", timeout=5) as answer:
            print(f"  /readyz: {answer.status}")
    for name in ("worker", "scheduler"):
        port = free_port()
        metrics = {"SIMEDSOS_WORKER_METRICS_PORT": str(port), "SIMEDSOS_HEARTBEAT_FILE": BEAT}
        with role(image, [*image.entry, name], **told, **metrics) as started:
            alive_inside(started)
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                print(f"  /metrics: {answer.status}")


def alive_inside(started: subprocess.Popen[bytes]) -> None:
    """Ask for the heartbeat in the role's own mounts, as Kubernetes does by exec."""
    for _ in range(SECONDS):
        for each in children(started):
            beat = Path(f"/proc/{each}/root{BEAT}")
            if beat.exists() and time.time() - beat.stat().st_mtime < SECONDS:
                print("  its heart beats")
                return
        time.sleep(1)
    sys.exit("no heartbeat")


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("as root only: it mounts the folders that an image would have")
    base = Path(tempfile.mkdtemp(prefix="simedsos-image-"))
    # Nobody of the image has to come through to their files.
    base.chmod(0o755)
    running = start(base / "postgres", durable=False)
    try:
        image = Following(ROOT, base).follow()
        size = megabytes(image.root / "opt")
        print(f"{size:.0f} MB on top of a base of about {BASE_MEGABYTES} MB")
        if size + BASE_MEGABYTES > LARGEST_MEGABYTES:
            sys.exit(f"more than {LARGEST_MEGABYTES} MB")
        require_read_only(image)
        start_roles(image, running.owner_url)
    finally:
        running.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
