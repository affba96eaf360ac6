"""Kepatuhan: the tree one level at a time, people for who may see them, a work-list for units."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

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
    recap = (await api.get(f"/v1/campaigns/{campaign['id']}/recap")).json()["items"]
    [row] = [each for each in recap if each["code"] == "16.01" and each["duty"] == "follow"]
    for name in ("met", "unmet", "unknown"):
        assert f'<td class="n">{row["counts"][name]}</td>' in top.text
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
    assert "/pegawai" not in page.text
    refused = await browser.get(f"/kepatuhan/{campaign['id']}/pegawai")
    assert refused.status_code == 403
    assert "Pegawai 3" not in refused.text


async def test_a_unit_head_gets_a_work_list_of_the_unit_and_no_verdict(api, signed_in, campaign):
    units = await units_of(api)
    browser = await signed_in(Role.UNIT_HEAD, units["16.02"])
    page = await browser.get("/kepatuhan")
    assert page.status_code == 200, page.text
    assert "16.01" not in page.text
    listed = await browser.get(f"/kepatuhan/{campaign['id']}/menunggu")
    assert listed.status_code == 200
    # 7 says nothing and is of 16.02; whoever else is silent is of another unit.
    waiting = await api.get(f"/v1/campaigns/{campaign['id']}/missing-declarations")
    ours = [each["name"] for each in waiting.json()["items"] if each["unit_id"] == units["16.02"]]
    others = [each["name"] for each in waiting.json()["items"] if each["unit_id"] != units["16.02"]]
    assert ours or others
    assert [name for name in others if name in listed.text] == []
    assert [name for name in ours if name not in listed.text] == []
    assert (await browser.get(f"/kepatuhan/{campaign['id']}/pegawai")).status_code == 403


async def test_without_a_campaign_the_page_says_what_it_will_show(signed_in, registry):
    browser = await signed_in(Role.EXECUTIVE)
    assert "Belum ada kampanye" in (await browser.get("/kepatuhan")).text
