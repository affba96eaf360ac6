"""Laporan: frozen by form, taken away as files."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from app.identity.scopes import Role
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_reports import campaign  # noqa: F401


async def test_an_officer_freezes_a_report_and_takes_its_files(api, signed_in, campaign):
    browser = await signed_in(Role.HUMAS_OFFICER)
    assert "Belum ada laporan" in (await browser.get("/laporan")).text
    fields = {"campaign_id": campaign["id"], "title": "Laporan <i>awal</i>", "officer": "Siti"}
    made = await browser.send("/laporan", **fields)
    assert made.status_code == 303, made.text
    [report] = (await api.get("/v1/reports")).json()["items"]
    shown = await browser.get(made.headers["location"])
    assert report["sha256"] in shown.text
    assert "<i>awal" not in shown.text
    for kind in ("pdf", "xlsx", "json"):
        assert f'href="/v1/reports/{report["id"]}.{kind}"' in shown.text
    file = await browser.get(f"/v1/reports/{report['id']}.json")
    assert file.status_code == 200
    assert report["number"] in (await browser.get("/laporan")).text


async def test_a_report_of_nothing_is_refused_beside_its_field(signed_in, campaign):
    browser = await signed_in(Role.BKD_ADMIN)
    refused = await browser.send("/laporan", campaign_id="", title="Judul saya")
    assert refused.status_code == 422
    assert 'id="campaign_id-mistake"' in refused.text
    assert 'value="Judul saya"' in refused.text


async def test_executives_read_and_units_do_not(api, signed_in, campaign):
    await api.post("/v1/reports", {"campaign_id": campaign["id"]})
    executive = await signed_in(Role.EXECUTIVE)
    page = await executive.get("/laporan")
    assert (page.status_code, 'method="post" action="/laporan"' in page.text) == (200, False)
    units = {each["code"]: each["id"] for each in (await api.get("/v1/work-units")).json()["items"]}
    head = await signed_in(Role.UNIT_HEAD, units["16.01"])
    assert (await head.get("/laporan")).status_code == 403
    assert 'href="/laporan"' not in (await head.get("/ringkasan")).text
