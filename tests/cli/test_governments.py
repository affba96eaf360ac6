"""Governments from the terminal: registered once, listed, and given a key by their slug."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def simedsos(separate_services):
    url = separate_services.settings.required_database_url()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", *arguments],
            env={**os.environ, "SIMEDSOS_DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


async def test_a_government_is_registered_and_given_a_key(simedsos):
    made = simedsos("tenants", "create", "sumsel", "Pemprov Sumatera Selatan")
    assert (made.returncode, "keys create NAME --tenant sumsel" in made.stdout) == (0, True)
    simedsos("tenants", "create", "jambi", "Pemprov Jambi")
    listed = simedsos("tenants", "list", "--json")
    assert json.loads(listed.stdout) == [
        {"slug": "sumsel", "name": "Pemprov Sumatera Selatan"},
        {"slug": "jambi", "name": "Pemprov Jambi"},
    ]
    unnamed = simedsos("keys", "create", "BKD")
    assert (unnamed.returncode, "tenants list" in unnamed.stderr) == (1, True)
    key = simedsos("keys", "create", "BKD", "--tenant", "sumsel")
    assert key.stdout.startswith("sm_live_")
    again = simedsos("tenants", "create", "sumsel", "Yang lain")
    assert (again.returncode, "already" in again.stderr) == (1, True)


@pytest.mark.parametrize("slug", ["Sumsel", "", "a b", "-a", "a--b", "a" * 61])
async def test_a_slug_that_commands_could_not_name_is_refused(simedsos, slug):
    refused = simedsos("tenants", "create", slug, "Pemprov")
    assert refused.returncode == 2
    assert simedsos("tenants", "list").stdout == ""
