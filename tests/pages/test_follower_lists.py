"""Daftar pengikut: an export by form, its certificate in plain words, and no citizen kept."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta

import pytest

from app.identity.scopes import Role
from tests.api.exports import export
from tests.api.test_compliance import CITIZENS, LONG_AGO, account, registry  # noqa: F401
from tests.api.test_growth import official_account, read_count
from tests.support import NOW

FOLLOWERS = [("satu", LONG_AGO), *CITIZENS]


async def test_an_export_is_taken_in_and_its_certificate_explained(api, signed_in, account):
    await read_count(api, account, NOW - timedelta(minutes=5), followers=len(FOLLOWERS))
    browser = await signed_in(Role.HUMAS_OFFICER)
    path = f"/daftar-pengikut/{account['id']}"
    first = await browser.get(path)
    assert first.status_code == 200, first.text
    assert "Belum ada. Tanpa daftar lengkap" in first.text
    assert first.text.count('role="img"') == 5
    sent = await browser.upload(f"{path}/unggah", "export.zip", export(FOLLOWERS))
    assert (sent.status_code, sent.headers["location"]) == (303, path)
    [taken] = (await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")).json()[
        "items"
    ]
    assert (taken["listed"], taken["matched"]) == (41, 1)
    shown = await browser.get(path)
    assert "Dua daftar lengkap, terpisah paling sedikit sehari" in shown.text
    assert [name for name, _ in CITIZENS if name in shown.text] == []


async def test_a_partial_list_says_that_it_proves_no_absence(api, signed_in, account):
    await read_count(api, account, NOW - timedelta(minutes=5), followers=43)
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/daftar-pengikut/{account['id']}"
    sent = await browser.upload(f"{path}/unggah", "export.zip", export(FOLLOWERS))
    assert sent.status_code == 303, sent.text
    shown = await browser.get(path)
    assert "tidak pernah bahwa seseorang tidak mengikuti" in shown.text
    assert "lebih sedikit dari jumlah pengikut saat itu" in shown.text


@pytest.mark.parametrize(
    ("content", "moment", "status"),
    [(b"<html>masuk</html>", "", 422), (export(FOLLOWERS), "2031-01-01T00:00", 422)],
)
async def test_what_is_refused_says_why_and_takes_nothing(
    api, signed_in, account, content, moment, status
):
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/daftar-pengikut/{account['id']}"
    sent = await browser.upload(f"{path}/unggah", "x.zip", content, taken_at=moment)
    assert sent.status_code in {status, 415}
    assert 'role="alert"' in sent.text
    assert f'value="{moment}"' in sent.text
    found = await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")
    assert found.json()["items"] == []


async def test_a_platform_without_an_export_says_so(api, signed_in, registry):
    other = await official_account(api, "kominfo.bsky.social", platform="bluesky", name="Kominfo")
    browser = await signed_in(Role.EXECUTIVE)
    listed = await browser.get("/daftar-pengikut")
    assert "Tanpa unduhan yang dapat dipakai" in listed.text
    page = await browser.get(f"/daftar-pengikut/{other['id']}")
    assert "tidak memberi unduhan yang dapat dipakai" in page.text
    assert 'type="file"' not in page.text


async def test_who_only_reads_uploads_nothing(signed_in, account):
    browser = await signed_in(Role.EXECUTIVE)
    path = f"/daftar-pengikut/{account['id']}"
    assert 'type="file"' not in (await browser.get(path)).text
    sent = await browser.upload(f"{path}/unggah", "export.zip", export(FOLLOWERS))
    assert sent.status_code == 403
