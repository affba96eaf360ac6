"""Impor by form: a preview first, then the act, and rows to be mended."""

import pytest

from app.identity.scopes import Role
from tests.api.test_files import full, people, roster
from tests.api.test_imports import UNITS, put, table
from tests.support import nip


async def test_a_file_is_looked_at_before_it_is_applied(api, signed_in):
    await put(api, "work_units", UNITS)
    browser = await signed_in(Role.BKD_ADMIN)
    sent = await browser.upload("/impor", "pegawai.csv", roster(1, 2), kind="employees")
    assert sent.status_code == 303, sent.text
    preview = await browser.get(sent.headers["location"])
    assert "Ini pratinjau" in preview.text
    assert await people(api) == {}
    applied = await browser.send(f"{sent.headers['location']}/terapkan")
    assert applied.headers["location"] == sent.headers["location"]
    assert set(await people(api)) == {nip(1), nip(2)}
    assert "Diterapkan" in (await browser.get(sent.headers["location"])).text


async def test_a_full_list_says_on_its_button_how_many_leave(api, signed_in):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(*range(1, 11)))
    browser = await signed_in(Role.BKD_ADMIN)
    fields = {"kind": "employees", "mode": "full", "full_of": "pppk"}
    sent = await browser.upload("/impor", "x.csv", roster(*range(1, 9)), **fields)
    shown = await browser.get(sent.headers["location"])
    assert "tandai 2 pegawai keluar" in shown.text
    # The registry has moved on since: the number is asked for anew.
    await put(api, "employees", roster(11))
    late = await browser.send(f"{sent.headers['location']}/terapkan", leavers="2")
    assert (late.status_code, "Belum dapat disimpan" in late.text) == (409, True)
    done = await browser.send(f"{sent.headers['location']}/terapkan", leavers="3")
    assert done.status_code == 303
    assert (await people(api))[nip(11)]["standing"] == "left"


async def test_rejected_rows_name_what_to_mend_and_lead_to_the_file(api, signed_in):
    await put(api, "work_units", UNITS)
    made = await put(api, "employees", table(f"{nip(1)},Budi,pppk,99,,"), dry_run="true")
    browser = await signed_in(Role.BKD_ADMIN)
    shown = await browser.get(f"/impor/{made['id']}")
    assert "import the work units first" in shown.text
    assert nip(1) not in shown.text
    errors = await browser.get(f"/v1/imports/{made['id']}/errors.csv")
    assert nip(1) in errors.text


@pytest.mark.parametrize(
    ("content", "kind", "status"), [(b"%PDF-1.7", "employees", 415), (b"nip\n1", "akun", 422)]
)
async def test_what_is_refused_keeps_what_was_chosen(signed_in, content, kind, status):
    browser = await signed_in(Role.BKD_ADMIN)
    sent = await browser.upload("/impor", "x.csv", content, kind=kind, mode="full")
    assert sent.status_code == status
    assert 'value="full" selected' in sent.text
    assert 'role="alert"' in sent.text


async def test_headings_of_a_file_are_no_markup(api, signed_in):
    await put(api, "work_units", UNITS)
    heading = "nip,nama,kategori,kode unit,<script>alert(1)</script>"
    made = await put(api, "employees", f"{heading}\n{nip(1)},Budi,pppk,16.01,x\n")
    browser = await signed_in(Role.AUDITOR)
    shown = await browser.get(f"/impor/{made['id']}")
    assert "<script>alert" not in shown.text
    assert "&lt;script&gt;alert" in shown.text
    assert "/terapkan" not in shown.text


async def test_who_may_not_import_is_shown_no_form(api, signed_in):
    await put(api, "work_units", UNITS)
    auditor, humas = await signed_in(Role.AUDITOR), await signed_in(Role.HUMAS_OFFICER)
    assert 'type="file"' not in (await auditor.get("/impor")).text
    assert (await humas.get("/impor")).status_code == 403
    refused = await auditor.upload("/impor", "x.csv", roster(1), kind="employees")
    assert refused.status_code == 403
    assert (await full(api, roster(1))).status_code == 201
