"""Keeps child processes running: restarts what dies, and ends all without leaving an orphan."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 12
DELAYS = (1, 2, 4, 8, 16, 30)
DEATHS_ALLOWED = 5
DEATHS_WITHIN = 60
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ChildKeepsDying(Exception):
    """A part of the service keeps failing."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} has failed {DEATHS_ALLOWED} times within a minute; see {log}.")


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running; `env` is added to our own environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


@dataclass(slots=True)
class _Run:
    process: "subprocess.Popen[bytes]"
    deaths: list[float] = field(default_factory=list)
    restart_at: float | None = None


def _die_with_parent() -> None:
    # Linux ends the child with SIGTERM when its parent is gone, even after a kill -9 of us.
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs children until told to stop; call `tick` often."""

    def __init__(self, log_folder: Path) -> None:
        self._logs = log_folder
        self._logs.mkdir(parents=True, exist_ok=True)
        self._runs: dict[str, _Run] = {}
        self._children: dict[str, Child] = {}

    def start(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        self._children[child.name] = child
        self._runs[child.name] = _Run(self._spawn(child))

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def pids(self) -> dict[str, int]:
        """The process of each child."""
        return {name: run.process.pid for name, run in self._runs.items()}

    def _spawn(self, child: Child) -> "subprocess.Popen[bytes]":
        with self.log_of(child.name).open("ab") as log:
            return subprocess.Popen(
                list(child.argv),
                env={**os.environ, **child.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the whole terminal; the children are ended by us, in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - One system call, before any thread.
            )

    def tick(self) -> None:
        """Restart what has died, ever more patiently.

        Raises:
            ChildKeepsDying: one of them dies again and again.
        """
        now = time.monotonic()
        for name, run in self._runs.items():
            if run.process.poll() is None:
                continue
            if run.restart_at is None:
                run.deaths = [at for at in run.deaths if now - at < DEATHS_WITHIN] + [now]
                if len(run.deaths) >= DEATHS_ALLOWED:
                    raise ChildKeepsDying(name, self.log_of(name))
                run.restart_at = now + DELAYS[min(len(run.deaths), len(DELAYS)) - 1]
            elif now >= run.restart_at:
                run.process = self._spawn(self._children[name])
                run.restart_at = None

    def stop(self) -> None:
        """End the children, the last started first."""
        for run in reversed(self._runs.values()):
            if run.process.poll() is None:
                run.process.terminate()
                try:
                    run.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    run.process.kill()
                    run.process.wait()
        self._runs.clear()
