"""Who gets in, and how far: keys, scopes, tenants, sub-trees."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.identity import service as identity
from app.identity.access import REMEMBERED_FOR
from app.identity.scopes import Scope
from tests.api.test_registry import make_employee
from tests.support import NOW, Api, nip

PUBLIC = {
    "/livez",
    "/readyz",
    "/metrics",
    "/sign-in",
    "/sign-in/callback",
    "/sign-in/link",
    "/v1/api-keys/leaks",
    "/v1/connections/callback",
    "/v1/definitions",
    "/v1/metadata",
    "/v1/verify",
}
ABSENT = "01900000-0000-7000-8000-000000000000"


def concrete(path: str) -> str:
    for name in (
        "unit",
        "employee",
        "account",
        "campaign",
        "import",
        "list",
        "excuse",
        "notice",
        "dispute",
        "window",
        "report",
        "key",
        "request",
        "breach",
        "webhook",
        "user",
        "group",
    ):
        path = path.replace(f"{{{name}_id}}", ABSENT)
    for named in ("{resource_type}", "{schema_urn}"):
        path = path.replace(named, "User")
    assert "{" not in path, path
    return path


async def test_every_operation_without_a_token_is_401_unless_it_is_public(http):
    paths = (await http.get("/openapi.json")).json()["paths"]
    open_paths = set()
    for path, operations in paths.items():
        for method in operations:
            answer = await http.request(method, concrete(path))
            if answer.status_code != 401:
                open_paths.add(path)
            else:
                kind = "scim+json" if path.startswith("/scim/") else "problem+json"
                assert answer.headers["content-type"] == f"application/{kind}"
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert open_paths == PUBLIC
    assert len(paths) > 25


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer sm_live_invented", id="unknown"),
        pytest.param("Bearer ", id="empty"),
        pytest.param("Basic c206c20=", id="basic"),
        pytest.param("sm_live_x", id="no-scheme"),
        pytest.param("Bearer other_prefix", id="other-prefix"),
    ],
)
async def test_other_tokens_are_refused(http, authorization):
    answer = await http.get("/v1/employees", headers={"Authorization": authorization})
    assert answer.status_code == 401


async def key_of(services, tenant_id, *, lifetime=timedelta(days=1), unit=None, scopes=None):
    async with services.database.transaction(tenant_id) as session:
        return await identity.create_key(
            session,
            tenant_id,
            name="k",
            scopes=scopes if scopes is not None else list(Scope),
            expires_at=NOW + lifetime,
            now=NOW,
            unit_id=unit,
        )


async def test_an_expired_key_is_refused(http, services, government, clock):
    api = Api(http, await key_of(services, government.tenant_id, lifetime=timedelta(hours=1)))
    assert (await api.get("/v1/employees")).status_code == 200
    clock.at = NOW + timedelta(hours=1)
    assert (await api.get("/v1/employees")).status_code == 401


async def test_a_revoked_key_is_refused_within_two_seconds(http, services, government, clock):
    token = await key_of(services, government.tenant_id)
    api = Api(http, token)
    assert (await api.get("/v1/employees")).status_code == 200
    async with services.database.transaction(government.tenant_id) as session:
        assert await identity.revoke_key(session, government.tenant_id, token[:12], now=NOW) == 1
    clock.at = NOW + REMEMBERED_FOR + timedelta(milliseconds=1)
    assert (await api.get("/v1/employees")).status_code == 401


async def test_the_key_itself_is_not_stored(services, government, connection):
    token = await key_of(services, government.tenant_id)
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    rows = (await connection.scalars(text("SELECT CAST(k AS text) FROM api_keys AS k"))).all()
    assert rows
    assert not any(token[12:] in row for row in rows)


async def test_a_missing_scope_is_named(http, services, government):
    api = Api(http, await key_of(services, government.tenant_id, scopes=[Scope.EMPLOYEES_READ]))
    assert (await api.get("/v1/employees")).status_code == 200
    refused = await api.get("/v1/campaigns")
    assert refused.status_code == 403
    assert "campaigns:read" in refused.json()["detail"]


async def test_the_nip_is_masked_without_its_scope(http, services, government, api, units):
    employee = await make_employee(api, units["16.01"])
    masked = Api(http, await key_of(services, government.tenant_id, scopes=[Scope.EMPLOYEES_READ]))
    shown = (await masked.get(f"/v1/employees/{employee['id']}")).json()
    assert shown["nip_masked"] is True
    assert shown["nip"][:8] != nip(1)[:8]
    assert nip(1) not in str((await masked.get("/v1/employees")).json())
    assert (await masked.post("/v1/employees/lookup", {"nips": [nip(1)]})).status_code == 403


async def test_another_tenant_gets_the_same_404_as_for_nothing(api, other_api, units):
    employee = await make_employee(api, units["16.01"])
    account = (
        await api.post(
            f"/v1/employees/{employee['id']}/accounts", {"account": "https://x.com/budi_asn"}
        )
    ).json()
    official = (
        await api.post(
            "/v1/official-accounts",
            {"account": "https://x.com/sumsel", "name": "S", "owner_kind": "office"},
        )
    ).json()
    for path, real in (
        ("/v1/work-units/{}", units["16"]["id"]),
        ("/v1/employees/{}", employee["id"]),
        ("/v1/employees/{}/accounts", employee["id"]),
        ("/v1/employees/{}/verdicts", employee["id"]),
        ("/v1/accounts/{}", account["id"]),
        ("/v1/official-accounts/{}", official["id"]),
        ("/v1/official-accounts/{}/snapshots", official["id"]),
        ("/v1/official-accounts/{}/growth?from=2026-01-01T00:00:00Z", official["id"]),
        ("/v1/official-accounts/{}/follower-lists", official["id"]),
    ):
        assert (await api.get(path.format(real))).status_code == 200, path
        theirs = await other_api.get(path.format(real))
        nothing = await other_api.get(path.format(ABSENT))
        assert theirs.status_code == nothing.status_code == 404, path
        assert theirs.content == nothing.content
    for path in ("work-units", "employees", "official-accounts", "campaigns", "imports", "polls"):
        assert (await other_api.get(f"/v1/{path}")).json()["items"] == []


async def test_two_tenants_may_hold_the_same_person(api, other_api, units):
    await make_employee(api, units["16.01"])
    unit = await other_api.post("/v1/work-units", {"code": "16", "name": "Jambi"})
    await make_employee(other_api, unit.json())
    assert len((await other_api.get("/v1/employees")).json()["items"]) == 1


async def test_a_unit_heads_key_sees_its_own_sub_tree_only(http, services, government, api, units):
    inside = await make_employee(api, units["16.01.1"], 1)
    outside = await make_employee(api, units["16.02"], 2)
    head = Api(http, await key_of(services, government.tenant_id, unit=units["16.01"]["id"]))
    listed = (await head.get("/v1/employees")).json()["items"]
    assert [each["id"] for each in listed] == [inside["id"]]
    assert (await head.get(f"/v1/employees/{outside['id']}")).status_code == 404
    assert (await head.get(f"/v1/employees/{outside['id']}/accounts")).status_code == 404
    assert (await head.get(f"/v1/work-units/{units['16']['id']}")).status_code == 404
    tree = (await head.get("/v1/work-units/tree")).json()["items"]
    assert [each["code"] for each in tree] == ["16.01"]
    moved = await head.patch(
        f"/v1/employees/{inside['id']}", {"unit_id": units["16.02"]["id"]}, etag='"1"'
    )
    assert moved.status_code == 422
    assert (await head.post("/v1/work-units", {"code": "1", "name": "A"})).status_code == 403
    imported = await head.upload("/v1/imports", b"nip\n", kind="employees")
    assert imported.status_code == 403


async def test_row_security_holds_without_any_where(services, government, api, other_api, units):
    await make_employee(api, units["16.01"])
    async with services.database.system() as session:
        other = await session.scalar(text("SELECT id FROM tenants WHERE slug = 'jambi'"))
    async with services.database.transaction(other) as session:
        assert await session.scalar(text("SELECT count(*) FROM employees")) == 0
    async with services.database.transaction(government.tenant_id) as session:
        assert await session.scalar(text("SELECT count(*) FROM employees")) == 1


TENANT_TABLES = text("""
SELECT class.relname, class.relrowsecurity AND class.relforcerowsecurity AS walled
FROM pg_class AS class
JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
WHERE class.relkind IN ('r', 'p') AND class.relnamespace = 'public'::regnamespace
  AND (attribute.attname = 'tenant_id' OR class.relname = 'tenants')
GROUP BY 1, 2
""")


async def test_every_tenant_table_is_walled_and_none_belongs_to_the_app(connection):
    rows = (await connection.execute(TENANT_TABLES)).all()
    assert len(rows) > 20
    assert [row.relname for row in rows if not row.walled] == []
    owned = await connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE tableowner LIKE 'simedsos%'")
    )
    assert owned.all() == []
    risky = await connection.scalars(
        text(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'simedsos%'"
            " AND (rolbypassrls OR rolsuper OR rolcanlogin)"
        )
    )
    assert risky.all() == []


async def test_observations_cannot_be_rewritten_by_the_app(connection):
    await connection.execute(text("SELECT set_config('role', 'simedsos_app', true)"))
    for name in ("count_snapshots", "poll_runs", "follower_lists", "list_matches", "changes"):
        for right in ("UPDATE", "DELETE"):
            allowed = await connection.scalar(
                text(f"SELECT has_table_privilege('{name}', '{right}')")
            )
            assert allowed is False, (name, right)
