"""Two governments with one of everything, and in the first of them two units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from app.compliance import service as compliance
from app.core.services import Services
from tests.api.exports import export
from tests.support import NOW, Api, Government, nip

DECREED = {"legal_basis": "UU 7/2017", "document_number": "SE/2/2026"}
GRANTED = {"reason": "Tugas belajar", "document_number": "SK 12/2026", "granted_by": "Kepala BKD"}
OFFICIAL = {"name": "Pemprov", "owner_kind": "office"}
CAMPAIGN = {
    "title": "Ikuti akun resmi",
    "legal_basis": "Surat Edaran Gubernur",
    "document_number": "555/1/2026",
    "starts_at": (NOW - timedelta(days=20)).isoformat(),
    "ends_at": (NOW + timedelta(days=60)).isoformat(),
    "expected_gain": 8,
    "cohort": {"categories": ["pppk"]},
    "duties": [{"kind": "declare", "platforms": ["instagram"]}, {"kind": "follow"}],
}
BREACH = {
    "what": "Kunci ditemukan di repositori",
    "principals": ["api_key:01900000-0000-7000-8000-000000000000"],
    "begins": (NOW - timedelta(days=2)).isoformat(),
    "ends": NOW.isoformat(),
    "found_at": NOW.isoformat(),
    "recorded_by": "Kepala BKD",
}
# In each unit one person is declared, and each of the others stands in one process.
ROLES = ("employee", "noticed", "disputing", "excused", "silent", "leaving")
# What belongs to a unit; everything else belongs to the whole government.
OF_UNITS = (
    "unit",
    "employee",
    "account",
    "notice",
    "dispute",
    "excuse",
    "silent",
    "leaving",
    "request",
)

Ids = Mapping[str, str]


@dataclass
class Everything:
    """The ids of things, by the name of the parameter that takes them, for each ownership."""

    shared: dict[str, str] = field(default_factory=dict)
    of_unit: dict[str, dict[str, str]] = field(default_factory=dict)

    def seen_from(self, unit: str) -> dict[str, str]:
        return {**self.shared, **self.of_unit[unit]}


def nobodys() -> dict[str, str]:
    """Ids that nothing has."""
    kinds = (
        *OF_UNITS,
        "campaign",
        "import",
        "list",
        "window",
        "report",
        "official",
        "key",
        "breach",
        "webhook",
    )
    return {kind: str(uuid4()) for kind in kinds}


async def made(api: Api, path: str, body: Mapping[str, Any]) -> str:
    answer = await api.post(path, dict(body))
    assert answer.status_code == 201, (path, answer.text)
    return str(answer.json()["id"])


async def lay_out(
    services: Services, government: Government, api: Api, *units: str, mark: str
) -> Everything:
    """Make a government with one of everything in each unit; every text of it bears the mark."""
    found = Everything()
    root = await made(api, "/v1/work-units", {"code": "16", "name": f"Provinsi {mark}"})
    found.shared["root"] = root
    for number, unit in enumerate(units):
        await _people(api, found, root, unit, mark, number)
    await _official(api, found, mark)
    campaign = {**CAMPAIGN, "title": f"Ikuti {mark}"}
    official = [found.shared["official"]]
    campaign_id = await made(api, "/v1/campaigns", {**campaign, "official_account_ids": official})
    found.shared["campaign"] = campaign_id
    async with services.database.transaction(government.tenant_id) as session:
        await compliance.evaluate(session, government.tenant_id, UUID(campaign_id), now=NOW)
    for unit in units:
        await _processes(api, found.of_unit[unit], campaign_id, mark)
    window = {"starts_on": "2030-01-01", "ends_on": "2030-02-01", **DECREED}
    found.shared["window"] = await made(api, "/v1/neutrality-windows", window)
    key = {"name": f"Sistem {mark}", "scopes": ["keys:write"]}
    found.shared["key"] = await made(api, "/v1/api-keys", key)
    found.shared["breach"] = await made(api, "/v1/privacy/breaches", {**BREACH, "what": mark})
    hook = {"name": f"Kabar {mark}", "url": f"https://{mark}.example.go.id/kabar".lower()}
    found.shared["webhook"] = await made(api, "/v1/webhooks", hook)
    report = {"campaign_id": campaign_id, "title": f"Laporan {mark}"}
    found.shared["report"] = await made(api, "/v1/reports", report)
    return found


async def _people(
    api: Api, found: Everything, root: str, unit: str, mark: str, number: int
) -> None:
    body = {"code": f"16.{unit}", "name": f"Dinas {mark}", "parent_id": root}
    ids = {"unit": await made(api, "/v1/work-units", body)}
    for place, role in enumerate(ROLES):
        person = {"nip": nip(1 + 10 * number + place), "name": f"Pegawai {mark}"}
        at = {"category": "pppk", "unit_id": ids["unit"]}
        ids[role] = await made(api, "/v1/employees", {**person, **at})
    handle = f"{mark}.{unit}".lower()
    account = {"account": f"https://www.instagram.com/{handle}"}
    ids["account"] = await made(api, f"/v1/employees/{ids['employee']}/accounts", account)
    contact = {"email": f"{handle}@example.go.id", "phone": None, "set_by": "Admin"}
    kept = await api.put(f"/v1/employees/{ids['employee']}/contact", contact, etag='"0"')
    assert kept.status_code == 200, kept.text
    found.of_unit[unit] = ids


async def _official(api: Api, found: Everything, mark: str) -> None:
    address = {"account": f"https://www.instagram.com/resmi.{mark}".lower()}
    found.shared["official"] = await made(api, "/v1/official-accounts", {**address, **OFFICIAL})
    row = f"nip,name,category,unit_code\n1,Nama {mark},pppk,16\n"
    taken = await api.upload("/v1/imports", row.encode(), kind="employees", dry_run="true")
    assert taken.status_code == 201, taken.text
    found.shared["import"] = taken.json()["id"]
    content = export([(f"warga_{mark}", NOW - timedelta(days=99))], owner=f"resmi.{mark}".lower())
    taken = await api.upload(
        f"/v1/official-accounts/{found.shared['official']}/follower-lists",
        content,
        taken_at=(NOW - timedelta(days=1)).isoformat(),
    )
    assert taken.status_code == 201, taken.text
    found.shared["list"] = taken.json()["id"]


async def _processes(api: Api, ids: dict[str, str], campaign_id: str, mark: str) -> None:
    """A notice, a dispute, an excuse and a retirement, each of another person of a unit."""
    path = f"/v1/employees/{ids['leaving']}"
    etag = (await api.get(path)).headers["etag"]
    left = await api.patch(path, {"standing": "retired"}, etag=etag)
    assert left.status_code == 200, left.text
    about = {"campaign_id": campaign_id, "duty": "declare"}
    told = {"channel": "letter", "sent_at": NOW.isoformat(), "sent_by": "Sekretaris"}
    noticed = {**about, "employee_id": ids["noticed"], **told}
    ids["notice"] = await made(api, "/v1/notices", noticed)
    said = {"employee_id": ids["disputing"], "text": f"Sudah {mark}.", "received_by": "Admin OPD"}
    ids["dispute"] = await made(api, "/v1/disputes", {**about, **said})
    free = {"employee_id": ids["excused"], "campaign_id": campaign_id, "starts_on": "2026-01-01"}
    asked = {"employee_id": ids["employee"], "right": "access", "text": f"Data {mark}?"}
    received = {"received_at": NOW.isoformat(), "received_by": "Admin OPD"}
    ids["request"] = await made(api, "/v1/subject-requests", {**asked, **received})
    ids["excuse"] = await made(api, "/v1/excuses", {**free, **GRANTED})
