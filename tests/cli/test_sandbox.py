"""The sandbox from the terminal: it says how to reach it, answers, and ends when told to."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.local.postgres import free_port
from app.platforms.base import Platform

COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "sandbox"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, "SIMEDSOS_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def answer(url: str) -> dict:
    """What an address answers, once the sandbox is up."""
    async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                return (await client.get(url)).json()
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_it_makes_its_world_says_how_to_reach_it_and_answers(tmp_path):
    port = free_port()
    running = start(tmp_path, "--port", str(port))
    try:
        truth = await answer(f"http://127.0.0.1:{port}/_sandbox/truth")
        assert {each["platform"] for each in truth["accounts"]} == set(Platform)
        handle = next(e["handle"] for e in truth["accounts"] if e["platform"] == "bluesky")
        profile = await answer(
            f"http://127.0.0.1:{port}/xrpc/app.bsky.actor.getProfile?actor={handle}"
        )
        assert profile["handle"] == handle
    finally:
        running.send_signal(signal.SIGINT)
        out, _ = await asyncio.to_thread(running.communicate, timeout=20)
    exported = dict(re.findall(r"^export (SIMEDSOS_\w+)='([^']*)'$", out, re.MULTILINE))
    assert exported["SIMEDSOS_X_BASE_URL"] == f"http://127.0.0.1:{port}/x"
    assert (tmp_path / "demo" / "world.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "cannot be read", id="no-such-file"),
        pytest.param("{", "is not usable", id="no-world"),
    ],
)
def test_a_world_that_cannot_be_shown_is_one_clear_line(tmp_path, content, words):
    world = tmp_path / "world.json"
    if content is not None:
        world.write_text(content)
    out, err = start(tmp_path, str(world), "--port", str(free_port())).communicate(timeout=30)
    assert (out, words in err, err.count("\n")) == ("", True, 1)
