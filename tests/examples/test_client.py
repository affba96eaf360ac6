"""The recipe of docs/clients.md, from the running service's OpenAPI to answers."""

import sys
from pathlib import Path

import httpx

from tests.examples.conftest import EXAMPLES, Running
from tests.support import nip

GENERATOR = str(Path(sys.executable).with_name("openapi-python-client"))


async def test_a_generated_client_calls_the_service(running: Running, tmp_path):
    document = tmp_path / "openapi.json"
    async with httpx.AsyncClient(base_url=running.url) as client:
        document.write_bytes((await client.get("/openapi.json")).content)
    made = await running.run([
        GENERATOR, "generate", "--path", str(document),
        "--config", str(EXAMPLES / "client.yaml"), "--meta", "none",
        "--output-path", str(tmp_path / "simedsos_client"), "--fail-on-warning",
    ])  # fmt: skip
    # What the generator cannot read is left out of the client, so that none of it may be.
    assert made.returncode == 0, made.stdout + made.stderr
    command = [sys.executable, str(EXAMPLES / "client.py")]
    sought = "\n".join([nip(1), nip(2), nip(77)])
    done = await running.run(command, told=sought, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["employee"] * 3
    assert lines[3] == "found 2 of 3"
    assert len([line for line in lines if line.startswith("change employee:created")]) == 3
    assert lines[-1] == "refused 422 /query/after"
