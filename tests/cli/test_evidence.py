"""`simedsos evidence` takes an employee's own export in, and says what it shows."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.core.ids import new_id
from app.official_accounts.models import OfficialAccount, OwnerKind
from app.platforms.base import Platform
from tests.api.exports import export, instagram_own
from tests.conftest import make_government
from tests.workers.scripts import invent

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


async def test_an_own_export_is_taken_in_from_the_terminal(separate_services, tmp_path):
    services = separate_services
    government = await make_government(services, "sumsel")
    await invent(services, government, 1)
    async with services.database.transaction(government.tenant_id) as session:
        session.add(
            OfficialAccount(
                tenant_id=government.tenant_id,
                id=new_id(),
                platform=Platform.INSTAGRAM,
                handle="pemprovsumsel",
                name="Pemprov Sumsel",
                owner_kind=OwnerKind.OFFICE,
                poll_interval_seconds=3600,
            )
        )
    env = {"SIMEDSOS_DATABASE_URL": services.settings.required_database_url()}

    async def show(content: bytes, *more: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "export.zip"
        path.write_bytes(content)
        named = ("evidence", str(path), "--account", str(UUID(int=1)), *more)
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", "from app.cli import main; main()", *named],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    followed = [("pemprovsumsel", LONG_AGO), ("kawan_rahasia", LONG_AGO + timedelta(days=1))]
    own = await show(instagram_own(followed, owner="akun0"))
    assert (own.returncode, own.stderr) == (0, "")
    assert own.stdout.split("\n")[0] == (
        "Kept as self_export, as of 2024-01-02: it follows Pemprov Sumsel."
    )
    unnamed = instagram_own(followed, owner=None)
    refused = await show(unnamed)
    assert (refused.returncode, "/officer" in refused.stderr) == (1, True)
    vouched = await show(
        unnamed, "--officer", "Sari Wulandari", "--taken-at", "2026-11-20 08:00", "--json"
    )
    taken = json.loads(vouched.stdout)
    assert (taken["source"], taken["taken_at"]) == ("screenshot", "2026-11-20T01:00:00Z")
    followers = await show(export(followed, owner="akun0"))
    assert (followers.returncode, "who follows the account" in followers.stderr) == (1, True)
    assert (await show(b"", "--account", str(new_id()))).returncode == 1
