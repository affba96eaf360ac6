"""Whether a loop still turns, as a probe asks it."""

import asyncio
import os
import subprocess
import sys

import pytest

from workers.alive import OLDEST_SECONDS, VARIABLE
from workers.runtime import BEAT_SECONDS, beat


def probe(file: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, VARIABLE: str(file)}
    command = [sys.executable, "-m", "workers.alive"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def test_a_turning_loop_is_alive_and_ends_at_once(tmp_path):
    file, stop = tmp_path / "beat", asyncio.Event()
    beating = asyncio.create_task(beat(file, stop))
    await asyncio.sleep(0)
    assert (await asyncio.to_thread(probe, file)).returncode == 0
    stop.set()
    await asyncio.wait_for(beating, BEAT_SECONDS / 2)


@pytest.mark.parametrize(
    ("age", "code", "said"),
    [
        (OLDEST_SECONDS - 10, 0, ""),
        (OLDEST_SECONDS + 1, 1, "The last heartbeat is"),
        (None, 1, "no heartbeat yet"),
    ],
)
def test_a_stale_beat_is_told_in_words(tmp_path, age, code, said):
    file = tmp_path / "beat"
    if age is not None:
        file.touch()
        then = file.stat().st_mtime - age
        os.utime(file, (then, then))
    found = probe(file)
    assert (found.returncode, said in found.stderr) == (code, True)


def test_a_probe_without_a_file_says_what_to_set():
    found = probe("")
    assert (found.returncode, VARIABLE in found.stderr) == (1, True)


async def test_without_a_file_nothing_beats():
    await asyncio.wait_for(beat(None, asyncio.Event()), 1)
