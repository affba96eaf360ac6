"""Akun resmi: readings with their precision, gaps that stay gaps, and readings by officers."""

import json
import re
from datetime import timedelta
from html import unescape

from app.identity.scopes import Role
from tests.api.test_compliance import START, account, make_campaign, registry  # noqa: F401
from tests.api.test_growth import read_count

# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.


ABSENT = "01a00000-0000-7000-8000-000000000000"


def chart_of(text: str) -> dict:
    found = re.search(r'data-chart="([^"]*)"', text)
    assert found is not None
    return json.loads(unescape(found[1]))


async def test_an_account_shows_its_growth_and_where_nothing_was_read(
    api, signed_in, account, clock
):
    await make_campaign(api, account)
    await read_count(api, account, START + timedelta(days=3), followers=45)
    clock.at = START + timedelta(days=4)
    browser = await signed_in(Role.EXECUTIVE)
    listed = await browser.get("/akun-resmi")
    assert f'href="/akun-resmi/{account["id"]}"' in listed.text
    assert "+4" in listed.text
    shown = await browser.get(f"/akun-resmi/{account['id']}?days=14")
    told = chart_of(shown.text)
    low = told["series"][0]["values"]
    assert [each for each in low if each is not None] == [41, 45]
    assert None in low
    assert 0 not in low
    assert [each["kind"] for each in told["series"]] == ["line", "band", "reference", "reference"]
    assert told["series"][3]["values"][0] == 49
    assert "Catat pembacaan" not in shown.text


async def test_an_officer_records_a_reading(api, signed_in, account, clock):
    browser = await signed_in(Role.HUMAS_OFFICER)
    path = f"/akun-resmi/{account['id']}"
    fields = {"observed_at": "2026-11-24T09:30", "attested_by": "Petugas <b>Humas</b>"}
    kept = await browser.send(f"{path}/bacaan", followers="8.582", **fields)
    assert (kept.status_code, kept.headers["location"]) == (303, path)
    told = (await api.get(f"/v1/official-accounts/{account['id']}/snapshots")).json()["items"][-1]
    assert (told["followers_min"], told["followers_max"]) == (8582, 8582)
    assert told["observed_at"] == "2026-11-24T02:30:00Z"
    refused = await browser.send(f"{path}/bacaan", followers="banyak", **fields)
    assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert 'value="banyak"' in refused.text
    assert "<b>Humas" not in refused.text


async def test_an_account_that_nobody_has_read_says_that_nothing_is_known(
    api, signed_in, account, clock
):
    clock.at += timedelta(days=400)
    browser = await signed_in(Role.BKD_ADMIN)
    shown = await browser.get(f"/akun-resmi/{account['id']}?days=3")
    assert "belum ada yang diketahui" in shown.text
    assert (
        await browser.get("/akun-resmi/01a00000-0000-7000-8000-000000000000")
    ).status_code == 404
