"""NIPs are stored sealed: nobody reads them in the tables, and nobody moves them unseen."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import base64
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from app.cli.connections import reseal_all
from app.core.crypto import KeysInvalid, RegistryKeys, registry_keys_of
from app.core.db import Database
from app.core.services import Services
from app.employees.sealing import NipUnreadable, opened_nip, sealed_nip
from app.settings import Settings
from tests.api.test_compliance import account, judge, make_campaign, registry  # noqa: F401
from tests.api.test_contacts import everything_stored
from tests.api.test_imports import put, table
from tests.api.test_registry import make_employee
from tests.conftest import REGISTRY, make_government
from tests.support import Api, nip

TENANT, OTHER = UUID(int=1), UUID(int=2)
NEWEST = f"k2:{base64.b64encode(b'n' * 32).decode()}"
OLDEST = f"tests:{base64.b64encode(b'r' * 32).decode()}"
LOOKUP = base64.b64encode(b"l" * 32).decode()
TOKENS = f"t:{base64.b64encode(b't' * 32).decode()}"


def keys_of(sealing: str = NEWEST, lookup: str = LOOKUP) -> RegistryKeys:
    settings = Settings(registry_keys=SecretStr(sealing), lookup_key=SecretStr(lookup))
    found = registry_keys_of(settings)
    assert found is not None
    return found


@dataclass(frozen=True)
class Row:
    """What hides a NIP in `employee_nips`."""

    nip_hash: bytes
    key_id: str
    sealed: bytes


async def test_no_table_holds_a_nip(api, services, government, registry, account):
    waiting = f"{nip(55)},Pegawai 55,pppk,16.01,,"
    corrected = (await api.get("/v1/employees")).json()["items"][0]
    path = f"/v1/employees/{corrected['id']}"
    etag = (await api.get(path)).headers["etag"]
    assert (await api.patch(path, {"nip": nip(66)}, etag=etag)).status_code == 200
    await put(api, "employees", table(waiting), dry_run="true")
    unit_id = (await api.get(path)).json()["unit_id"]
    body = {"nip": nip(77), "name": "Pegawai 77", "category": "pppk", "unit_id": unit_id}
    made = [await api.post("/v1/employees", body, Idempotency_Key="sekali") for _ in range(2)]
    assert made[0].content == made[1].content
    sorted_body = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    searchable = sha256(b"POST /v1/employees?\n" + sorted_body).hexdigest()
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    report = {"campaign_id": campaign["id"], "include_people": True, "officer": "Kepala BKD"}
    assert (await api.post("/v1/reports", report)).status_code == 201
    stored = await everything_stored(services)
    for number in (*range(1, 9), 55, 66, 77):
        plain = nip(number)
        assert plain not in stored, number
        assert plain.encode().hex() not in stored, number
    # Whoever knows the rest of a body could try all NIPs against a digest without a key.
    assert searchable not in stored
    assert sha256(table(waiting)).hexdigest() not in stored
    assert (await api.get(path)).json()["nip"] == nip(66)


async def test_a_preview_that_waited_is_carried_out(api, units):
    previewed = await api.upload(
        "/v1/imports",
        table(f"{nip(55)},Pegawai 55,pppk,16.01,,"),
        kind="employees",
        dry_run="true",
    )
    applied = await api.post(f"/v1/imports/{previewed.json()['id']}/apply")
    assert applied.json()["inserted"] == 1
    found = await api.post("/v1/employees/lookup", {"nips": [nip(55)]})
    assert [each["nip"] for each in found.json()["items"]] == [nip(55)]


async def test_a_nip_that_was_moved_or_altered_is_not_told(api, services, government, units):
    one, other = [await make_employee(api, units["16.01"], number) for number in (1, 2)]
    for change in (
        "sealed = (SELECT sealed FROM employee_nips WHERE employee_id = :other)",
        "sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
        "key_id = 'lost'",
        "nip_hash = sha256(nip_hash)",
    ):
        async with services.database.transaction(government.tenant_id) as session:
            nested = await session.begin_nested()
            await session.execute(
                text(f"UPDATE employee_nips SET {change} WHERE employee_id = :one"),  # noqa: S608
                {"one": one["id"], **({"other": other["id"]} if ":other" in change else {})},
            )
            row = (
                await session.execute(
                    text("SELECT * FROM employee_nips WHERE employee_id = :one"), {"one": one["id"]}
                )
            ).one()
            with pytest.raises(NipUnreadable) as refused:
                opened_nip(keys_of(OLDEST), government.tenant_id, row)
            assert nip(1) not in str(refused.value)
            await nested.rollback()
    assert (await api.get(f"/v1/employees/{one['id']}")).json()["nip"] == nip(1)


async def test_one_person_is_found_by_another_hash_in_another_government(
    api, other_api, services, units, connection
):
    await make_employee(api, units["16.01"], 1)
    unit = await other_api.post("/v1/work-units", {"code": "17", "name": "Jambi"})
    await make_employee(other_api, unit.json(), 1)
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    hashes = (await connection.scalars(text("SELECT nip_hash FROM employee_nips"))).all()
    assert len(set(hashes)) == 2


async def test_without_keys_nothing_is_stored(services, connection, clock, government, http):
    services.database = Database(connection, clock)
    api = Api(http, government.token)
    unit = (await api.post("/v1/work-units", {"code": "16", "name": "Provinsi"})).json()
    body = {"nip": nip(1), "name": "P", "category": "pppk", "unit_id": unit["id"]}
    refused = await api.post("/v1/employees", body)
    assert refused.status_code == 409
    assert "SIMEDSOS_REGISTRY_KEYS and SIMEDSOS_LOOKUP_KEY" in refused.json()["detail"]
    file = table(f"{nip(1)},P,pppk,16,,")
    imported = await api.upload("/v1/imports", file, kind="employees")
    assert (imported.status_code, nip(1) in imported.text) == (409, False)


async def test_keys_are_rotated(separate_services: Services, clock):
    services = separate_services
    government = await make_government(services, "sumsel")
    url = services.settings.database_url
    async with services.database.transaction(government.tenant_id) as session:
        unit = {"tenant": government.tenant_id, "id": government.tenant_id}
        await session.execute(
            text(
                "INSERT INTO work_units (tenant_id, id, code, name, ancestors)"
                " VALUES (:tenant, :id, '16', 'Provinsi', ARRAY[CAST(:id AS uuid)])"
            ),
            unit,
        )
        await session.execute(
            text(
                "INSERT INTO employees (tenant_id, id, name, unit_id, category, standing,"
                " declaration) VALUES (:tenant, :id, 'P', :id, 'pppk', 'active', 'not_asked')"
            ),
            unit,
        )
        assert REGISTRY is not None
        await session.execute(
            text(
                "INSERT INTO employee_nips (tenant_id, id, employee_id, nip_hash, key_id, sealed,"
                " valid_from) VALUES (:tenant, :id, :id, :nip_hash, :key_id, :sealed, now())"
            ),
            {**unit, **sealed_nip(REGISTRY, government.tenant_id, nip(1))},
        )
    clock.at += timedelta(seconds=1)
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(text("UPDATE employee_nips SET valid_to = '2026-12-01'"))
    settings = Settings(
        database_url=url,
        token_keys=SecretStr(TOKENS),
        registry_keys=SecretStr(f"{NEWEST},{OLDEST}"),
        lookup_key=SecretStr(LOOKUP),
    )
    assert await reseal_all(settings) == (2, 0)
    assert await reseal_all(settings) == (0, 0)
    async with services.database.transaction(government.tenant_id) as session:
        live = (await session.execute(text("SELECT * FROM employee_nips"))).one()
        past = (await session.execute(text("SELECT * FROM employee_nips_past"))).one()
    for row in (live, past):
        assert opened_nip(keys_of(NEWEST), government.tenant_id, row) == nip(1)


async def test_a_preview_outlives_a_change_of_keys_and_no_lost_key(
    api, services, connection, clock, units
):
    row = table(f"{nip(55)},Pegawai 55,pppk,16.01,,")
    waiting = [await put(api, "employees", row, dry_run="true") for _ in range(2)]
    paths = [f"/v1/imports/{each['id']}/apply" for each in waiting]
    services.database = Database(connection, clock, keys_of(NEWEST))
    refused = await api.post(paths[0])
    assert (refused.status_code, "no longer named" in refused.text) == (409, True)
    assert (await api.get("/v1/employees")).json()["items"] == []
    services.database = Database(connection, clock, keys_of(f"{NEWEST},{OLDEST}"))
    assert (await api.post(paths[1])).json()["inserted"] == 1
    services.database = Database(connection, clock, keys_of(NEWEST))
    assert [each["nip"] for each in (await api.get("/v1/employees")).json()["items"]] == [nip(55)]


@given(st.text("0123456789", min_size=18, max_size=18))
def test_what_is_sealed_opens_in_its_own_place_only(digits):
    keys = keys_of()
    told = sealed_nip(keys, TENANT, digits)
    assert digits.encode() not in told["sealed"] + told["nip_hash"]
    assert opened_nip(keys, TENANT, Row(**told)) == digits
    assert told["sealed"] != sealed_nip(keys, TENANT, digits)["sealed"]
    assert told["nip_hash"] == sealed_nip(keys, TENANT, digits)["nip_hash"]
    assert told["nip_hash"] != sealed_nip(keys, OTHER, digits)["nip_hash"]
    with pytest.raises(NipUnreadable):
        opened_nip(keys, OTHER, Row(**told))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"registry_keys": SecretStr(NEWEST), "lookup_key": None}, id="no-look-up"),
        pytest.param({"registry_keys": None, "lookup_key": SecretStr(LOOKUP)}, id="no-sealing"),
        pytest.param(
            {"registry_keys": SecretStr(NEWEST), "lookup_key": SecretStr("c2hvcnQ=")}, id="short"
        ),
        pytest.param(
            {"registry_keys": SecretStr("nokey"), "lookup_key": SecretStr(LOOKUP)}, id="no-name"
        ),
    ],
)
def test_half_or_broken_keys_are_refused(settings):
    with pytest.raises(KeysInvalid, match="SIMEDSOS_LOOKUP_KEY"):
        registry_keys_of(Settings(**settings))
