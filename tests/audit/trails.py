"""A trail with an entry of each kind, and looking at it and tampering with it as the owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.rules import Anchor, Inspection
from app.audit.verifying import verify
from app.core.services import Services
from tests.support import Api, nip

UNITS = (
    "kode,nama,kode induk\n16,Provinsi,\n16.01,Dinas Pendidikan,16\n16.02,Dinas Kesehatan,16\n"
    "16.03,Tanpa Induk,99\n"
)
# Whoever owns the tables can take every guard away; the chain must tell of what comes after.
UNGUARDED = (
    (
        "ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_name_a_look_or_changes,"
        " DROP CONSTRAINT audit_entry_kind_is_known, DROP CONSTRAINT an_entry_has_one_successor,"
        " DROP CONSTRAINT audit_entries_are_hashed, DROP CONSTRAINT pk_audit_entries"
    ),
    "ALTER TABLE audit_heads DISABLE TRIGGER ALL",
    "ALTER TABLE changes DROP CONSTRAINT change_kind_is_known",
    "ALTER TABLE changes ALTER COLUMN sequence DROP IDENTITY",
)


async def lay(api: Api) -> dict[str, Any]:
    """Changes one by one and by an import, reads and an export, eight entries in all."""
    imported = await api.upload("/v1/imports", UNITS.encode(), kind="work_units")
    assert (imported.status_code, imported.json()["rejected"]) == (201, 1)
    unit = (await api.get("/v1/work-units")).json()["items"][1]
    made = []
    for number in (1, 2):
        body = {
            "nip": nip(number),
            "name": f"Pegawai {number}",
            "category": "pppk",
            "unit_id": unit["id"],
        }
        made.append((await api.post("/v1/employees", body)).json())
    assert (await api.get("/v1/employees")).status_code == 200
    errors = await api.get(f"/v1/imports/{imported.json()['id']}/errors.csv")
    assert errors.status_code == 200
    return {"unit": unit, "people": made, "import": imported.json()}


async def inspect(
    services: Services, tenant_id: UUID, anchors: Sequence[Anchor] = ()
) -> Inspection:
    async with services.database.transaction(tenant_id) as session:
        return await verify(session, tenant_id, anchors)


def kinds(found: Inspection) -> list[str]:
    return sorted({fault.kind.value for fault in found.faults})


async def as_owner(connection: AsyncConnection, statement: str, **values: Any) -> None:
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    await connection.execute(text(statement), values)


async def unguard(connection: AsyncConnection) -> None:
    for statement in UNGUARDED:
        await as_owner(connection, statement)


async def numbers(connection: AsyncConnection, tenant_id: UUID, kind: str) -> list[int]:
    """The numbers of a tenant's entries of one kind."""
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    found = await connection.scalars(
        text(
            "SELECT sequence FROM audit_entries WHERE tenant_id = :tenant_id AND kind = :kind"
            " ORDER BY sequence"
        ),
        {"tenant_id": tenant_id, "kind": kind},
    )
    return list(found)
