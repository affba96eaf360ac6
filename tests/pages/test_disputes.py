"""Sanggahan: the queue with its clock, one dispute with evidence, and the decision."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta

import pytest

from app.identity.scopes import Role
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import office  # noqa: F401
from tests.api.test_isolation import ABSENT

DECISION = {"outcome": "upheld", "reason": "Bukti <i>sesuai</i>.", "decided_by": "Kepala BKD"}


async def test_the_queue_says_who_waits_for_what_and_until_when(office, signed_in):
    browser = await signed_in(Role.BKD_ADMIN)
    assert "Tidak ada sanggahan yang menunggu" in (await browser.get("/sanggahan")).text
    filed = (await office.dispute()).json()
    queue = await browser.get("/sanggahan")
    for told in ("Pegawai 3", "Ikuti akun resmi", f'href="/sanggahan/{filed["id"]}"'):
        assert told in queue.text, told
    assert "lewat waktu" not in queue.text
    office.clock.at += timedelta(hours=73)
    browser = await signed_in(Role.BKD_ADMIN)
    assert "lewat waktu" in (await browser.get("/sanggahan")).text
    assert "Pegawai 3" not in (await browser.get("/sanggahan?state=diputus")).text
    other = await browser.get(f"/sanggahan?campaign={ABSENT}")
    assert "Pegawai 3" not in other.text


async def test_a_queue_asks_once_for_all_its_rows(office, signed_in, api):
    await office.dispute()
    await office.dispute("7", "declare")
    browser = await signed_in(Role.AUDITOR)
    newest = (await api.get("/v1/audit", limit=1)).json()["items"][0]["sequence"]
    queue = await browser.get("/sanggahan")
    assert queue.text.count('href="/sanggahan/') == 2
    after = (await api.get("/v1/audit", limit=50)).json()["items"]
    asked = [each["operation"] for each in after if each["sequence"] > newest + 1]
    assert asked == ["list_disputes"]


async def test_one_dispute_shows_what_the_status_rests_on(office, signed_in):
    verdict = (await office.api.get(f"/v1/employees/{office.people['3']}/verdicts")).json()["items"]
    lists = [each["id"] for entry in verdict for each in entry["evidence"]["lists"]]
    filed = (await office.dispute(text="<script>alert(1)</script>", evidence_ids=lists[:1])).json()
    browser = await signed_in(Role.AUDITOR)
    shown = await browser.get(f"/sanggahan/{filed['id']}")
    assert "<script>alert" not in shown.text
    # Once in the menu, twice in its place on a phone, and twice as what the status rests on.
    assert shown.text.count("Daftar pengikut") == 4
    assert shown.text.count("ditunjuk dalam sanggahan") == 1
    assert "/keputusan" not in shown.text
    assert "menunggu keputusan pejabat" in shown.text


async def test_an_officer_decides_once_and_with_a_reason(office, signed_in):
    filed = (await office.dispute()).json()
    browser = await signed_in(Role.BKD_ADMIN)
    path = f"/sanggahan/{filed['id']}"
    without = await browser.send(f"{path}/keputusan", **{**DECISION, "reason": " "})
    assert (without.status_code, 'value="Kepala BKD"' in without.text) == (422, True)
    assert 'value="upheld" required checked' in without.text
    decided = await browser.send(f"{path}/keputusan", **DECISION)
    assert (decided.status_code, decided.headers["location"]) == (303, path)
    shown = await browser.get(path)
    assert "<i>sesuai" not in shown.text
    assert "Sanggahan diterima" in shown.text
    assert "/keputusan" not in shown.text
    told = (await office.api.get(f"/v1/disputes/{filed['id']}")).json()["decision"]
    assert (told["outcome"], told["decided_by"]) == ("upheld", "Kepala BKD")
    again = await browser.send(f"{path}/keputusan", **DECISION)
    assert (again.status_code, "sudah diputus" in again.text) == (409, True)
    assert "Pegawai 3" in (await browser.get("/sanggahan?state=diputus")).text


@pytest.mark.parametrize(
    "role", [Role.UNIT_HEAD, Role.EXECUTIVE, Role.HUMAS_OFFICER, Role.EMPLOYEE]
)
async def test_who_may_not_see_statuses_of_people_sees_no_dispute(office, signed_in, role):
    filed = (await office.dispute()).json()
    units = (await office.api.get("/v1/work-units")).json()["items"]
    browser = await signed_in(role, units[0]["id"] if role is Role.UNIT_HEAD else None)
    for path in ("/sanggahan", f"/sanggahan/{filed['id']}"):
        refused = await browser.get(path)
        assert (refused.status_code, "Pegawai 3" in refused.text) == (403, False)
    assert (
        await browser.send(f"/sanggahan/{filed['id']}/keputusan", **DECISION)
    ).status_code == 403
