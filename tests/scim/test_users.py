"""Users are employees: what is kept of them, what is refused, and what leaving means."""

from typing import Any

import pytest

from app.identity.scopes import Scope
from tests.api.test_isolation import ABSENT
from tests.scim.speaking import CORE, ENTERPRISE, ERROR, MEDIA_TYPE, made, make_provider, person
from tests.support import nip


async def test_a_user_is_an_employee_and_the_answer_shows_what_is_kept(provider, api, units):
    answer = await provider.ask("POST", "/Users", person(title="Guru"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    told = answer.json()
    meta = told.pop("meta")
    assert told == {
        "schemas": [CORE, ENTERPRISE],
        "id": told["id"],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-000000000001",
        "userName": "pegawai.1@example.go.id",
        "name": {"formatted": "Pegawai 1"},
        "displayName": "Pegawai 1",
        "title": "Guru",
        "userType": "pppk",
        "active": True,
        "groups": [
            {
                "value": units["16.01"]["id"],
                "$ref": meta["location"].rpartition("/Users/")[0]
                + f"/Groups/{units['16.01']['id']}",
                "display": "Dinas Pendidikan",
                "type": "direct",
            }
        ],
        ENTERPRISE: {"employeeNumber": nip(1), "department": "16.01"},
    }
    assert meta["resourceType"] == "User"
    assert answer.headers["etag"] == meta["version"]
    assert answer.headers["location"] == meta["location"]
    employee = (await api.get(f"/v1/employees/{told['id']}")).json()
    assert (employee["nip"], employee["name"]) == (nip(1), "Pegawai 1")
    assert (employee["unit_id"], employee["standing"]) == (units["16.01"]["id"], "active")
    assert (await provider.get(f"/Users/{told['id']}")).json() == {**told, "meta": meta}


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "nip-as-a-number": (
        {ENTERPRISE: {"employeeNumber": 199001012024211001}}, "invalidValue", "digits",
    ),
    "nip-too-short": ({ENTERPRISE: {"employeeNumber": "1990"}}, "invalidValue", "18 digits"),
    "no-nip": ({ENTERPRISE: {"department": "16"}}, "invalidValue", "employeeNumber"),
    "no-user-name": ({"userName": None}, "invalidValue", "userName"),
    "unknown-unit": (
        {ENTERPRISE: {"employeeNumber": nip(1), "department": "99"}}, "invalidValue", "department",
    ),
    "no-unit": ({ENTERPRISE: {"employeeNumber": nip(1)}}, "invalidValue", "department"),
    "active-is-no-boolean": ({"active": "ya"}, "invalidValue", "active"),
    "other-category": ({"userType": "Member"}, "invalidValue", "userType"),
    "nip-of-other-category": ({"userType": "pns"}, "invalidValue", "NIP"),
    "extension-is-no-object": ({ENTERPRISE: "x"}, "invalidSyntax", "object"),
    "control-character": ({"displayName": "a\u0000b"}, "invalidValue", "line"),
    "surrogate": ({"displayName": ["a"] * 2}, "invalidValue", "text"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_user_is_refused_with_words_and_without_the_value(provider, api, case):
    other, scim_type, word = REFUSED[case]
    answer = await provider.ask("POST", "/Users", person(**other))
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    error = answer.json()
    assert error["schemas"] == [ERROR]
    assert (error["status"], error["scimType"]) == ("400", scim_type)
    assert word in error["detail"]
    assert nip(1) not in answer.text
    assert (await api.get("/v1/employees")).json()["items"] == []


async def test_nobody_is_created_twice_or_called_as_another_is(provider):
    first = await made(provider)
    again = await provider.ask("POST", "/Users", person())
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert nip(1) not in again.text
    for other in ({"userName": "PEGAWAI.1@example.go.id"}, {"externalId": first["externalId"]}):
        taken = await provider.ask("POST", "/Users", person(2, **other))
        assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    # Whoever has no other name is called by the NIP, so nobody else can be.
    taken = await provider.ask("POST", "/Users", person(2, userName=nip(1)))
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert len(await provider.found('displayName sw "Pegawai"')) == 1


async def test_an_imported_employee_is_called_by_the_nip_until_a_provider_names_them(
    provider, api, units
):
    body = {"nip": nip(1), "name": "Budi", "category": "pppk", "unit_id": units["16.02"]["id"]}
    employee = (await api.post("/v1/employees", body)).json()
    assert await provider.found(f'userName eq "{nip(1)}"') == [employee["id"]]
    assert await provider.found(f'{ENTERPRISE}:employeeNumber eq "{nip(1)}"') == [employee["id"]]
    path = f"/Users/{employee['id']}"
    assert (await provider.get(path)).json()["userName"] == nip(1)
    named = await provider.patch(path, {"op": "add", "path": "userName", "value": "budi"})
    assert named.json()["userName"] == "budi"
    assert await provider.found(f'userName eq "{nip(1)}"') == []
    assert await provider.found('userName eq "BUDI"') == [employee["id"]]
    # What another system keeps is not taken away by what this one does not know.
    whole = await provider.ask("PUT", path, {"userName": "budi", "displayName": "Budi Santoso"})
    assert whole.status_code == 200, whole.text
    after = (await api.get(f"/v1/employees/{employee['id']}")).json()
    assert (after["name"], after["unit_id"]) == ("Budi Santoso", units["16.02"]["id"])


async def test_who_may_read_no_nip_sees_none_wherever_it_stands(
    provider, http, services, government
):
    await made(provider, 1, userName=nip(1), externalId=f"asn-{nip(1)}")
    scopes = [Scope.EMPLOYEES_READ, Scope.WORK_UNITS_READ]
    blind = await make_provider(http, services, government, scopes=scopes)
    listed = await blind.get("/Users")
    assert listed.json()["totalResults"] == 1
    assert nip(1) not in listed.text
    for text in (
        f'employeeNumber eq "{nip(1)}"',
        f'userName eq "{nip(1)}"',
        'employeeNumber sw "1"',
    ):
        refused = await blind.get("/Users", filter=text)
        assert refused.status_code == 403
        assert "employees:read_nip" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("standing", "wanted", "status", "after"),
    [
        ("active", False, 200, "retired"),
        ("on_leave", False, 200, "retired"),
        ("on_leave", True, 200, "on_leave"),
        ("retired", True, 200, "active"),
        ("suspended", False, 200, "suspended"),
        ("suspended", True, 400, "suspended"),
        ("dismissed", True, 400, "dismissed"),
    ],
)
async def test_inactive_means_left_and_undoes_no_decision_of_an_officer(
    provider, api, standing, wanted, status, after
):
    user = await made(provider)
    path = f"/v1/employees/{user['id']}"
    etag = (await api.get(path)).headers["etag"]
    assert (await api.patch(path, {"standing": standing}, etag=etag)).status_code == 200
    answer = await provider.patch(
        f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": wanted}
    )
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["scimType"] == "mutability"
    assert (await api.get(path)).json()["standing"] == after


async def test_a_deleted_user_has_left_keeps_their_history_and_can_come_back(provider, api):
    user = await made(provider)
    account = await api.post(
        f"/v1/employees/{user['id']}/accounts", {"account": "https://x.com/budi_asn"}
    )
    assert account.status_code == 201
    path = f"/Users/{user['id']}"
    assert (await provider.ask("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await provider.ask(method, path)).status_code == 404
    assert await provider.found(f'userName eq "{user["userName"]}"') == []
    left = (await api.get(f"/v1/employees/{user['id']}")).json()
    assert (left["standing"], left["name"]) == ("retired", "Pegawai 1")
    accounts = (await api.get(f"/v1/employees/{user['id']}/accounts")).json()["items"]
    assert [each["id"] for each in accounts] == [account.json()["id"]]
    back = await provider.ask("POST", "/Users", person(displayName="Pegawai Satu"))
    assert (back.status_code, back.json()["id"]) == (201, user["id"])
    assert (back.json()["active"], back.json()["displayName"]) == (True, "Pegawai Satu")


async def test_a_change_may_name_the_version_that_it_was_made_from(provider):
    user = await made(provider)
    path, old = f"/Users/{user['id']}", user["meta"]["version"]
    body = {**person(), "title": "Guru"}
    changed = await provider.ask("PUT", path, body, match=old)
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] != old
    for method, sent in (("PUT", body), ("DELETE", None)):
        late = await provider.ask(method, path, sent, match=old)
        assert (late.status_code, late.json()["status"]) == (412, "412")
    assert (await provider.ask("PUT", path, body, match=changed.headers["etag"])).status_code == 200
    # A new name at the provider moves the version too, though it is no field of the registry.
    named = await provider.ask("PUT", path, {**body, "userName": "lain"})
    assert named.headers["etag"] != changed.headers["etag"]
    again = await provider.ask("PUT", path, {**body, "userName": "lain"})
    assert again.headers["etag"] == named.headers["etag"]


async def test_every_change_is_recorded_once_and_nothing_is_where_nothing_changes(provider, api):
    user = await made(provider)
    step = {"op": "replace", "path": "displayName", "value": "Pegawai Baru"}
    for _ in range(2):
        assert (await provider.patch(f"/Users/{user['id']}", step)).status_code == 200
    kept = (await api.get("/v1/audit", kind="change")).json()["items"]
    told = [one for each in kept for one in each["changes"] if one["subject_id"] == user["id"]]
    assert [each["kind"] for each in told] == ["employee:updated", "employee:created"]
    assert told[0]["facts"] == {"fields": ["name"]}


async def test_another_government_and_nobody_answer_alike(
    provider, http, services, other_government
):
    user = await made(provider)
    other = await make_provider(http, services, other_government)
    for method, body in (
        ("GET", None),
        ("PUT", person()),
        ("PATCH", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
        ("DELETE", None),
    ):
        theirs = await other.ask(method, f"/Users/{user['id']}", body)
        nobodys = await other.ask(method, f"/Users/{ABSENT}", body)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content
    assert await other.found('displayName co "Pegawai"') == []


async def test_lists_come_in_windows(provider):
    ids = [(await made(provider, number))["id"] for number in (1, 2, 3)]
    first = (await provider.get("/Users", startIndex=1, count=2)).json()
    assert [each["id"] for each in first["Resources"]] == ids[:2]
    assert (first["totalResults"], first["startIndex"], first["itemsPerPage"]) == (3, 1, 2)
    rest = (await provider.get("/Users", startIndex=3, count=2)).json()
    assert [each["id"] for each in rest["Resources"]] == ids[2:]
    for count in (0, -1):
        none = (await provider.get("/Users", count=count)).json()
        assert (none["totalResults"], none["Resources"]) == (3, [])
    assert len((await provider.get("/Users", startIndex=0)).json()["Resources"]) == 3
    little = (
        await provider.get("/Users", attributes=f"userName,{ENTERPRISE}:department", count=1)
    ).json()
    assert set(little["Resources"][0]) == {"schemas", "id", "userName", ENTERPRISE}
    assert set(little["Resources"][0][ENTERPRISE]) == {"department"}
