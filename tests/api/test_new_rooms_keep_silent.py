"""Canaries in everything that is new: none leaves by a log, a fault, a metric, a job or a trail."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO

import httpx
import pytest
from sqlalchemy import text

from app.core.logs import configure_logging
from tests.api.exports import instagram_own
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.reminding import FIRST, Reminding, mail, office  # noqa: F401
from tests.support import NOW, nip

CANARIES = ("kenari", "628119922", "0811992", "whsec_", nip(7), nip(6), "Pegawai 7")


@pytest.fixture
def talkative() -> Iterator[StringIO]:
    """Everything is logged, as an operator who looks for a fault would have it."""
    written = StringIO()
    with redirect_stderr(written):
        configure_logging("DEBUG")
        yield written
    configure_logging("ERROR")


async def refused(office: Reminding) -> list[httpx.Response]:
    """Requests that are full of canaries and refused."""
    api, employee = office.api, office.people["7"]
    contact = f"/v1/employees/{employee}/contact"
    units = (await api.get("/v1/work-units")).json()["items"]
    head = f"/v1/work-units/{units[0]['id']}/head"
    declared = (
        await api.post(
            f"/v1/employees/{employee}/accounts", {"account": "https://www.instagram.com/kenari7"}
        )
    ).json()
    evidence = f"/v1/accounts/{declared['id']}/evidence"
    seen = {
        "source": "screenshot", "official_account_id": office.official["id"],
        "taken_at": "2027-01-01T00:00:00Z", "officer": "kenari", "remark": "kenari",
    }  # fmt: skip
    said = {"set_by": "kenari"}
    return [
        await api.put(contact, {"email": "kenari@@x", "phone": None, **said}, etag='"1"'),
        await api.put(contact, {"email": None, "phone": "0811992kenari", **said}, etag='"1"'),
        await api.put(contact, {"email": "kenari@x.id", "phone": None, **said}, etag='"77"'),
        await api.put(contact, {"email": ["kenari"], "phone": {"kenari": 1}, **said}, etag='"1"'),
        await api.put(head, {"employee_id": "kenari", **said}, etag='"0"'),
        await api.put(head, {"employee_id": declared["id"], **said}, etag='"0"'),
        await api.put(office.path, {"enabled": "kenari", **said}, etag='"1"'),
        await api.post("/v1/reports", {"campaign_id": "kenari", "officer": "kenari"}),
        await api.post("/v1/reports", {"campaign_id": declared["id"], "title": "kenari"}),
        await api.post(evidence, seen),
        await api.post(evidence, {**seen, "source": "kenari"}),
        await api.upload(evidence, b"kenari", filename="kenari.zip", officer="kenari\x00"),
        await api.upload(evidence, b"kenari", filename="../kenari.zip"),
        await api.upload(
            evidence, instagram_own([("kenari", NOW)], owner="kenari"), filename="kenari.zip"
        ),
        await api.get("/v1/audit", employee="kenari", since="kenari", cursor="kenari"),
        await api.get("/v1/reports", campaign="kenari"),
        await api.get(f"{office.path}/history", state="kenari"),
    ]


async def test_a_refusal_repeats_nothing_that_was_said(office: Reminding, talkative: StringIO):
    for answer in await refused(office):
        assert 400 <= answer.status_code < 500, answer.text
        assert not [each for each in CANARIES if each in answer.text], answer.text
    written = talkative.getvalue()
    assert not [each for each in CANARIES if each in written], written


async def test_what_is_kept_of_people_stays_in_its_own_table(
    office: Reminding, talkative: StringIO, http
):
    await office.reach("7", "kenari.tujuh@oganilir.go.id", "08119922777")
    await office.head("6")
    # Mail servers quote the address in their refusals.
    office.mail.recipient = "550 5.1.1 <kenari.tujuh@oganilir.go.id> is unknown here"
    await office.run(FIRST)
    assert await office.states() == ["undeliverable"]
    made = await office.api.post(
        "/v1/reports",
        {"campaign_id": office.campaign["id"], "officer": "kenari", "include_people": True},
    )
    assert made.status_code == 201
    for ending in ("json", "xlsx", "pdf"):
        assert (await office.api.get(f"/v1/reports/{made.json()['id']}.{ending}")).is_success
    async with office.services.database.system() as session:
        jobs = await session.scalars(text("SELECT CAST(job AS text) FROM pgqueuer AS job"))
        told = [*jobs, (await http.get("/metrics")).text]
    async with office.services.database.transaction(office.government.tenant_id) as session:
        for table in ("changes", "audit_entries", "reminders", "reminder_plans", "report_people"):
            rows = text(f"SELECT CAST(told AS text) FROM {table} AS told")  # noqa: S608 - A constant.
            told += (await session.scalars(rows)).all()
    assert talkative.getvalue()
    told.append(talkative.getvalue())
    assert len(told) > 20
    assert not [(each, line) for each in CANARIES for line in told if each in line]
