"""Kepatuhan: the tree one level at a time, people for who may see them, a work-list for units."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import csv
import io
import re

import pytest

from app.identity.scopes import Role
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.support import nip

ABSENT = "01a00000-0000-7000-8000-000000000000"


@pytest.fixture
async def campaign(api, services, government, account):
    made = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, made)
    return made


async def units_of(api) -> dict[str, str]:
    found = (await api.get("/v1/work-units")).json()["items"]
    return {each["code"]: each["id"] for each in found}


async def test_the_tree_opens_one_level_at_a_time(api, signed_in, campaign):
    units = await units_of(api)
    browser = await signed_in(Role.BKD_ADMIN)
    top = await browser.get("/kepatuhan")
    assert top.status_code == 200, top.text
    assert f"unit={units['16.01']}" in top.text
    assert top.text == (await browser.get(f"/kepatuhan/{campaign['id']}")).text.replace(
        f"next=%2Fkepatuhan%2F{campaign['id']}", "next=%2Fkepatuhan"
    )
    recap = (await api.get(f"/v1/campaigns/{campaign['id']}/recap")).json()["items"]
    [row] = [each for each in recap if each["code"] == "16.01" and each["duty"] == "follow"]
    for name in ("met", "unmet", "unknown"):
        assert f">{row['counts'][name]}<" in top.text
    below = await browser.get(f"/kepatuhan?unit={units['16.01']}")
    assert 'aria-label="Unit di atasnya"' in below.text
    by_platform = await browser.get("/kepatuhan?by=platform")
    assert "Instagram" in by_platform.text


async def test_officers_see_people_with_masked_nips_and_reasons(api, signed_in, campaign):
    browser = await signed_in(Role.BKD_ADMIN)
    page = await browser.get(f"/kepatuhan/{campaign['id']}/pegawai?duty=follow&verdict=unmet")
    assert page.status_code == 200
    assert "Pegawai 3" in page.text
    assert "tidak tercantum dalam dua daftar pengikut lengkap" in page.text
    auditor = await signed_in(Role.AUDITOR)
    told = await auditor.get(f"/kepatuhan/{campaign['id']}/pegawai?duty=follow&verdict=unmet")
    assert told.status_code == 200
    assert nip(3) not in told.text
    wrong = await browser.get(f"/kepatuhan/{campaign['id']}/pegawai?verdict=bersalah")
    assert wrong.status_code == 422


async def test_executives_see_numbers_and_nobody(signed_in, campaign):
    browser = await signed_in(Role.EXECUTIVE)
    page = await browser.get("/kepatuhan")
    assert page.status_code == 200
    assert "/pegawai?" not in page.text
    refused = await browser.get(f"/kepatuhan/{campaign['id']}/pegawai")
    assert refused.status_code == 403
    assert "Pegawai 3" not in refused.text


@pytest.mark.parametrize("path", ["", "/{campaign}", "/{campaign}/menunggu"])
async def test_a_unit_head_gets_a_work_list_of_the_unit_and_no_verdict(
    api, signed_in, campaign, path
):
    units = await units_of(api)
    waiting = await api.get(f"/v1/campaigns/{campaign['id']}/missing-declarations")
    assert {each["name"] for each in waiting.json()["items"]} == {"Pegawai 7"}
    there = next(each["unit_id"] for each in waiting.json()["items"])
    elsewhere = units["16.01"] if there == units["16.02"] else units["16.02"]
    where = "/kepatuhan" + path.format(campaign=campaign["id"])
    listed = await (await signed_in(Role.UNIT_HEAD, there)).get(where)
    assert listed.status_code == 200, listed.text
    assert "Pegawai 7" in listed.text
    others = await (await signed_in(Role.UNIT_HEAD, elsewhere)).get(where)
    assert "Pegawai 7" not in others.text
    for page in (listed, others):
        assert "Belum terkonfirmasi" not in page.text
        assert "/pegawai?" not in page.text


async def test_a_unit_head_opens_no_verdict_by_its_address(api, signed_in, registry, campaign):
    units = await units_of(api)
    browser = await signed_in(Role.UNIT_HEAD, units["16.02"])
    path = f"/kepatuhan/{campaign['id']}"
    for closed in ("/pegawai", f"/pegawai/{registry['7']}"):
        assert (await browser.get(path + closed)).status_code == 403
    away = await browser.get(f"{path}/rekap.csv")
    assert (away.status_code, away.headers["location"]) == (303, path)
    home = await browser.get("/ringkasan")
    assert f"{path}?" not in home.text


async def test_the_summary_leads_to_a_unit(api, signed_in, campaign):
    units = await units_of(api)
    home = await (await signed_in(Role.BKD_ADMIN)).get("/ringkasan")
    found = f"/kepatuhan/{campaign['id']}?duty=declare&amp;unit={units['16.01']}"
    assert f'href="{found}"' in home.text


async def test_small_units_are_hidden_and_it_is_said_why(api, signed_in, campaign):
    browser = await signed_in(Role.EXECUTIVE)
    page = await browser.get("/kepatuhan?duty=follow")
    assert "menyangkut kurang dari 5 orang" in page.text
    file = await browser.get(f"/kepatuhan/{campaign['id']}/rekap.csv")
    assert "disembunyikan" in file.text
    officer = await (await signed_in(Role.BKD_ADMIN)).get("/kepatuhan?duty=follow")
    assert "menyangkut kurang dari 5 orang" not in officer.text


@pytest.mark.parametrize(
    "path",
    ["/kepatuhan/{absent}", "/kepatuhan?campaign={absent}", "/kepatuhan?unit={absent}"],
)
async def test_what_is_not_there_is_not_taken_for_another(signed_in, campaign, path):
    browser = await signed_in(Role.BKD_ADMIN)
    assert (await browser.get(path.format(absent=ABSENT))).status_code == 404


async def test_a_recap_leaves_as_a_file_that_computes_nothing(api, signed_in, campaign):
    [unit] = [
        each for each in (await api.get("/v1/work-units")).json()["items"] if each["code"] == "16"
    ]
    named = await api.patch(
        f"/v1/work-units/{unit['id']}", {"name": "=1+1"}, etag=f'"{unit["version"]}"'
    )
    assert named.status_code == 200, named.text
    browser = await signed_in(Role.BKD_ADMIN)
    file = await browser.get(f"/kepatuhan/{campaign['id']}/rekap.csv")
    assert file.headers["content-disposition"].startswith("attachment")
    heading, *rows = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert heading[:4] == ["kode", "nama", "kewajiban", "Sasaran"]
    recap = (await api.get(f"/v1/campaigns/{campaign['id']}/recap")).json()["items"]
    assert len(rows) == len(recap)
    told = {(row[0], row[2]): row for row in rows}
    whole = told["16", "Mengikuti akun resmi"]
    assert whole[1] == "'=1+1"
    assert whole[3:9] == ["6", "2", "1", "2", "1", "0"]


async def test_the_evidence_of_a_status_is_shown_and_calls_nobody_guilty(
    signed_in, registry, campaign
):
    browser = await signed_in(Role.AUDITOR)
    path = f"/kepatuhan/{campaign['id']}/pegawai/{registry['3']}"
    listed = await browser.get(f"/kepatuhan/{campaign['id']}/pegawai?duty=follow&verdict=unmet")
    assert f'href="{path}"' in listed.text
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    assert page.text.count("Daftar pengikut, diambil") == 2
    assert "dua daftar pengikut lengkap" in page.text
    assert "Ini bukan penilaian akhir" in page.text
    assert nip(3) not in page.text
    # Who only reads is shown no form, and a form of theirs changes nothing.
    assert 'method="post" action="/kepatuhan' not in page.text
    refused = await browser.send(
        f"{path}/tenggat", due_on="2026-12-20", officer="Siti", reason="Sakit"
    )
    assert refused.status_code == 403


async def test_a_member_is_given_more_time(api, signed_in, registry, campaign):
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/kepatuhan/{campaign['id']}/pegawai/{registry['3']}"
    typed = {"due_on": "2026-12-20", "officer": "", "reason": "Sakit <b>"}
    refused = await browser.send(f"{path}/tenggat", **typed)
    assert (refused.status_code, 'id="officer-mistake"' in refused.text) == (422, True)
    assert 'value="Sakit &lt;b&gt;"' in refused.text
    assert 'value="2026-12-20"' in refused.text
    given = await browser.send(f"{path}/tenggat", **typed | {"officer": "Siti"})
    assert (given.status_code, given.headers["location"]) == (303, path)
    [found] = (await api.get(f"/v1/campaigns/{campaign['id']}/extensions")).json()["items"]
    assert (found["employee_id"], found["due_on"]) == (registry["3"], "2026-12-20")
    shown = await browser.get(path)
    assert "20 Desember 2026" in shown.text
    assert "Sakit <b>" not in shown.text


async def test_an_excuse_is_withdrawn_where_it_stands(api, signed_in, registry, campaign):
    granted = await api.post(
        "/v1/excuses",
        {
            "campaign_id": campaign["id"], "employee_id": registry["3"], "reason": "Rawat inap",
            "document_number": "800/12/2026", "starts_on": "2026-11-24", "granted_by": "Kepala",
        },
    )  # fmt: skip
    excuse = granted.json()
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/kepatuhan/{campaign['id']}/pegawai/{registry['3']}"
    assert "800/12/2026" in (await browser.get(path)).text
    away = f"{path}/pengecualian/{excuse['id']}/cabut"
    refused = await browser.send(away, reason="Sudah pulih", withdrawn_by="")
    assert (refused.status_code, 'id="withdrawn_by-mistake"' in refused.text) == (422, True)
    assert 'value="Sudah pulih"' in refused.text
    done = await browser.send(away, reason="Sudah pulih", withdrawn_by="Siti")
    assert done.status_code == 303
    found = (await api.get(f"/v1/excuses/{excuse['id']}")).json()
    assert (found["withdrawn_by"], found["withdrawal_reason"]) == ("Siti", "Sudah pulih")
    assert "Sudah pulih" in (await browser.get(path)).text
    again = await browser.send(away, reason="Lagi", withdrawn_by="Siti")
    assert again.status_code == 409


async def test_the_list_can_be_narrowed_to_a_unit_and_a_reason(api, signed_in, registry, campaign):
    units = await units_of(api)
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/kepatuhan/{campaign['id']}/pegawai"
    units_of_people = {
        each["name"]: each["unit_id"] for each in (await api.get("/v1/employees")).json()["items"]
    }
    page = await browser.get(f"{path}?duty=declare&unit={units['16.01']}")
    for name, unit in units_of_people.items():
        if name != "Pegawai 8":
            assert (f">{name}<" in page.text) == (unit == units["16.01"]), name
    silent = await browser.get(f"{path}?reason=undeclared")
    assert re.findall(r">(Pegawai \d)<", silent.text) == ["Pegawai 7"]
    excused = await browser.get(f"{path}?duty=follow&flag=excused")
    assert re.findall(r">(Pegawai \d)<", excused.text) == ["Pegawai 8"]


async def test_without_a_campaign_the_page_says_what_it_will_show(signed_in, registry):
    browser = await signed_in(Role.EXECUTIVE)
    assert "Belum ada kampanye" in (await browser.get("/kepatuhan")).text
