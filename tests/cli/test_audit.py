"""`simedsos audit`: 0 when the trail is what it was, 1 when not, 2 when that cannot be told."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from app.core.db import plain_url
from app.main import create_app
from tests.audit.trails import lay
from tests.conftest import make_government
from tests.support import Api


@pytest.fixture
def url(separate_services):
    return separate_services.settings.required_database_url()


@pytest.fixture
def simedsos(url):
    def run(*arguments: str, database: str = url) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "audit", *arguments],
            env={**os.environ, "SIMEDSOS_DATABASE_URL": database},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
async def governments(separate_services):
    """Two governments that commit for real, each with a trail of eight entries."""
    made = [await make_government(separate_services, slug) for slug in ("sumsel", "jambi")]
    transport = httpx.ASGITransport(app=create_app(separate_services))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for each in made:
            await lay(Api(client, each.token))
    return made


async def as_owner(url: str, statement: str) -> None:
    connection = await asyncpg.connect(plain_url(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_trails_are_verified_each_and_altered_ones_are_told(simedsos, governments, url):
    whole = simedsos("verify")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.splitlines() == [
        "sumsel: intact; 8 entries, 7 changes, 0 anchors met.",
        "jambi: intact; 8 entries, 7 changes, 0 anchors met.",
    ]
    altered = f"WHERE tenant_id = '{governments[0].tenant_id}' AND sequence = 4"
    await as_owner(url, f"UPDATE audit_entries SET actor = 'x' {altered}")  # noqa: S608 - An id.
    told = simedsos("verify")
    assert told.returncode == 1
    assert told.stdout.splitlines()[:2] == [
        "sumsel: 1 FAULTS; 8 entries, 7 changes, 0 anchors met.",
        "  4 is not what it was when its hash was made (entry_altered).",
    ]
    facts = json.loads(simedsos("verify", "--tenant", "sumsel", "--json").stdout)
    assert facts["intact"] is False
    [found] = facts["tenants"]
    assert (found["tenant"], found["fault_count"]) == ("sumsel", 1)
    assert [(each["kind"], each["sequence"]) for each in found["faults"]] == [("entry_altered", 4)]


async def test_anchors_outside_tell_what_the_database_alone_does_not(
    simedsos, governments, url, tmp_path
):
    file = tmp_path / "anchors.jsonl"
    assert simedsos("anchor", "--out", str(file)).stdout == "2 anchors were appended.\n"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(each["tenant"], each["sequence"]) for each in lines] == [
        ("sumsel", 8),
        ("jambi", 8),
    ]
    assert datetime.fromisoformat(lines[0]["at"]).tzinfo == UTC
    assert file.stat().st_mode & 0o777 == 0o600
    whole = simedsos("verify", "--anchor", str(file), "--json")
    assert (whole.returncode, json.loads(whole.stdout)["tenants"][0]["anchors_met"]) == (0, 1)
    # A chain is begun anew, so that it is sound in itself.
    begun_anew = f"WHERE tenant_id = '{governments[0].tenant_id}'"
    for table in ("audit_entries", "audit_heads", "changes"):
        await as_owner(url, f"DELETE FROM {table} {begun_anew}")  # noqa: S608 - An id.
    assert simedsos("verify").returncode == 0
    gone = {**lines[0], "tenant": "riau", "tenant_id": "01900000-0000-7000-8000-000000000000"}
    file.write_text(file.read_text() + json.dumps(gone) + "\n")
    told = simedsos("verify", "--anchor", str(file))
    assert told.returncode == 1
    assert "riau: 1 FAULTS" in told.stdout
    assert "of a government that is gone (tenant_missing)" in told.stdout
    assert "8 was anchored outside, and the chain does not reach it any more" in told.stdout


async def test_what_cannot_be_told_is_neither_intact_nor_broken(simedsos, tmp_path):
    assert simedsos("verify", "--tenant", "riau").returncode == 2
    assert simedsos("verify", "--anchor", str(tmp_path / "none")).returncode == 2
    file = tmp_path / "anchors.jsonl"
    file.write_text("\n{}")
    unreadable = simedsos("verify", "--anchor", str(file))
    assert unreadable.returncode == 2
    assert unreadable.stderr.startswith("Line 2 of the anchor file is no anchor")
    assert simedsos("verify", database="postgresql://n@127.0.0.1:9/n").returncode == 2
    unwritable = simedsos("anchor", "--out", str(tmp_path / "no" / "folder"))
    assert (unwritable.returncode, "cannot be written" in unwritable.stderr) == (1, True)
