"""One of everything, so that generated requests meet rows and not only empty lists."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from app.compliance import service as compliance
from app.core.clock import SystemClock
from app.core.db import Database, make_engine
from app.identity import service as identity
from app.identity.scopes import Scope
from tests.api.exports import export
from tests.support import nip

DECREED = {"legal_basis": "UU 7/2017", "document_number": "SE/2/2026"}
GRANTED = {"reason": "Tugas belajar", "document_number": "SK 12/2026", "granted_by": "Kepala BKD"}
HANDLES = ("satu.satu", "dua.dua", "tiga.tiga")
PEOPLE = 6


@dataclass
class World:
    """What a service holds: its token, and the ids of things by the name of their parameter."""

    client: httpx.AsyncClient
    token: str
    ids: dict[str, list[str]] = field(default_factory=dict)

    async def made(self, kind: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make something, and remember its id."""
        answer = await self.client.post(path, json=body)
        if not answer.is_success:
            raise SystemExit(f"{path}: {answer.text}")
        found: dict[str, Any] = answer.json()
        self.ids.setdefault(kind, []).append(found["id"])
        return found

    async def sent(self, made: str, path: str, content: bytes, **fields: str) -> None:
        """Send a file, and remember the id of what it became."""
        answer = await self.client.post(path, files={"file": ("file", content)}, data=fields)
        if not answer.is_success:
            raise SystemExit(f"{path}: {answer.text}")
        self.ids.setdefault(made, []).append(answer.json()["id"])


async def lay_out(url: str, database_url: str) -> World:
    """Make a government with one of everything in it."""
    clock = SystemClock()
    database = Database(make_engine(database_url), clock)
    tenant_id, token = await new_key(database, clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        world = World(client, token)
        people = await lay_out_registry(world, clock.now())
        campaign = await lay_out_campaign(world, clock.now())
        async with database.transaction(tenant_id) as session:
            await compliance.evaluate(session, tenant_id, UUID(campaign["id"]), now=clock.now())
        await lay_out_process(world, campaign, people, clock.now())
    await database.aclose()
    return world


async def new_key(database: Database, now: datetime) -> tuple[UUID, str]:
    async with database.system() as session:
        tenant_id = await identity.create_tenant(session, slug="sumsel", name="Pemprov Sumsel")
    async with database.transaction(tenant_id) as session:
        token = await identity.create_key(
            session,
            tenant_id,
            name="contract",
            scopes=list(Scope),
            expires_at=now + timedelta(days=1),
            now=now,
        )
    return tenant_id, token


async def lay_out_registry(world: World, now: datetime) -> list[str]:
    """Units, people and accounts; the last three people have declared nothing."""
    root = await world.made("unit", "/v1/work-units", {"code": "16", "name": "Provinsi"})
    unit = {"code": "16.01", "name": "Dinas", "parent_id": root["id"]}
    unit = await world.made("unit", "/v1/work-units", unit)
    for number in range(1, PEOPLE + 1):
        body = {"nip": nip(number), "name": f"Pegawai {number}", "category": "pppk"}
        await world.made("employee", "/v1/employees", {**body, "unit_id": unit["id"]})
    people = world.ids["employee"]
    for person, handle in zip(people, HANDLES, strict=False):
        account = {"account": f"https://www.instagram.com/{handle}"}
        await world.made("account", f"/v1/employees/{person}/accounts", account)
    await world.sent(
        "import",
        "/v1/imports",
        b"nip,name,category,unit_code\n1,A,pppk,16\n",
        kind="employees",
        dry_run="true",
    )
    official = {
        "account": "https://www.instagram.com/pemprovsumsel",
        "name": "Pemprov",
        "owner_kind": "office",
    }
    made = await world.made("official", "/v1/official-accounts", official)
    content = export([(handle, now - timedelta(days=100)) for handle in HANDLES[:2]])
    path = f"/v1/official-accounts/{made['id']}/follower-lists"
    await world.sent("list", path, content, taken_at=now.isoformat())
    return people


async def lay_out_campaign(world: World, now: datetime) -> dict[str, Any]:
    body = {
        "title": "Ikuti akun resmi",
        "legal_basis": "Surat Edaran Gubernur",
        "document_number": "555/1/2026",
        "starts_at": (now - timedelta(days=20)).isoformat(),
        "ends_at": (now + timedelta(days=60)).isoformat(),
        "expected_gain": PEOPLE,
        "cohort": {"categories": ["pppk"]},
        "duties": [{"kind": "declare", "platforms": ["instagram"]}, {"kind": "follow"}],
        "official_account_ids": world.ids["official"],
    }
    return await world.made("campaign", "/v1/campaigns", body)


async def lay_out_process(
    world: World, campaign: dict[str, Any], people: list[str], now: datetime
) -> None:
    """A notice, a dispute, an excuse, a window far away and a report."""
    about = {"campaign_id": campaign["id"], "duty": "declare"}
    told = {"channel": "letter", "sent_at": now.isoformat(), "sent_by": "Sekretaris"}
    await world.made("notice", "/v1/notices", {**about, "employee_id": people[-1], **told})
    said = {**about, "employee_id": people[-2], "text": "Sudah.", "received_by": "Admin OPD"}
    await world.made("dispute", "/v1/disputes", said)
    free = {"employee_id": people[-3], "campaign_id": campaign["id"], "starts_on": "2026-01-01"}
    await world.made("excuse", "/v1/excuses", {**free, **GRANTED})
    window = {"starts_on": "2030-01-01", "ends_on": "2030-02-01", **DECREED}
    await world.made("window", "/v1/neutrality-windows", window)
    await world.made("report", "/v1/reports", {"campaign_id": campaign["id"]})
