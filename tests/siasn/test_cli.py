"""`simedsos siasn` from the terminal, against SIASN's sandbox on a port of this machine."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from app.cli.siasn import sandbox_environment
from app.core.clock import SystemClock
from app.main import create_app
from app.siasn import sandbox as siasn_sandbox
from app.siasn.sandbox import Fault, Invented, InventedUnor, Office
from tests.api.test_imports import put, table
from tests.conftest import make_government
from tests.support import Api, nip


@pytest.fixture
async def registry(separate_services: Any) -> None:
    """Two work units, of which one has an id of BKN, and three employees."""
    government = await make_government(separate_services, "sumsel")
    transport = httpx.ASGITransport(app=create_app(separate_services))
    async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
        api = Api(client, government.token)
        root = await api.post("/v1/work-units", {"code": "16", "name": "Provinsi"})
        assert root.status_code == 201, root.text
        unit = {"code": "16.1", "name": "Dinas", "parent_id": root.json()["id"]}
        made = await api.post("/v1/work-units", {**unit, "bkn_unor_id": "A8"})
        assert made.json()["bkn_unor_id"] == "A8", made.text
        rows = [f"{nip(number)},Pegawai {number},pppk,16.1,Guru," for number in (1, 2, 3)]
        await put(api, "employees", table(*rows))


@pytest.fixture
def office() -> Office:
    people = [
        Invented(nip(1), "PEGAWAI 1", "PPPK", "PPPK Aktif", "a8", "GURU"),
        Invented(nip(2), "Pegawai 2", "PPPK", "PPPK Aktif", "B9", "Kepala"),
    ]
    units = [InventedUnor("A8", "Dinas Pendidikan"), InventedUnor("B9", "Biro")]
    return Office(SystemClock(), people, units, [nip(1), nip(77), ""])


@pytest.fixture
async def address(office: Office) -> AsyncIterator[str]:
    config = uvicorn.Config(office.app(), port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
def simedsos(separate_services: Any, registry: None, address: str) -> Any:
    url = separate_services.settings.required_database_url()

    async def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        ours = {"SIMEDSOS_DATABASE_URL": url, "COLUMNS": "200", **sandbox_environment(address)}
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", "from app.cli import main; main()", "siasn", *arguments],
            env={**os.environ, **ours, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


async def test_the_registry_is_compared_and_no_nip_is_printed(simedsos, office):
    told = await simedsos("drift", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert (found["employees"], found["agree"], found["complete"]) == (3, 1, True)
    (differing,) = found["differ"]
    assert differing["fields"] == ["unit", "position"]
    assert [each["nip"][-3:] for each in found["unknown_in_siasn"]] == [nip(3)[-3:]]
    words = await simedsos("drift")
    assert "3 employees: 1 agree, 1 differ, 1 are unknown in SIASN" in words.stdout
    for number in (1, 2, 3):
        assert nip(number) not in told.stdout + told.stderr + words.stdout + words.stderr
    office.always = Fault.SSO_EXPIRED
    refused = await simedsos("drift")
    assert refused.returncode == 1
    assert "0 are unknown in SIASN, about 3 it has not answered" in refused.stdout
    assert "sign in there anew and set SIMEDSOS_SIASN_SSO_TOKEN" in refused.stdout


async def test_units_and_appointments_are_compared(simedsos, office):
    units = json.loads((await simedsos("units", "--json")).stdout)
    assert units == {
        "same": 0, "other_name": ["16.1"], "other_place": [], "unknown_there": [],
        "without_id": ["16"], "shared_id": [], "only_there": ["B9"],
    }  # fmt: skip
    shown = await simedsos("units")
    assert "other name: 16.1" in shown.stdout
    told = await simedsos("appointments", "2026", "--json")
    assert json.loads(told.stdout) == {
        "lines": 3, "without_nip": 1, "registered": 1, "lacking": ["•" * 15 + nip(77)[-3:]],
    }  # fmt: skip
    office.always = Fault.HTML
    failed = await simedsos("units")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "SIASN was not compared: A page for people came" in failed.stderr


async def test_what_is_not_set_up_is_said(simedsos, office):
    told = await simedsos("drift", SIMEDSOS_SIASN_SSO_TOKEN="")
    assert (told.returncode, "set SIMEDSOS_SIASN_SSO_TOKEN" in told.stderr) == (1, True)
    assert office.asked == []


def test_the_sandbox_tells_of_the_employees_of_a_table(tmp_path):
    file = tmp_path / "employees.csv"
    file.write_bytes(table(f"{nip(1)},Pegawai 1,pppk_paruh_waktu,16,Guru,"))
    (person,) = siasn_sandbox.people_of(file)
    assert (person.nip, person.status) == (nip(1), "PPPK PARUH WAKTU")
