"""Files in: every row is accepted or rejected with a reason, and nothing is half-written."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.exchange.reading import NotATable, opened
from app.exchange.workbooks import NotAWorkbook
from tests.support import Api, nip

UNITS = "code,name,parent_code\n16,Provinsi,\n16.01,Dinas Pendidikan,16\n16.02,Dinas Kesehatan,16\n"


def table(*rows: str) -> bytes:
    return ("nip,name,category,unit_code,position,standing\n" + "\n".join(rows)).encode()


async def put(api: Api, kind: str, content: bytes | str, **fields: str) -> dict:
    raw = content.encode() if isinstance(content, str) else content
    answer = await api.upload("/v1/imports", raw, kind=kind, **fields)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["accepted"] + made["rejected"] == made["rows"]
    return made


async def test_a_roster_is_imported_whole(api):
    units = await put(api, "work_units", UNITS)
    assert (units["rows"], units["inserted"]) == (3, 3)
    made = await put(
        api,
        "employees",
        table(
            f"{nip(1)},Budi,PPPK,16.01,Guru,Aktif",
            f"'{nip(2)},Siti,p3k,16.02,,pensiun",
        ),
    )
    assert (made["rows"], made["accepted"], made["inserted"]) == (2, 2, 2)
    people = (await api.get("/v1/employees")).json()["items"]
    assert {(p["name"], p["standing"], p["nip"]) for p in people} == {
        ("Budi", "active", nip(1)),
        ("Siti", "retired", nip(2)),
    }


async def test_every_faulty_row_is_named_by_line_column_and_code(api):
    await put(api, "work_units", UNITS)
    made = await put(
        api,
        "employees",
        table(
            f"{nip(1)},Budi,pppk,16.01,,",
            "19900101202421100,Tujuh Belas,pppk,16.01,,",
            "1.99001E+17,Excel,pppk,16.01,,",
            f"{nip(1)},Budi Lagi,pppk,16.01,,",
            f"{nip(3)},Unit Salah,pppk,99,,",
            f"{nip(4)},Kategori Salah,honorer,16.01,,",
            f"{nip(5)},,pppk,16.01,,",
        ),
    )
    assert (made["accepted"], made["rejected"]) == (1, 6)
    assert [(f["line"], f["column"], f["code"]) for f in made["faults"]] == [
        (3, "nip", "length"),
        (4, "nip", "scientific"),
        (5, "nip", "repeated"),
        (6, "unit_code", "unknown_unit"),
        (7, "category", "unknown_category"),
        (8, "name", "empty"),
    ]
    errors = await api.get(f"/v1/imports/{made['id']}/errors.csv")
    rows = list(csv.DictReader(io.StringIO(errors.text)))
    assert [row["line"] for row in rows] == ["3", "4", "5", "6", "7", "8"]
    assert nip(1) not in str(made)


async def test_a_dry_run_says_what_it_would_do_and_writes_nothing(api):
    await put(api, "work_units", UNITS)
    roster = table(f"{nip(1)},Budi,pppk,16.01,,")
    preview = await put(api, "employees", roster, dry_run="true")
    assert (preview["state"], preview["inserted"]) == ("previewed", 1)
    assert (await api.get("/v1/employees")).json()["items"] == []
    applied = await api.post(f"/v1/imports/{preview['id']}/apply")
    assert (applied.json()["state"], applied.json()["inserted"]) == ("applied", 1)
    assert len((await api.get("/v1/employees")).json()["items"]) == 1
    again = await api.post(f"/v1/imports/{preview['id']}/apply")
    assert again.status_code == 409


async def test_the_same_file_again_changes_nothing(api):
    await put(api, "work_units", UNITS)
    roster = table(f"{nip(1)},Budi,pppk,16.01,Guru,", f"{nip(2)},Siti,pppk,16.02,,")
    await put(api, "employees", roster)
    again = await put(api, "employees", roster)
    assert (again["inserted"], again["changed"], again["unchanged"]) == (0, 0, 2)
    moved = await put(api, "employees", roster.replace(b"Budi,pppk,16.01", b"Budi,pppk,16.02"))
    assert (moved["inserted"], moved["changed"], moved["unchanged"]) == (0, 1, 1)


async def test_accounts_are_declared_attested_contested_or_none(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", table(*(f"{nip(n)},P{n},pppk,16.01,," for n in range(1, 5))))
    made = await put(
        api,
        "accounts",
        "nip,platform,account,attested_on\n"
        f"{nip(1)},,https://instagram.com/satu?igsh=x,2026-11-01\n"
        f"{nip(2)},instagram,@SATU,\n"
        f"{nip(3)},,tidak punya,\n"
        f"{nip(4)},tiktok,https://vm.tiktok.com/ZM123/,\n"
        f"{nip(9)},instagram,sembilan,\n",
    )
    assert (made["accepted"], made["rejected"]) == (3, 2)
    assert [(f["line"], f["code"]) for f in made["faults"]] == [
        (5, "short_link"),
        (6, "unknown_employee"),
    ]
    people = {p["nip"]: p for p in (await api.get("/v1/employees")).json()["items"]}
    assert people[nip(1)]["declaration"] == "verified"
    assert people[nip(2)]["declaration"] == "declared"
    assert people[nip(3)]["declaration"] == "declared_none"
    assert people[nip(4)]["declaration"] == "not_asked"
    states = {}
    for number in (1, 2):
        path = f"/v1/employees/{people[nip(number)]['id']}/accounts"
        [account] = (await api.get(path)).json()["items"]
        states[number] = account["state"]
    assert states == {1: "verified", 2: "contested"}


async def test_a_file_never_takes_back_what_an_employee_declared(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", table(f"{nip(1)},Budi,pppk,16.01,,"))
    heading = "nip,platform,account,attested_on\n"
    await put(api, "accounts", heading + f"{nip(1)},instagram,budi.asn,\n")
    await put(api, "accounts", heading + f"{nip(1)},,tidak punya,\n")
    [person] = (await api.get("/v1/employees")).json()["items"]
    assert person["declaration"] == "declared"


async def test_units_in_a_circle_or_below_nobody_are_rejected(api):
    made = await put(
        api,
        "work_units",
        "code,name,parent_code\nA,Akar,\nB,Anak,A\nC,Putar,D\nD,Putar,C\nE,Yatim,X\nF,Cucu,E\n",
    )
    assert (made["accepted"], made["rejected"]) == (2, 4)
    assert {(f["line"], f["code"]) for f in made["faults"]} == {
        (4, "cycle"),
        (5, "cycle"),
        (6, "unknown_parent"),
        (7, "unknown_parent"),
    }
    tree = (await api.get("/v1/work-units/tree")).json()["items"]
    assert [each["code"] for each in tree] == ["A"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"PK\x03\x04rest", "Excel", id="xlsx"),
        pytest.param(b"%PDF-1.7", "PDF", id="pdf"),
        pytest.param(b"<html><body>Login</body></html>", "web page", id="login-page"),
        pytest.param(b"\xff\xfen\x00i\x00p", "UTF-16", id="utf-16-cut-off"),
        pytest.param(b"\xff\xfe\x00\x00n\x00\x00\x00", "binary", id="utf-32"),
        pytest.param(b"nip,name,category\x81", "neither", id="no-encoding"),
        pytest.param(b"\xef\xbb\xbfnip,n\xe9", "neither", id="damaged-utf-8"),
        pytest.param("nip,name\n1,Jos\xe9".encode("cp1252"), "column", id="columns-missing"),
        pytest.param(b"nip,name,category,unit_code\n", "no rows", id="heading-only"),
        pytest.param(b" \n\n", "empty", id="blank"),
        pytest.param(b'nip,name,category,unit_code\n"1,2,3,4\n', "quoting", id="quote"),
    ],
)
async def test_what_is_no_table_is_refused_with_the_reason(api, content, says):
    answer = await api.upload("/v1/imports", content, kind="employees")
    assert answer.status_code == 415, answer.text
    assert says in answer.json()["detail"]
    assert (await api.get("/v1/imports")).json()["items"] == []


@pytest.mark.parametrize(
    ("content", "fields", "status"),
    [
        pytest.param(b"", {"kind": "employees"}, 422, id="empty-file"),
        pytest.param(b"nip\n1", {"kind": "pegawai"}, 422, id="unknown-kind"),
        pytest.param(b"nip\n1", {}, 422, id="no-kind"),
    ],
)
async def test_forms_that_lack_something_say_what(api, content, fields, status):
    answer = await api.upload("/v1/imports", content, **fields)
    assert answer.status_code == status
    assert answer.json()["errors"]


async def test_a_body_that_is_no_form_is_refused(api):
    answer = await api.post("/v1/imports", {"file": "x"})
    assert answer.status_code == 415


async def test_semicolons_byte_order_mark_and_our_other_headings_are_understood(api):
    await put(api, "work_units", "﻿Kode;Nama;Kode Induk\r\n16;Provinsi;\r\n")
    made = await put(
        api,
        "employees",
        f"NIP;Nama Lengkap;Jenis ASN;Kode Unit\r\n{nip(1)};Budi, S.Pd.;PPPK;16\r\n",
    )
    assert made["accepted"] == 1


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
@example(b"PK\x03\x04")
@example(b"PK\x03\x04 and no archive behind it")
def test_any_bytes_are_a_table_or_refused(content):
    with suppress(NotATable, NotAWorkbook):
        for line in opened(io.BytesIO(content)).lines():
            assert line.number >= 1


async def rows_touched(connection: AsyncConnection) -> int:
    """How many registry rows this transaction's statements have looked at so far."""
    found = await connection.scalar(
        text(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('employee_nips', 'accounts')"
        )
    )
    return int(found or 0)


async def test_work_grows_with_the_file_and_not_with_its_square(api, connection):
    """Right after a first import the statistics still say that the registry is empty."""
    people = range(1, 501)
    roster = table(*(f"{nip(n)},Pegawai {n},pppk,16.01,," for n in people))
    accounts = "nip,platform,account\n" + "".join(f"{nip(n)},instagram,akun.{n}\n" for n in people)
    await put(api, "work_units", UNITS)
    for kind, content in (("employees", roster), ("accounts", accounts)):
        for expected in ("inserted", "unchanged"):
            before = await rows_touched(connection)
            made = await put(api, kind, content)
            assert made[expected] == len(people)
            assert await rows_touched(connection) - before < 10 * len(people)


async def test_headings_that_mean_nothing_are_named(api):
    await put(api, "work_units", UNITS)
    heading = "NIP,Nama,Jenis Pegawai,Kode Unit,Status,,Nama"
    rows = f"{heading}\n{nip(1)},Budi,pppk,16.01,pensiun,x,Budiman\n"
    made = await put(api, "employees", rows, dry_run="true")
    assert made["ignored_columns"] == ["Status", "column 6", "Nama"]
    applied = await api.post(f"/v1/imports/{made['id']}/apply")
    assert applied.json()["ignored_columns"] == made["ignored_columns"]
    [person] = (await api.get("/v1/employees")).json()["items"]
    assert (person["name"], person["standing"]) == ("Budi", "active")
    assert (await put(api, "employees", table(f"{nip(1)},Budi,pppk,16.01,,")))[
        "ignored_columns"
    ] == []


async def test_a_table_of_many_other_columns_is_no_burden(api):
    await put(api, "work_units", UNITS)
    others = ",".join(["x" * 5000] * 300)
    made = await put(
        api, "employees", f"nip,nama,kategori,kode unit,{others}\n{nip(1)},B,pppk,16.01\n"
    )
    assert made["accepted"] == 1
    assert made["ignored_columns"] == ["x" * 100] * 100
