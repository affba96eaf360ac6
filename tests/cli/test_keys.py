"""Keys from the terminal: made, listed without the key itself, revoked."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.cli.keys import state_of
from app.identity.models import ApiKey
from tests.cli.test_governments import simedsos  # noqa: F401

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


async def test_keys_are_listed_without_themselves(simedsos):  # noqa: F811
    simedsos("tenants", "create", "sumsel", "Pemprov Sumatera Selatan")
    simedsos("tenants", "create", "jambi", "Pemprov Jambi")
    assert json.loads(simedsos("keys", "list", "--tenant", "sumsel", "--json").stdout) == []
    made = simedsos("keys", "create", "SIMPEG", "--tenant", "sumsel", "--scope", "employees:read")
    key = made.stdout.strip()
    other = simedsos("keys", "create", "Grafana", "--tenant", "sumsel").stdout.strip()
    simedsos("keys", "create", "Lain", "--tenant", "jambi")
    revoked = simedsos("keys", "revoke", other[:12], "--tenant", "sumsel")
    assert revoked.returncode == 0, revoked.stderr
    listed = simedsos("keys", "list", "--tenant", "sumsel", "--json")
    assert listed.returncode == 0, listed.stderr
    newest, oldest = json.loads(listed.stdout)
    assert (newest["name"], newest["revoked_at"] is None) == ("Grafana", False)
    assert oldest["prefix"] == key[:12]
    assert (oldest["name"], oldest["scopes"], oldest["unit_id"]) == (
        "SIMPEG", ["employees:read"], None,
    )  # fmt: skip
    assert (oldest["revoked_at"], oldest["last_used_at"]) == (None, None)
    assert oldest["expires_at"] > oldest["created_at"]
    shown = simedsos("keys", "list", "--tenant", "sumsel")
    assert "SIMPEG" in shown.stdout
    assert key[:12] in shown.stdout
    for secret in (key, other):
        assert secret[12:] not in listed.stdout + shown.stdout
    unnamed = simedsos("keys", "list")
    assert (unnamed.returncode, "tenants list" in unnamed.stderr) == (1, True)


async def test_a_client_changes_over_from_the_terminal(simedsos):  # noqa: F811
    simedsos("tenants", "create", "sumsel", "Pemprov Sumatera Selatan")
    old = simedsos("keys", "create", "SIMPEG", "--scope", "employees:read").stdout.strip()
    new = simedsos("keys", "rotate", old[:12])
    assert new.returncode == 0, new.stderr
    newest, oldest = json.loads(simedsos("keys", "list", "--json").stdout)
    assert newest["prefix"] == new.stdout.strip()[:12] != oldest["prefix"]
    assert newest["client_id"] == oldest["client_id"]
    assert (newest["scopes"], oldest["revoked_at"]) == (["employees:read"], None)
    link = simedsos("keys", "link", old[:12])
    assert link.stdout.startswith("http://127.0.0.1:8000/sign-in/link?token="), link.stderr
    unknown = simedsos("keys", "rotate", "sm_live_none")
    assert (unknown.returncode, "12 characters" in unknown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        pytest.param({}, "valid", id="valid"),
        pytest.param({"expires_at": NOW}, "expired", id="expired"),
        pytest.param({"revoked_at": NOW}, "revoked 2026-11-24", id="revoked"),
    ],
)
def test_a_key_says_whether_it_opens_anything(fields, state):
    key = ApiKey(**{"expires_at": NOW + timedelta(days=1), "revoked_at": None, **fields})
    assert state_of(key, NOW) == state
