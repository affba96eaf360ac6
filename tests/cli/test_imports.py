"""`simedsos import` says in words what it has read, and what it has not."""

import asyncio
import base64
import json
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


def simedsos(services, *arguments: str) -> subprocess.CompletedProcess[str]:
    keys = {
        "SIMEDSOS_REGISTRY_KEYS": f"t:{base64.b64encode(b'r' * 32).decode()}",
        "SIMEDSOS_LOOKUP_KEY": base64.b64encode(b"l" * 32).decode(),
    }
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        env={
            **os.environ,
            **keys,
            "SIMEDSOS_DATABASE_URL": services.settings.required_database_url(),
        },
        capture_output=True,
        text=True,
        check=False,
    )


async def test_rejected_rows_are_written_to_be_mended_and_a_full_list_asks(
    separate_services, tmp_path
):
    await make_government(separate_services, "sumsel")

    async def do(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(simedsos, separate_services, *arguments)

    units, roster, errors = (tmp_path / name for name in ("u.csv", "r.csv", "salah.csv"))
    template = await do("template", "work-units", "--out", str(units))
    assert template.returncode == 0
    units.write_text(units.read_text() + "16.01,Dinas,,\n")
    assert "1 were new" in (await do("import", "work-units", str(units))).stdout
    rows = [f"{nip(n)},Budi,pppk,16.01" for n in range(1, 4)]
    roster.write_text("\n".join(["nip,nama,kategori,kode unit", *rows, f"{nip(4)},Sari,pppk,99"]))
    found = await do("import", "employees", str(roster), "--errors", str(errors))
    assert found.returncode == 1
    assert f"Mend the rejected rows in {errors}" in found.stdout.replace("\n", "")
    errors.write_text(errors.read_text().replace(",99,", ",16.01,"))
    assert "1 were new" in (await do("import", "employees", str(errors))).stdout
    roster.write_text("\n".join(["nip,nama,kategori,kode unit", *rows]))
    asked = await do("import", "employees", str(roster), "--full")
    assert asked.returncode == 1
    assert "1 of 4 employees do not stand in this list" in asked.stderr.replace("\n", " ")
    confirmed = await do(
        "import", "employees", str(roster), "--full", "--confirm-leavers", "1", "--json"
    )
    assert json.loads(confirmed.stdout)["leavers"] == 1
    for wrong in (
        ("import", "employees", str(roster), "--full-of", "pppk"),
        ("import", "employees", str(roster), "--errors", "salah.txt"),
        ("template", "pegawai", "--out", "x.csv"),
    ):
        assert (await do(*wrong)).returncode == 2
