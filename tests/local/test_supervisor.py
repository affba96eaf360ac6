"""The supervisor and the data folder, with real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from app.local.folder import DataFolder, FolderTaken, PortTaken, require_free_port
from app.local.supervisor import Child, ChildKeepsDying, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - /proc is no ordinary folder.
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_dies_is_started_again_and_all_end_together(tmp_path):
    supervisor = Supervisor(tmp_path)
    supervisor.start(Child("a", SLEEP, {}))
    supervisor.start(Child("b", SLEEP, {}))
    first = supervisor.pids()
    os.kill(first["a"], signal.SIGKILL)

    def restarted() -> bool:
        supervisor.tick()
        return supervisor.pids()["a"] != first["a"]

    until(restarted)
    pids = supervisor.pids()
    supervisor.stop()
    assert not any(alive(pid) for pid in pids.values())


def test_a_child_that_keeps_dying_is_given_up_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr("app.local.supervisor.DELAYS", (0,))
    supervisor = Supervisor(tmp_path)
    supervisor.start(Child("api", [sys.executable, "-c", "raise SystemExit('why')"], {}))
    with pytest.raises(ChildKeepsDying, match=r"api\.log"):
        until(supervisor.tick)
    assert "why" in (tmp_path / "api.log").read_text()


def test_no_orphan_outlives_a_killed_supervisor(tmp_path):
    script = (
        "import sys, time; from pathlib import Path;"
        "from app.local.supervisor import Child, Supervisor;"
        f"s = Supervisor(Path({str(tmp_path)!r})); s.start(Child('a', {SLEEP!r}, {{}}));"
        "print(s.pids()['a'], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(child))


def test_a_folder_serves_one_at_a_time(tmp_path):
    with (
        DataFolder(tmp_path / "data"),
        pytest.raises(FolderTaken, match="SIMEDSOS_DATA_DIR"),
        DataFolder(tmp_path / "data"),
    ):
        pass
    with DataFolder(tmp_path / "data"):
        pass


def test_ready_json_is_private_and_gone_after_the_end(tmp_path):
    with DataFolder(tmp_path) as folder:
        folder.write_ready({"url": "x"})
        folder.write_ready({"url": "y"})
        ready = tmp_path / "ready.json"
        assert json.loads(ready.read_text()) == {"url": "y"}
        assert ready.stat().st_mode & 0o777 == 0o600
        assert folder.secret("key") == folder.secret("key")
        assert (tmp_path / "key.secret").stat().st_mode & 0o777 == 0o600
    assert not ready.exists()


def test_the_settings_of_the_running_service_can_be_taken_over_by_a_shell(tmp_path):
    with DataFolder(tmp_path) as folder:
        folder.write_environment({"SIMEDSOS_A": "old"})
        folder.write_environment({"SIMEDSOS_A": "it's $HOME", "SIMEDSOS_B": "{host}"})
        file = tmp_path / "environment.sh"
        assert file.stat().st_mode & 0o777 == 0o600
        script = f'. {file}; printf "%s|%s" "$SIMEDSOS_A" "$SIMEDSOS_B"'
        told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)  # noqa: S607
        assert told.stdout == "it's $HOME|{host}"
    assert not file.exists()


def test_a_taken_port_is_named_with_another_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"SIMEDSOS_PORT={port + 1}"):
            require_free_port("127.0.0.1", port)
