"""Pengumpul, and the registering of official accounts: what is stale is said as stale."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta

import pytest

from app.identity.scopes import Role
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_growth import official_account, read_count
from tests.support import NOW


async def test_what_was_never_read_is_no_zero(api, signed_in, account):
    fresh = await official_account(api, "baru.sekali", name="Baru")
    await read_count(api, account, NOW - timedelta(hours=1), followers=8582)
    browser = await signed_in(Role.HUMAS_OFFICER)
    page = await browser.get("/pengumpul")
    assert page.status_code == 200, page.text
    assert "8.582" in page.text
    assert "belum pernah" in page.text
    assert f'<a href="/pengumpul/{fresh["id"]}">Baru</a>' in page.text
    assert "Jumlah pengikut sudah lama tidak terbaca" in page.text
    for name in ("Instagram", "Bluesky", "TikTok"):
        assert f'<th scope="row">{name}</th>' in page.text


async def test_one_account_shows_its_connection_and_its_tries(api, signed_in, account):
    browser = await signed_in(Role.BKD_ADMIN)
    page = await browser.get(f"/pengumpul/{account['id']}")
    assert "Belum tersambung" in page.text
    assert "Belum ada percobaan" in page.text
    # No app of the platform is set up here, which is said where it is asked for.
    refused = await browser.send(f"/pengumpul/{account['id']}/sambungkan")
    assert refused.status_code >= 400
    assert "Traceback" not in refused.text
    reader = await signed_in(Role.EXECUTIVE)
    assert "/sambungkan" not in (await reader.get(f"/pengumpul/{account['id']}")).text
    assert (await reader.send(f"/pengumpul/{account['id']}/sambungkan")).status_code == 403


async def test_a_token_is_never_shown_again(api, signed_in, registry):
    fediverse = await official_account(
        api, "@kominfo@mastodon.example", platform="mastodon", name="Kominfo"
    )
    browser = await signed_in(Role.BKD_ADMIN)
    page = await browser.get(f"/pengumpul/{fediverse['id']}")
    assert 'type="password"' in page.text
    sent = await browser.send(
        f"/pengumpul/{fediverse['id']}/token", access_token="rahasia-sekali-123"
    )
    assert sent.status_code >= 300
    assert "rahasia-sekali-123" not in sent.text


FORM = {
    "account": "https://www.instagram.com/diskominfosumsel",
    "name": "Diskominfo <i>Sumsel</i>",
    "owner_kind": "agency",
    "custodian": "Bidang IKP",
}


async def test_an_official_account_is_registered_and_switched_off_and_on(api, signed_in, registry):
    browser = await signed_in(Role.HUMAS_OFFICER)
    assert 'href="/akun-resmi/baru"' in (await browser.get("/akun-resmi")).text
    made = await browser.send("/akun-resmi/baru", **FORM)
    assert made.status_code == 303, made.text
    [found] = (await api.get("/v1/official-accounts")).json()["items"]
    assert (found["platform"], found["handle"]) == ("instagram", "diskominfosumsel")
    page = await browser.get(made.headers["location"])
    assert "<i>Sumsel" not in page.text
    for active in ("", "1"):
        done = await browser.send(f"{made.headers['location']}/nyala", active=active)
        assert done.status_code == 303, done.text
        now = (await api.get(f"/v1/official-accounts/{found['id']}")).json()
        assert now["active"] is bool(active)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "https://example.com/siapa"}, "account"),
        ({"name": ""}, "name"),
        ({"owner_kind": "raja"}, "owner_kind"),
    ],
)
async def test_a_wrong_account_is_refused_beside_its_field(api, signed_in, registry, change, field):
    browser = await signed_in(Role.BKD_ADMIN)
    refused = await browser.send("/akun-resmi/baru", **{**FORM, **change})
    assert (refused.status_code, f'id="{field}-mistake"' in refused.text) == (422, True)
    assert 'value="Bidang IKP"' in refused.text
    assert (await api.get("/v1/official-accounts")).json()["items"] == []
    reader = await signed_in(Role.EXECUTIVE)
    assert (await reader.send("/akun-resmi/baru", **FORM)).status_code == 403
    assert "/akun-resmi/baru" not in (await reader.get("/akun-resmi")).text
