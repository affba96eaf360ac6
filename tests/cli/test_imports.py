"""`simedsos import` says in words what it has read, and what it has not."""

import asyncio
import os
import subprocess
import sys

from tests.conftest import make_government
from tests.support import nip


async def test_a_preview_names_the_headings_that_are_not_read(separate_services, tmp_path):
    await make_government(separate_services, "sumsel")
    file = tmp_path / "roster.csv"
    file.write_text(f"nip,nama,kategori,kode unit,Status\n{nip(1)},Budi,pppk,16.01,aktif\n")
    found = await asyncio.to_thread(
        subprocess.run,
        [
            sys.executable, "-c", "from app.cli import main; main()",
            "import", "employees", str(file), "--dry-run",
        ],
        env={
            **os.environ,
            "SIMEDSOS_DATABASE_URL": separate_services.settings.required_database_url(),
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert "1 rows: 0 accepted, 1 rejected" in found.stdout
    assert "Not read, for want of a known heading: Status." in found.stdout
