"""Saya: what an employee sees of themselves, and what they can do about it."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import json
import re
from datetime import timedelta

import pytest

from app.dashboard.me import PROVABLE
from app.identity.scopes import Role
from app.platforms.base import Platform
from app.platforms.exports.recognising import followings_keyed_by
from tests.api.exports import FOLLOWING, archive
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import office  # noqa: F401
from tests.me.test_own_side import own_name
from tests.pages.conftest import Browser
from tests.pages.test_pages import LOADED
from tests.support import NOW, nip


@pytest.fixture
async def mine(office, employee_in) -> Browser:
    """The browser of employee 3, who is verified and absent from both lists."""
    return await employee_in(office.people["3"])


async def told(office, number: str = "3") -> list[dict]:
    return (await office.api.get(f"/v1/employees/{office.people[number]}/accounts")).json()["items"]


async def test_an_employee_comes_to_their_own_page_and_to_no_other(mine):
    first = await mine.get("/")
    assert first.headers["location"] == "/saya"
    page = await mine.get("/saya")
    assert page.status_code == 200, page.text
    assert set(re.findall(r'<li><a href="(/[a-z-]+)"', page.text)) == {"/saya"}
    for path in ("/ringkasan", "/pegawai", "/sanggahan", "/impor"):
        assert (await mine.get(path)).status_code == 403


async def test_the_page_holds_to_what_all_pages_hold_to(mine):
    for path in ("/saya", "/saya/jejak"):
        page = await mine.get(path)
        assert page.text.count("<h1") == 1
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r'\son[a-z]+="|style="|javascript:|<script>', page.text)
        for target in LOADED.findall(page.text):
            assert target.startswith(("/", "?")) or target == "", target
        ids = re.findall(r'\sid="([^"]+)"', page.text)
        assert sorted(ids) == sorted(set(ids))


async def test_statuses_are_told_in_plain_words_with_their_evidence(mine):
    page = (await mine.get("/saya")).text
    assert "Pegawai 3" in page
    assert "belum tercantum dalam dua daftar pengikut lengkap" in page
    assert page.count("Daftar pengikut 2") == 2
    assert "Surat Edaran Gubernur" in page
    assert "Ini tidak sesuai" in page
    assert "pelanggaran" not in page.lower()
    for number in "1245678":
        assert f"Pegawai {number}" not in page


async def test_english_is_whole(mine):
    await mine.get("/bahasa?language=en")
    page = (await mine.get("/saya")).text
    assert "Your account is not yet on two complete follower lists." in page
    assert "Akun Anda" not in page


async def test_an_account_is_declared_corrected_and_taken_back(office, mine):
    sent = await mine.send("/saya/akun", account="https://x.com/tiga_asn?s=21")
    assert (sent.status_code, sent.headers["location"]) == (303, "/saya?selesai=akun")
    assert "akun Anda telah kami terima" in (await mine.get("/saya?selesai=akun")).text
    made = next(each for each in await told(office) if each["platform"] == "x")
    own = f"/saya/akun/{made['id']}"
    done = await mine.send(f"{own}/koreksi", account="@tiga_benar", version=made["version"])
    assert done.status_code == 303, done.text
    assert "tiga_benar" in {each["handle"] for each in await told(office)}
    assert (await mine.send(f"{own}/tarik")).status_code == 303
    assert {each["platform"] for each in await told(office)} == {"instagram"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://evil.example/<b>saya</b>", "Platformnya tidak dikenali"),
        ("nama_saja", "Pilih platformnya"),
        ("", "masih kosong"),
        ("https://www.instagram.com/p/Cxyz/", "bukan alamat profil"),
    ],
)
async def test_what_is_no_account_comes_back_with_what_to_mend(mine, typed, words):
    refused = await mine.send("/saya/akun", account=typed)
    assert refused.status_code == 422
    assert words in refused.text
    assert "<b>saya" not in refused.text
    if typed:
        assert f'value="{typed.replace("<", "&lt;").replace(">", "&gt;")}"' in refused.text


async def test_i_dispute_and_my_status_is_held_still(office, mine):
    page = (await mine.get("/saya")).text
    status = re.search(r'name="status" value="([^"]+\|follow\|[^"]+)"', page)
    assert status is not None
    long = "Sudah. " * 600
    refused = await mine.send("/saya/sanggahan", status=status[1], text=long)
    assert (refused.status_code, long in refused.text) == (422, True)
    assert "terlalu panjang" in refused.text
    filed = await mine.send("/saya/sanggahan", status=status[1], text="Sudah <b>mengikuti</b>.")
    assert filed.status_code == 303, filed.text
    assert await office.status() == "unknown:disputed"
    shown = (await mine.get("/saya")).text
    assert "<b>mengikuti" not in shown
    assert "Dalam sanggahan" in shown
    again = await mine.send("/saya/sanggahan", status=status[1], text="Yang kedua")
    assert (again.status_code, "Yang kedua" in again.text) == (409, True)
    forged = await mine.send("/saya/sanggahan", status="x|y", text="Lagi")
    assert forged.status_code == 422


async def test_i_object_and_am_told_until_when_it_is_answered(mine):
    sent = await mine.send("/saya/permintaan", right="objection", text="Saya keberatan.")
    assert sent.status_code == 303
    page = (await mine.get("/saya")).text
    assert "Keberatan atas pemrosesan data saya" in page
    assert "27 Nov 2026, 10.00" in page.replace("\N{NO-BREAK SPACE}", " ")
    wrong = await mine.send("/saya/permintaan", right="lain", text="Saya <keberatan>.")
    assert (wrong.status_code, "Saya &lt;keberatan&gt;." in wrong.text) == (422, True)


async def test_i_show_by_my_export_that_i_follow(office, mine):
    [declared] = await told(office)
    followed = {
        "title": "pemprovsumsel",
        "string_list_data": [
            {
                "href": "https://www.instagram.com/_u/pemprovsumsel",
                "timestamp": int((NOW - timedelta(days=2)).timestamp()),
            }
        ],
    }
    packed = archive({FOLLOWING: {"relationships_following": [followed]}, **own_name("tiga")})
    path = f"/saya/akun/{declared['id']}/bukti"
    wrong = await mine.upload(path, "x.zip", b"PK")
    assert wrong.status_code == 415
    assert "Kirim berkas ZIP sebagaimana diunduh" in wrong.text
    sent = await mine.upload(path, "instagram.zip", packed)
    assert (sent.status_code, sent.headers.get("location")) == (303, "/saya?selesai=bukti")
    await office.judge()
    assert await office.status() == "met:shown_by_employee"


def test_exports_are_asked_for_where_they_tell_something():
    telling = {each.value for each in Platform if followings_keyed_by(each) is not None}
    assert telling == PROVABLE


async def test_i_see_who_has_looked_and_my_own_visits_only_on_wish(office, mine):
    await office.api.get(f"/v1/employees/{office.people['3']}/verdicts")
    await mine.get("/saya")
    page = (await mine.get("/saya/jejak")).text
    assert "melihat status dan buktinya" in page
    assert "Sistem tests" in page
    assert "Anda sendiri" not in page
    assert "Anda sendiri" in (await mine.get("/saya/jejak?semua=true")).text


async def test_i_download_everything(mine):
    answer = await mine.get("/saya/unduh")
    assert answer.headers["content-disposition"].startswith('attachment; filename="data-saya-')
    assert answer.headers["cache-control"] == "no-store"
    whole = json.loads(answer.content)
    assert whole["data"]["employee"]["nip"] == nip(3)


async def test_others_accounts_cannot_be_touched(office, mine):
    [theirs] = await told(office, "1")
    own = f"/saya/akun/{theirs['id']}"
    assert (await mine.send(f"{own}/tarik")).status_code == 404
    assert (await mine.send(f"{own}/koreksi", account="@a", version="1")).status_code == 404
    assert (await mine.upload(f"{own}/bukti", "x.zip", b"PK")).status_code == 404
    assert (await told(office, "1"))[0]["handle"] == "satu"


async def test_an_officer_who_is_an_employee_too_has_both(office, employee_in, signed_in):
    browser = await employee_in(office.people["3"], Role.BKD_ADMIN)
    assert (await browser.get("/")).headers["location"] == "/ringkasan"
    assert 'href="/saya"' in (await browser.get("/ringkasan")).text
    assert (await browser.get("/saya")).status_code == 200
    key = await signed_in(Role.BKD_ADMIN)
    assert 'href="/saya"' not in (await key.get("/ringkasan")).text


async def test_who_is_nobody_in_the_registry_has_no_page(signed_in):
    browser = await signed_in(Role.EMPLOYEE)
    refused = await browser.get("/saya")
    assert refused.status_code == 403
