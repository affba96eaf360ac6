"""The schema: migrations build exactly what the models say, and none rewrites an older one."""

import os
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from app.core.db import Base
from app.models import TABLES
from migrations import head_revision

ROOT = Path(__file__).parents[2]


async def test_the_models_and_the_migrations_agree(connection):
    def differences(sync: Connection) -> list[object]:
        context = MigrationContext.configure(
            sync, opts={"include_name": lambda name, kind, _: kind != "table" or name in TABLES}
        )
        return list(compare_metadata(context, Base.metadata))

    assert await connection.run_sync(differences) == []


def test_revisions_are_one_line_of_numbers():
    files = sorted(path.stem for path in (ROOT / "migrations" / "versions").glob("0*.py"))
    assert [name[:4] for name in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    assert head_revision() == files[-1][:4]


def test_squawk_finds_nothing_dangerous(tmp_path):
    url = {"SIMEDSOS_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    written = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **url},
    )
    assert "CREATE TABLE verdicts" in written.stdout
    script = tmp_path / "schema.sql"
    script.write_text(written.stdout)
    squawk = Path(sys.executable).with_name("squawk")
    linted = subprocess.run(
        [squawk, "--config", ROOT / ".squawk.toml", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout
