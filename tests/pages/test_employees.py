"""Pegawai: found by name or NIP, one person with evidence, and what officers set right."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import pytest

from app.identity.scopes import Role
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import Office, office  # noqa: F401
from tests.api.test_isolation import ABSENT
from tests.api.test_registry import make_employee
from tests.pages.test_pages import LOADED
from tests.support import nip


async def unit_of(api, code: str) -> str:
    units = (await api.get("/v1/work-units")).json()["items"]
    return next(each["id"] for each in units if each["code"] == code)


async def test_somebody_is_found_by_a_part_of_the_name_or_by_the_whole_nip(
    api, signed_in, registry
):
    browser = await signed_in(Role.BKD_ADMIN)
    for term in ("WAI 3", nip(3), f" {nip(3)[:8]} {nip(3)[8:]} "):
        found = await browser.send("/pegawai", term=term)
        assert f'href="/pegawai/{registry["3"]}"' in found.text
        assert registry["2"] not in found.text
        assert found.text.count(nip(3)) == (1 if term == nip(3) else 0)
    listed = await browser.get("/pegawai?category=pppk")
    assert registry["7"] in listed.text
    assert nip(7) not in listed.text
    assert nip(7)[-3:] in listed.text


@pytest.mark.parametrize(
    ("role", "term", "told"),
    [
        (Role.BKD_ADMIN, "tidak ada orangnya", "Tidak ada pegawai yang sesuai"),
        (Role.BKD_ADMIN, "1990", "NIP terdiri atas 18 angka"),
        (Role.BKD_ADMIN, nip(99), "Tidak ada pegawai yang sesuai"),
        (Role.UNIT_HEAD, nip(3), "di luar hak akses Anda"),
        (Role.BKD_ADMIN, "x" * 101, "Isian ini terlalu panjang"),
    ],
)
async def test_a_search_without_a_find_says_what_to_do(api, signed_in, registry, role, term, told):
    browser = await signed_in(role, await unit_of(api, "16.01") if role is Role.UNIT_HEAD else None)
    found = await browser.send("/pegawai", term=term)
    assert told in found.text
    assert registry["3"] not in found.text


async def test_a_long_result_goes_on_by_post(api, signed_in, units):
    for number in range(1, 53):
        await make_employee(api, units["16.01"], number, name=f"Budi {number:02d}")
    browser = await signed_in(Role.BKD_ADMIN)
    first = await browser.send("/pegawai", term="budi")
    assert "Budi 50" in first.text
    assert "Budi 51" not in first.text
    assert not [each for each in LOADED.findall(first.text) if "budi" in each.lower()]
    cursor = first.text.split('name="cursor" value="')[1].split('"')[0]
    rest = await browser.send("/pegawai", term="budi", cursor=cursor)
    assert "Budi 51" in rest.text
    assert "Budi 50" not in rest.text


async def test_one_person_is_shown_with_statuses_and_their_evidence(office, signed_in):
    browser = await signed_in(Role.BKD_ADMIN)
    shown = await browser.get(f"/pegawai/{office.people['3']}")
    assert shown.status_code == 200, shown.text
    for told in (
        "Pegawai 3",
        "tidak tercantum dalam dua daftar pengikut lengkap",
        "Daftar pengikut",
        "kepemilikan disahkan",
        "Sampaikan sanggahan atas nama pegawai",
        "Tercatat dalam registri",
    ):
        assert told in shown.text, told
    trail = await browser.get(f"/pegawai/{office.people['3']}/jejak")
    assert "melihat status dan buktinya" in trail.text


async def test_a_page_of_one_person_asks_little(office, signed_in, api):
    browser = await signed_in(Role.BKD_ADMIN)
    newest = (await api.get("/v1/audit", limit=1)).json()["items"][0]["sequence"]
    await browser.get(f"/pegawai/{office.people['3']}")
    after = (await api.get("/v1/audit", limit=50)).json()["items"]
    asked = [each["operation"] for each in after if each["sequence"] > newest + 1]
    assert sorted(asked) == sorted(
        ["get_employee", "list_accounts", "employee_verdicts", "list_excuses", "list_disputes"]
    )


async def test_heads_see_their_own_people_and_no_status(api, office, signed_in):
    browser = await signed_in(Role.UNIT_HEAD, await unit_of(api, "16.01"))
    listed = await browser.get("/pegawai")
    assert office.people["2"] in listed.text
    assert office.people["3"] not in listed.text
    assert (await browser.get(f"/pegawai/{office.people['3']}")).status_code == 404
    shown = await browser.get(f"/pegawai/{office.people['2']}")
    assert "hanya ditampilkan kepada BKD" in shown.text
    assert "tercantum dalam daftar pengikut" not in shown.text
    assert 'action="/pegawai/' not in shown.text
    assert "Siapa yang melihat" not in shown.text
    assert (await browser.get(f"/pegawai/{office.people['2']}/jejak")).status_code == 403


@pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.HUMAS_OFFICER, Role.EMPLOYEE])
async def test_offices_without_people_are_kept_out(office, signed_in, role):
    browser = await signed_in(role)
    for path in ("/pegawai", f"/pegawai/{office.people['3']}"):
        refused = await browser.get(path)
        assert (refused.status_code, "Pegawai 3" in refused.text) == (403, False)
    assert (await browser.send("/pegawai", term="pegawai")).status_code == 403


async def test_auditors_see_and_change_nothing(office, signed_in):
    browser = await signed_in(Role.AUDITOR)
    shown = await browser.get(f"/pegawai/{office.people['3']}")
    assert "tidak tercantum" in shown.text
    assert 'method="post" action="/pegawai/' not in shown.text
    refused = await browser.send(
        f"/pegawai/{office.people['3']}/akun", account="https://x.com/tiga_asn"
    )
    assert refused.status_code == 403


async def test_an_officer_records_corrects_attests_and_retires_an_account(api, signed_in, registry):
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/pegawai/{registry['7']}"

    async def held() -> list[dict]:
        return (await api.get(f"/v1/employees/{registry['7']}/accounts")).json()["items"]

    made = await browser.send(f"{path}/akun", account="tujuh_asn", platform="x")
    assert (made.status_code, made.headers["location"]) == (303, f"{path}#akun")
    [declared] = await held()
    assert (declared["handle"], declared["state"]) == ("tujuh_asn", "declared")
    own = f"{path}/akun/{declared['id']}"
    stale = await browser.send(f"{own}/koreksi", account="https://x.com/tujuh_benar", version="99")
    assert stale.status_code == 412
    assert 'value="https://x.com/tujuh_benar"' in stale.text
    done = await browser.send(
        f"{own}/koreksi", account="https://x.com/tujuh_benar", version=declared["version"]
    )
    assert done.status_code == 303
    assert (await browser.send(f"{own}/pengesahan", attested_on="2026-11-20")).status_code == 303
    [attested] = await held()
    assert (attested["handle"], attested["state"]) == ("tujuh_benar", "verified")
    assert (await browser.send(f"{own}/tarik")).status_code == 303
    assert await held() == []


async def test_what_is_refused_comes_back_as_it_was_typed(api, signed_in, registry):
    browser = await signed_in(Role.BKD_ADMIN)
    hostile = '"><script>alert(1)</script>'
    path = f"/pegawai/{registry['7']}"
    refused = await browser.send(f"{path}/akun", account=hostile, platform="x")
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert "&lt;script&gt;alert" in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "bukan dari platform yang dimaksud" in refused.text
    assert '<option value="x" selected>' in refused.text


async def test_data_are_set_right_by_the_version_that_was_seen(api, signed_in, registry):
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/pegawai/{registry['7']}"
    before = (await api.get(f"/v1/employees/{registry['7']}")).json()
    fields = {
        "name": "Pegawai Tujuh",
        "position": "Guru",
        "category": "pppk",
        "standing": "study",
        "declaration": "declared_none",
    }
    done = await browser.send(f"{path}/data", version=before["version"], **fields)
    assert done.status_code == 303, done.text
    after = (await api.get(f"/v1/employees/{registry['7']}")).json()
    assert {name: after[name] for name in fields} == fields
    assert after["nip"] == nip(7)
    late = await browser.send(f"{path}/data", version=before["version"], **fields)
    assert (late.status_code, "telah diubah orang lain" in late.text) == (412, True)
    wrong = await browser.send(f"{path}/data", version=after["version"], nip="198707", **fields)
    assert (wrong.status_code, "198707" in wrong.text) == (422, False)


async def test_an_excuse_and_a_dispute_are_handed_in(office, signed_in):
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/pegawai/{office.people['3']}"
    status = f"{office.campaign['id']}|follow|{office.official['id']}"
    empty = await browser.send(f"{path}/sanggahan", status=status, text=" ", received_by="Admin")
    assert (empty.status_code, 'value="Admin"' in empty.text) == (422, True)
    filed = await browser.send(
        f"{path}/sanggahan", status=status, text="Saya sudah mengikuti.", received_by="Admin OPD"
    )
    assert filed.status_code == 303, filed.text
    assert await office.status() == "unknown:disputed"
    shown = (await browser.get(path)).text
    assert "Menunggu keputusan sampai 27 Nov 2026, 10.00" in shown.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    again = await browser.send(f"{path}/sanggahan", status=status, text="Lagi", received_by="A")
    assert again.status_code == 409
    excuse = {
        "campaign_id": office.campaign["id"], "duty": "", "reason": "Cuti <b>sakit</b>",
        "document_number": "800/1", "starts_on": "2026-11-20", "ends_on": "", "granted_by": "BKD",
    }  # fmt: skip
    granted = await browser.send(f"{path}/pengecualian", **excuse)
    assert granted.status_code == 303, granted.text
    assert "<b>sakit" not in (await browser.get(path)).text
    backwards = await browser.send(f"{path}/pengecualian", **{**excuse, "ends_on": "2026-01-01"})
    assert (backwards.status_code, 'value="2026-01-01"' in backwards.text) == (422, True)


async def test_who_is_not_there_is_not_found(signed_in, registry):
    browser = await signed_in(Role.BKD_ADMIN)
    for path in (f"/pegawai/{ABSENT}", f"/pegawai/{ABSENT}/jejak"):
        assert (await browser.get(path)).status_code == 404
