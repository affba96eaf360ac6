"""The data folder: one service at a time, private files, ready.json while the service is up."""

import errno
import fcntl
import json
import os
import secrets
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

ENVIRONMENT = "environment.sh"


class FolderTaken(Exception):
    """The data folder is in use by another running service."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is in use by another running SIMEDSOS. Stop that one, or choose another"
            " folder: SIMEDSOS_DATA_DIR=/path make run"
        )


class PortTaken(Exception):
    """The port is taken by another program."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is taken by another program. Choose another:"
            f" SIMEDSOS_PORT={port + 1} make run"
        )


class CannotListen(OSError):
    """The address cannot be listened on at all."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host}, port {port} ({reason}). Choose others:"
            " SIMEDSOS_HOST=127.0.0.1 SIMEDSOS_PORT=8000 make run"
        )


class FolderUnusable(OSError):
    """The data folder cannot be made or written to."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used as data folder ({reason}). Choose one that you may write to:"
            " SIMEDSOS_DATA_DIR=/path make run"
        )


class DataFolder:
    """A folder that only its owner reads, locked as long as this object is held open."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the folder.

        Raises:
            FolderTaken: another service holds it.
            FolderUnusable: it cannot be made or written to.
        """
        # The folder may be entered by others, who can read nothing private in it: PostgreSQL's
        # own user has to pass through it.
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("w")
        except OSError as error:
            raise FolderUnusable(self.path, error.strerror or type(error).__name__) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise FolderTaken(self.path) from error
        return self

    def __exit__(self, *_: object) -> None:
        self.remove_ready()
        if self._lock is not None:
            self._lock.close()

    def secret(self, name: str, prefix: str = "") -> str:
        """A secret that is made once and kept, readable by its owner only."""
        file = self.path / f"{name}.secret"
        if not file.exists():
            self._write_private(file, prefix + secrets.token_urlsafe(32))
        return file.read_text()

    def write_environment(self, settings: Mapping[str, str]) -> None:
        """Lay out the running service's settings for commands: `. .data/environment.sh`."""
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
        file = self.path / ENVIRONMENT
        file.unlink(missing_ok=True)
        self._write_private(file, "".join(lines))

    def write_ready(self, facts: Mapping[str, Any]) -> None:
        """Say that the service is ready, whole or not at all."""
        draft = self.path / "ready.json.new"
        draft.unlink(missing_ok=True)
        self._write_private(draft, json.dumps(facts, indent=2))
        draft.rename(self.path / "ready.json")

    def remove_ready(self) -> None:
        for name in ("ready.json", ENVIRONMENT):
            (self.path / name).unlink(missing_ok=True)

    @staticmethod
    def _write_private(file: Path, content: str) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)


def require_free_port(host: str, port: int) -> None:
    """Make sure that the service can listen.

    Raises:
        PortTaken: another program does so already.
        CannotListen: the host is not this machine's, or the port is reserved.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, port) from error
            raise CannotListen(host, port, error.strerror or type(error).__name__) from error
