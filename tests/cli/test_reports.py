"""`simedsos report`: a campaign is frozen and written, and a frozen report is written again."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from app.main import create_app
from tests.api.test_compliance import make_campaign
from tests.api.test_growth import official_account
from tests.api.test_imports import put, table
from tests.conftest import make_government
from tests.support import Api, nip


@pytest.fixture
def simedsos(separate_services: Any) -> Any:
    url = separate_services.settings.required_database_url()

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "report",
             *map(str, arguments)],
            env={**os.environ, "SIMEDSOS_DATABASE_URL": url, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )  # fmt: skip

    return run


@pytest.fixture
async def campaign(separate_services: Any) -> dict[str, Any]:
    government = await make_government(separate_services, "sumsel")
    transport = httpx.ASGITransport(app=create_app(separate_services))
    async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
        api = Api(client, government.token)
        await put(api, "work_units", "code,name,parent_code\n16,Provinsi,\n")
        await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16,,"))
        return await make_campaign(api, await official_account(api))


async def test_a_campaign_is_frozen_once_and_written_in_every_format(simedsos, campaign, tmp_path):
    book = tmp_path / "laporan.xlsx"
    made = simedsos(campaign["id"], "--out", book, "--officer", "Siti", "--people", "--json")
    assert made.returncode == 0, made.stderr
    report = json.loads(made.stdout)
    assert (report["number"][:12], report["officer"]) == ("001/SIMEDSOS", "Siti")
    assert "Pegawai" in openpyxl.load_workbook(book).sheetnames
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    for name in ("a.json", "b.json", "c.PDF"):
        again = simedsos("--report", report["id"], "--out", tmp_path / name)
        assert again.returncode == 0, again.stderr
        assert report["number"] in again.stdout
        assert report["sha256"] in again.stdout
    frozen = (tmp_path / "a.json").read_bytes()
    assert frozen == (tmp_path / "b.json").read_bytes()
    assert json.loads(frozen)["number"] == report["number"]
    assert (tmp_path / "c.PDF").read_bytes().startswith(b"%PDF-")
    assert {each.name for each in tmp_path.iterdir()} == {
        "laporan.xlsx", "a.json", "b.json", "c.PDF",
    }  # fmt: skip


async def test_what_cannot_be_written_freezes_nothing(simedsos, campaign, tmp_path):
    file = tmp_path / "a.xlsx"
    for arguments, words in (
        ((campaign["id"],), "--out"),
        ((campaign["id"], "--out", tmp_path / "a.docx"), "--out FILE.xlsx"),
        ((campaign["id"], "--out", tmp_path / "none" / "a.pdf"), "There is no folder"),
        (("--out", file), "Name a campaign"),
        ((campaign["id"], "--report", campaign["id"], "--out", file), "Name a campaign"),
        (("--report", campaign["id"], "--title", "A", "--out", file), "keeps its title"),
        (("kampanye", "--out", file), "Invalid value"),
        ((campaign["id"], "--out", file, "--title", " "), "--title"),
    ):
        told = simedsos(*arguments)
        assert (told.returncode, words in told.stderr) == (2, True), (arguments, told.stderr)
    unknown = simedsos("--report", campaign["id"], "--out", file)
    assert (unknown.returncode, "no such resource" in unknown.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
    first = simedsos(campaign["id"], "--out", Path(file))
    assert "001/SIMEDSOS" in first.stdout


async def test_a_report_whose_file_fails_is_kept_and_named(simedsos, campaign, tmp_path):
    (tmp_path / "a.pdf").mkdir()
    told = simedsos(campaign["id"], "--out", tmp_path / "a.pdf")
    assert (told.returncode, "use --report" in told.stderr) == (1, True)
    assert "001/SIMEDSOS" in told.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["a.pdf"]
