"""What a report does not tell: of few people, of paused accounts, and names to most callers."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import openpyxl
import pypdfium2
import pytest
from sqlalchemy import text

from app.core.clock import jakarta_midnight
from app.identity.scopes import Scope
from app.reports.wording import HIDDEN
from tests.api.test_compliance import account, judge, registry  # noqa: F401
from tests.api.test_due_process import Office, office  # noqa: F401
from tests.api.test_growth import official_account, read_count
from tests.api.test_isolation import key_of
from tests.api.test_neutrality import GOVERNOR, TODAY, around, declare
from tests.api.test_reports import FORMATS, document, freeze
from tests.api.test_small_units import campaign  # noqa: F401
from tests.audit.trails import numbers
from tests.support import NOW, Api, nip


async def sheets(api: Api, report: dict) -> dict[str, list[tuple[Any, ...]]]:
    answer = await api.get(f"/v1/reports/{report['id']}.xlsx")
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(BytesIO(answer.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


async def printed(api: Api, report: dict) -> str:
    answer = await api.get(f"/v1/reports/{report['id']}.pdf")
    assert answer.status_code == 200, answer.text
    with pypdfium2.PdfDocument(answer.content) as pages:
        told = "\n".join(page.get_textpage().get_text_bounded() for page in pages)
    # Lines are broken where they are full.
    return " ".join(told.split())


async def test_a_report_of_bkd_tells_no_more_than_an_executive_may_know(api, campaign):
    # The key that freezes it sees every unit itself.
    seen = (await api.get(f"/v1/campaigns/{campaign['id']}/recap")).json()["items"]
    assert all(each["counts"] for each in seen)
    report = await freeze(api, campaign)
    told = await document(api, report)
    units = {
        (each["code"], each["duty"]): each["counts"] and each["counts"]["eligible"]
        for each in told["recaps"]["work_unit"]
    }
    assert units == {
        ("16", "declare"): 21, ("16.01", "declare"): 9, ("16.01.1", "declare"): None,
        ("16.02", "declare"): 5, ("16.03", "declare"): 7,
        ("16", "follow"): None, ("16.01", "follow"): None, ("16.03", "follow"): None,
    }  # fmt: skip
    follow = next(each for each in told["duties"] if each["duty"] == "follow")
    assert (follow["counts"], follow["unknown_reasons"], follow["suppressed"]) == (None, [], True)
    [growth] = told["official_accounts"]
    assert (growth["attribution"], growth["reachable_gain"]) == (None, None)
    rows = (await sheets(api, report))["Per OPD"]
    hidden = {row[0]: row for row in rows if row[3] == "Pendataan akun pegawai"}["16.01.1"]
    assert set(hidden[4:12]) == {HIDDEN}
    assert "kurang dari 5 orang" in hidden[12]
    shown = {row[0]: row for row in rows if row[3] == "Pendataan akun pegawai"}["16.01"]
    assert shown[4] == 9
    text_of_pages = await printed(api, report)
    assert text_of_pages.count(HIDDEN) >= 5
    assert "kurang dari 5 orang" in text_of_pages


@pytest.fixture
async def governor(api: Api, registry: dict[str, str]) -> dict:
    made = await official_account(api, "gubernursumsel", name="Gubernur Sumsel", **GOVERNOR)
    await read_count(api, made, NOW - timedelta(days=15), followers=4321)
    await read_count(api, made, NOW - timedelta(hours=1), followers=54_321_987)
    return made


async def test_of_a_paused_account_a_report_tells_only_that_it_is_paused(
    api, office: Office, governor
):
    await declare(api, *around(3))
    both = await api.post(
        "/v1/campaigns",
        {
            "title": "Dua akun", "legal_basis": "SE", "document_number": "1",
            "starts_at": "2026-11-10T00:00:00+07:00", "ends_at": "2026-12-10T00:00:00+07:00",
            "expected_gain": 10, "duties": [{"kind": "follow"}],
            "official_account_ids": [governor["id"], office.official["id"]],
        },
    )  # fmt: skip
    report = await freeze(api, both.json())
    told = await document(api, report)
    assert [each["official_account_id"] for each in told["official_accounts"]] == [
        office.official["id"]
    ]
    [paused] = told["paused_accounts"]
    assert (paused["name"], paused["until"]) == ("Gubernur Sumsel", "2026-11-27")
    answer = await api.get(f"/v1/reports/{report['id']}.json")
    assert b"54321987" not in answer.content
    assert answer.content.count(governor["id"].encode()) == 1
    pages = await printed(api, report)
    assert "Gubernur Sumsel" in pages
    assert "masa netralitas pemilihan s.d. 27 November 2026" in pages
    assert "54.321.987" not in pages
    assert "54321987" not in str(await sheets(api, report))


async def test_after_an_office_term_growth_is_history_and_nobody_owes_a_follow(
    api, services, government, office: Office
):
    made = await official_account(
        api, "mantan", name="Gubernur Lama", office_term_end="2026-11-20", **GOVERNOR
    )
    await read_count(api, made, NOW - timedelta(days=15), followers=4321)
    await read_count(api, made, NOW - timedelta(hours=1), followers=5432)
    body = {
        "title": "Dua akun", "legal_basis": "SE", "document_number": "1",
        "starts_at": "2026-11-10T00:00:00+07:00", "ends_at": "2026-12-10T00:00:00+07:00",
        "expected_gain": 10, "duties": [{"kind": "follow"}],
        "official_account_ids": [made["id"], office.official["id"]],
    }  # fmt: skip
    both = (await api.post("/v1/campaigns", body)).json()
    await judge(services, government, both)
    report = await freeze(api, both)
    told = await document(api, report)
    growth = {each["name"]: each["gain"] for each in told["official_accounts"]}
    assert growth["Gubernur Lama"] == {"min": 1111, "max": 1111}
    assert [each["reason"] for each in told["paused_accounts"]] == ["office_term_ended"]
    assert [each["key"] for each in told["recaps"]["official_account"]] == [office.official["id"]]
    assert report["withheld_for"] == []
    assert "masa jabatan telah berakhir" in await printed(api, report)


async def test_a_report_is_withheld_while_an_account_in_it_is_paused(
    api, office: Office, governor, clock
):
    made = await api.post(
        "/v1/campaigns",
        {
            "title": "Gubernur", "legal_basis": "SE", "document_number": "1",
            "starts_at": "2026-11-10T00:00:00+07:00", "ends_at": "2026-12-10T00:00:00+07:00",
            "expected_gain": 10, "duties": [{"kind": "follow"}],
            "official_account_ids": [governor["id"]],
        },
    )  # fmt: skip
    report = await freeze(api, made.json())
    other = await freeze(api, office.campaign)
    assert report["withheld_for"] == []
    window = await declare(api, TODAY + timedelta(days=1), TODAY + timedelta(days=9))
    before = (await api.get(f"/v1/reports/{report['id']}.json")).content
    clock.at = jakarta_midnight(TODAY + timedelta(days=1))
    for ending in FORMATS:
        refused = await api.get(f"/v1/reports/{report['id']}.{ending}")
        assert refused.status_code == 409, ending
        assert refused.headers["content-type"] == "application/problem+json"
        assert window["ends_on"] in refused.json()["detail"]
        assert (await api.get(f"/v1/reports/{other['id']}.{ending}")).status_code == 200
    named = (await api.get(f"/v1/reports/{report['id']}")).json()
    assert [each["until"] for each in named["withheld_for"]] == [window["ends_on"]]
    clock.at = jakarta_midnight(TODAY + timedelta(days=10))
    assert (await api.get(f"/v1/reports/{report['id']}.json")).content == before


async def test_people_are_listed_by_unit_only_where_they_were_asked_for(office: Office):
    api = office.api
    without = await freeze(api, office.campaign)
    assert "Pegawai" not in await sheets(api, without)
    report = await freeze(api, office.campaign, include_people=True)
    head, *rows = (await sheets(api, report))["Pegawai"]
    assert head[2:4] == ("NIP", "Nama")
    assert [(row[0], row[2], row[3], row[4]) for row in rows] == [
        ("16.01", nip(6), "Pegawai 6", "Pendataan akun pegawai"),
        ("16.02", nip(7), "Pegawai 7", "Pendataan akun pegawai"),
        ("16.02", nip(3), "Pegawai 3", "Mengikuti akun resmi"),
    ]  # fmt: skip
    assert {row[7] for row in rows} == {
        "menyampaikan belum memiliki akun", "data akun belum diterima",
        "tidak tercantum dalam dua daftar pengikut lengkap",
    }  # fmt: skip
    for ending in ("json", "pdf"):
        content = (await api.get(f"/v1/reports/{report['id']}.{ending}")).content
        assert b"Pegawai 3" not in content
        assert nip(3).encode() not in content
    assert "Pegawai 3" not in await printed(api, report)


async def test_names_are_for_those_who_may_read_them_and_nips_for_fewer(
    office: Office, http, services, government
):
    report = await freeze(office.api, office.campaign, include_people=True)

    async def rows(*scopes: Scope) -> Any:
        token = await key_of(services, government.tenant_id, scopes=[Scope.REPORTS_READ, *scopes])
        return (await sheets(Api(http, token), report)).get("Pegawai")

    assert await rows() is None
    assert await rows(Scope.EMPLOYEES_READ) is None
    assert await rows(Scope.COMPLIANCE_READ_PEOPLE) is None
    masked = await rows(Scope.EMPLOYEES_READ, Scope.COMPLIANCE_READ_PEOPLE)
    assert [row[3] for row in masked[1:]] == ["Pegawai 6", "Pegawai 7", "Pegawai 3"]
    assert nip(3) not in str(masked)
    whole = await rows(Scope.EMPLOYEES_READ, Scope.COMPLIANCE_READ_PEOPLE, Scope.EMPLOYEES_READ_NIP)
    assert nip(3) in str(whole)


async def test_who_disputes_or_is_excused_is_in_no_list_and_leaves_an_older_one(office: Office):
    api = office.api
    before = await freeze(api, office.campaign, include_people=True)
    await office.dispute()
    excused = await api.post(
        "/v1/excuses",
        {
            "campaign_id": office.campaign["id"], "employee_id": office.people["7"],
            "starts_on": "2026-11-01", "reason": "Sakit", "granted_by": "Siti",
            "document_number": "SK 1",
        },
    )  # fmt: skip
    assert excused.status_code == 201, excused.text
    await office.judge()
    after = await freeze(api, office.campaign, include_people=True)
    for report in (before, after):
        rows = (await sheets(api, report))["Pegawai"]
        assert [row[3] for row in rows[1:]] == ["Pegawai 6"]


async def test_whom_an_officer_found_right_leaves_older_reports_for_good(office: Office):
    api = office.api
    report = await freeze(api, office.campaign, include_people=True)
    filed = (await office.dispute()).json()
    office.clock.at += timedelta(hours=1)
    await office.decide(filed, "upheld")

    async def named() -> list[str]:
        return [row[3] for row in (await sheets(api, report))["Pegawai"][1:]]

    # Before and after it is judged anew, and when another reason has come since.
    assert await named() == ["Pegawai 6", "Pegawai 7"]
    await office.judge()
    assert await named() == ["Pegawai 6", "Pegawai 7"]
    office.clock.at += timedelta(hours=1)
    await office.look_again()
    await office.judge()
    assert await office.status() == "unknown:awaiting_second_list"
    assert await named() == ["Pegawai 6", "Pegawai 7"]


async def test_who_must_be_erased_can_be_without_touching_the_report(
    office: Office, services, government
):
    report = await freeze(office.api, office.campaign, include_people=True)
    before = (await office.api.get(f"/v1/reports/{report['id']}.json")).content
    async with services.database.transaction(government.tenant_id) as session:
        erased = text("DELETE FROM report_people WHERE employee_id = :id")
        await session.execute(erased, {"id": office.people["3"]})
    rows = (await sheets(office.api, report))["Pegawai"]
    assert "Pegawai 3" not in {row[3] for row in rows}
    assert (await office.api.get(f"/v1/reports/{report['id']}.json")).content == before


async def test_every_file_of_a_report_is_an_export_of_those_it_lists(
    office: Office, connection, government
):
    report = await freeze(office.api, office.campaign, include_people=True)
    before = await numbers(connection, government.tenant_id, "export")
    for ending in ("json", "xlsx", "pdf"):
        assert (await office.api.get(f"/v1/reports/{report['id']}.{ending}")).status_code == 200
    exports = await connection.execute(
        text(
            "SELECT operation, subject_id, cardinality(employee_ids) FROM audit_entries"
            " WHERE tenant_id = :tenant_id AND kind = 'export' AND sequence > :last"
            " ORDER BY sequence"
        ),
        {"tenant_id": government.tenant_id, "last": max(before, default=0)},
    )
    listed = len((await sheets(office.api, report))["Pegawai"]) - 1
    assert listed > 1
    subject = UUID(report["id"])
    assert [tuple(row) for row in exports] == [
        ("report_json", subject, 0),
        ("report_xlsx", subject, listed),
        ("report_pdf", subject, 0),
    ]
