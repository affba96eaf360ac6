"""Addresses and heads: sealed at rest, masked without the scope, named and dated, in no log."""

import base64
import json
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.cli.connections import reseal_all
from app.core.crypto import Place, Undecryptable, keyring_of
from app.core.services import Services
from app.identity.scopes import Scope
from app.settings import Settings
from tests.api.test_imports import UNITS, put
from tests.api.test_isolation import ABSENT, key_of
from tests.api.test_registry import make_employee
from tests.conftest import make_government
from tests.support import Api, nip

KEYS = f"k1:{base64.b64encode(b'1' * 32).decode()}"
NEW_KEYS = f"k2:{base64.b64encode(b'2' * 32).decode()},{KEYS}"
BUDI = {"email": "budi@oganilir.go.id", "phone": "0821-7654-3210", "set_by": "Admin BKD"}
SECRETS = ("budi@", "oganilir.go.id", "82176543210", "7654-3210")


@pytest.fixture
def keys(services: Services) -> None:
    """The service has keys to seal addresses with."""
    services.settings = Settings(token_keys=SecretStr(KEYS))


@pytest.fixture
async def budi(api: Api, units: dict[str, Any], keys: None) -> str:
    return f"/v1/employees/{(await make_employee(api, units['16.01']))['id']}/contact"


async def everything_stored(services: Services) -> str:
    """Every row of every table, as its owner sees it."""
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        tables = await session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        found = [
            str((await session.scalars(text(f'SELECT CAST(t AS text) FROM "{name}" AS t'))).all())  # noqa: S608
            for name in tables.all()
        ]
    return "".join(found)


async def test_an_address_is_sealed_named_dated_and_masked(
    http, services, government, api, budi, capsys
):
    nothing = await api.get(budi)
    assert nothing.headers["etag"] == '"0"'
    assert nothing.json()["email"] is None
    made = await api.put(budi, BUDI, etag='"0"')
    assert made.status_code == 200, made.text
    assert made.headers["cache-control"] == "no-store"
    shown = (await api.get(budi)).json()
    assert shown == made.json()
    assert (shown["email"], shown["phone"]) == ("budi@oganilir.go.id", "+6282176543210")
    assert (shown["source"], shown["set_by"], shown["masked"]) == ("officer", "Admin BKD", False)
    few = [Scope.EMPLOYEES_READ]
    masked = Api(http, await key_of(services, government.tenant_id, scopes=few))
    told = (await masked.get(budi)).json()
    assert (told["email"], told["phone"], told["masked"]) == ("b•••@•••.id", "+•••210", True)
    assert (await masked.put(budi, BUDI, etag='"1"')).status_code == 403
    stored = await everything_stored(services)
    assert "Admin BKD" in stored
    assert [secret for secret in SECRETS if secret in stored] == []
    printed = "".join(capsys.readouterr())
    assert [secret for secret in SECRETS if secret in printed] == []


async def test_an_edit_names_the_version_it_was_made_from(api, services, government, budi):
    assert (await api.put(budi, BUDI)).status_code == 428
    assert (await api.put(budi, BUDI, etag='"1"')).status_code == 412
    assert (await api.put(budi, BUDI, etag='"0"')).status_code == 200
    assert (await api.put(budi, BUDI, etag='"0"')).status_code == 412
    gone = {"email": None, "phone": None, "set_by": "Admin BKD"}
    removed = await api.put(budi, gone, etag='"1"')
    assert (removed.json()["email"], removed.json()["version"]) == (None, 2)
    async with services.database.transaction(government.tenant_id) as session:
        changes = await session.execute(
            text("SELECT facts FROM changes WHERE kind = 'contact:changed' ORDER BY sequence")
        )
        assert [row.facts for row in changes] == [
            {"has_email": True, "has_phone": True},
            {"has_email": False, "has_phone": False},
        ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("email", "budi@go.id\r\nBcc: siti@go.id", id="second-header"),
        pytest.param("email", "budi", id="no-address"),
        pytest.param("phone", "6.28123E+12", id="damaged-number"),
    ],
)
async def test_what_is_no_address_is_refused_and_not_repeated(api, budi, field, value):
    refused = await api.put(budi, {**BUDI, field: value}, etag='"0"')
    assert refused.status_code == 422
    [fault] = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (f"/{field}", field)
    assert value not in refused.text
    assert (await api.get(budi)).json()["version"] == 0


async def test_without_keys_nothing_is_stored_and_it_is_said_what_to_set(api, services, budi):
    services.settings = Settings()
    refused = await api.put(budi, BUDI, etag='"0"')
    assert refused.status_code == 409
    assert "SIMEDSOS_TOKEN_KEYS" in refused.json()["detail"]


async def test_another_government_sees_nothing(api, other_api, budi):
    await api.put(budi, BUDI, etag='"0"')
    theirs = await other_api.get(budi)
    nothing = await other_api.get(f"/v1/employees/{ABSENT}/contact")
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.content == nothing.content
    assert (await other_api.put(budi, BUDI, etag='"1"')).status_code == 404


async def test_a_sealed_address_opens_in_its_own_row_only(api, services, government, budi):
    await api.put(budi, BUDI, etag='"0"')
    async with services.database.transaction(government.tenant_id) as session:
        row = (await session.execute(text("SELECT * FROM employee_contacts"))).one()
    keys = keyring_of(KEYS)
    for place in (
        Place(row.tenant_id, row.tenant_id, "employee_contacts.email"),
        Place(row.tenant_id, row.employee_id, "employee_contacts.phone"),
    ):
        with pytest.raises(Undecryptable):
            keys.open(row.email, place, row.key_id)


def roster(*rows: str) -> str:
    return "nip,nama,kategori,kode unit,jabatan,kedudukan,e-mail,no_hp\n" + "\n".join(rows)


async def contacts(api: Api) -> dict[str, tuple[str | None, str | None]]:
    found = {}
    for person in (await api.get("/v1/employees")).json()["items"]:
        told = (await api.get(f"/v1/employees/{person['id']}/contact")).json()
        found[person["name"]] = (told["email"], told["phone"])
    return found


async def test_a_roster_brings_addresses_and_an_empty_cell_takes_none_away(api, services, keys):
    await put(api, "work_units", UNITS)
    first = roster(
        f"{nip(1)},Budi,pppk,16.01,,,budi@oganilir.go.id,082176543210",
        f"{nip(2)},Siti,pppk,16.01,,,,-",
        f"{nip(3)},Tono,pppk,16.01,,,tono di rumah,",
        f"{nip(4)},Wati,pppk,16.01,,,,6.28E+12",
    )
    made = await put(api, "employees", first)
    assert (made["accepted"], made["rejected"], made["inserted"]) == (2, 2, 2)
    faults = {(each["line"], each["column"], each["code"]) for each in made["faults"]}
    assert faults == {(4, "email", "address"), (5, "phone", "address")}
    assert "tono di rumah" not in json.dumps(made)
    assert await contacts(api) == {
        "Budi": ("budi@oganilir.go.id", "+6282176543210"), "Siti": (None, None),
    }  # fmt: skip
    again = await put(api, "employees", roster(
        f"{nip(1)},Budi,pppk,16.01,,,,", f"{nip(2)},Siti,pppk,16.01,,,siti@oganilir.go.id,",
    ))  # fmt: skip
    assert (again["inserted"], again["changed"], again["unchanged"]) == (0, 1, 1)
    assert await contacts(api) == {
        "Budi": ("budi@oganilir.go.id", "+6282176543210"),
        "Siti": ("siti@oganilir.go.id", None),
    }
    assert [secret for secret in SECRETS if secret in await everything_stored(services)] == []


async def test_a_preview_keeps_no_address_in_the_clear(api, services, keys):
    await put(api, "work_units", UNITS)
    row = roster(f"{nip(1)},Budi,pppk,16.01,,,budi@oganilir.go.id,082176543210")
    preview = await put(api, "employees", row, dry_run="true")
    stored = await everything_stored(services)
    assert nip(1) not in stored
    assert [secret for secret in SECRETS if secret in stored] == []
    services.settings = Settings(token_keys=SecretStr(NEW_KEYS))
    applied = await api.post(f"/v1/imports/{preview['id']}/apply")
    assert applied.json()["inserted"] == 1
    assert await contacts(api) == {"Budi": ("budi@oganilir.go.id", "+6282176543210")}


async def test_a_file_with_addresses_is_refused_whole_where_there_is_no_key(api, services):
    await put(api, "work_units", UNITS)
    content = roster(f"{nip(1)},Budi,pppk,16.01,,,budi@oganilir.go.id,").encode()
    refused = await api.upload("/v1/imports", content, kind="employees")
    assert refused.status_code == 409
    assert "SIMEDSOS_TOKEN_KEYS" in refused.json()["detail"]
    assert (await api.get("/v1/employees")).json()["items"] == []


async def test_keys_are_rotated_for_addresses_too(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    url = services.settings.database_url
    unit_id = government.tenant_id
    place = Place(government.tenant_id, unit_id, "employee_contacts.email")
    async with services.database.transaction(government.tenant_id) as session:
        where = {"tenant": government.tenant_id, "id": unit_id, "now": services.clock.now()}
        await session.execute(
            text(
                "INSERT INTO work_units (tenant_id, id, code, name, ancestors)"
                " VALUES (:tenant, :id, '16', 'Provinsi', ARRAY[CAST(:id AS uuid)])"
            ),
            where,
        )
        await session.execute(
            text(
                "INSERT INTO employees (tenant_id, id, name, unit_id, category, standing,"
                " declaration) VALUES (:tenant, :id, 'P', :id, 'pppk', 'active', 'not_asked')"
            ),
            where,
        )
        await session.execute(
            text(
                "INSERT INTO employee_contacts (tenant_id, employee_id, email, key_id, source,"
                " set_by, set_at, recorded_by)"
                " VALUES (:tenant, :id, :email, 'k1', 'officer', 'A', :now, 'k')"
            ),
            {**where, "email": keyring_of(KEYS).seal("budi@go.id", place)},
        )
    settings = Settings(database_url=url, token_keys=SecretStr(NEW_KEYS))
    assert await reseal_all(settings) == (1, 0)
    assert await reseal_all(settings) == (0, 0)
    async with services.database.transaction(government.tenant_id) as session:
        row = (await session.execute(text("SELECT * FROM employee_contacts"))).one()
    assert row.key_id == "k2"
    assert keyring_of(NEW_KEYS).open(row.email, place, "k2") == "budi@go.id"


async def test_a_unit_has_one_head_at_a_time_and_remembers_the_others(
    http, services, government, api, units
):
    first = await make_employee(api, units["16.01"], 1)
    second = await make_employee(api, units["16.02"], 2)
    path = f"/v1/work-units/{units['16.01']['id']}/head"
    assert (await api.get(path)).json()["employee_id"] is None
    body = {"employee_id": first["id"], "set_by": "Kepala BKD"}
    assert (await api.put(path, body)).status_code == 428
    assert (await api.put(path, body, etag='"0"')).headers["etag"] == '"1"'
    assert (await api.put(path, body, etag='"0"')).status_code == 412
    stranger = {**body, "employee_id": ABSENT}
    refused = await api.put(path, stranger, etag='"1"')
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/employee_id")
    followed = await api.put(path, {**body, "employee_id": second["id"]}, etag='"1"')
    assert followed.json()["employee_id"] == second["id"]
    history = followed.json()["history"]
    assert [(each["employee_id"], each["ended_by"]) for each in history] == [
        (first["id"], "Kepala BKD"), (second["id"], None),
    ]  # fmt: skip
    assert history[0]["ends_on"] == "2026-11-24"
    ended = await api.put(path, {**body, "employee_id": None}, etag='"3"')
    assert (ended.json()["employee_id"], ended.headers["etag"]) == (None, '"4"')
    confined = await key_of(services, government.tenant_id, unit=units["16.02"]["id"])
    assert (await Api(http, confined).get(path)).status_code == 404
