"""Groups are work units: joining one moves an employee, and nobody is ever without one."""

from typing import Any

from app.identity.scopes import Scope
from tests.api.test_isolation import ABSENT
from tests.scim.speaking import GROUP, made, make_provider, person


def member(user_id: str) -> dict[str, str]:
    return {"value": user_id}


async def members_of(provider, group_id: str) -> list[str]:
    group = (await provider.get(f"/Groups/{group_id}")).json()
    return [each["value"] for each in group["members"]]


async def test_a_group_is_a_work_unit_and_its_external_id_the_code(provider, api, units):
    user = await made(provider)
    body: dict[str, Any] = {
        "schemas": [GROUP],
        "externalId": "16.03",
        "displayName": "Dinas Sosial",
    }
    body["members"] = [member(user["id"])]
    answer = await provider.ask("POST", "/Groups", body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["externalId"], told["displayName"]) == ("16.03", "Dinas Sosial")
    assert [each["display"] for each in told["members"]] == ["Pegawai 1"]
    unit = (await api.get(f"/v1/work-units/{told['id']}")).json()
    assert (unit["code"], unit["name"], unit["parent_id"]) == ("16.03", "Dinas Sosial", None)
    moved = (await api.get(f"/v1/employees/{user['id']}")).json()
    assert moved["unit_id"] == told["id"]
    assert await members_of(provider, units["16.01"]["id"]) == []
    again = await provider.ask("POST", "/Groups", body)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    # Okta names no externalId when it pushes a group; the name is what it is known by then.
    plain = await provider.ask("POST", "/Groups", {"displayName": "Satpol PP", "members": []})
    assert plain.json()["externalId"] == "Satpol PP"


async def test_who_is_removed_stays_until_they_join_another(provider, units):
    user = await made(provider)
    here, there = units["16.01"]["id"], units["16.02"]["id"]
    gone = {"op": "Remove", "path": f'members[value eq "{user["id"]}"]'}
    assert (await provider.patch(f"/Groups/{here}", gone)).status_code == 204
    assert await members_of(provider, here) == [user["id"]]
    join = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
    assert (await provider.patch(f"/Groups/{there}", join)).status_code == 204
    assert await members_of(provider, there) == [user["id"]]
    assert await members_of(provider, here) == []
    shown = await provider.ask(
        "PATCH", f"/Groups/{here}", {"Operations": [join]}, attributes="members"
    )
    assert [each["value"] for each in shown.json()["members"]] == [user["id"]]


async def test_a_patch_of_a_group_happens_whole_or_not_at_all(provider, api, units):
    user = await made(provider, department="16.02")
    path = f"/Groups/{units['16.01']['id']}"
    rename = {"op": "replace", "path": "displayName", "value": "Lain"}
    join = {"op": "add", "path": "members", "value": [member(user["id"]), member(ABSENT)]}
    for second, scim_type in (
        (join, "invalidValue"),
        ({"op": "replace", "path": "warna", "value": "biru"}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": ABSENT}, "mutability"),
        ({"op": "move", "path": "members"}, "invalidSyntax"),
        ({"op": "add", "path": "members", "value": [member("x")]}, "invalidValue"),
    ):
        answer = await provider.patch(path, rename, second)
        assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type), answer.text
    assert (await provider.get(path)).json()["displayName"] == "Dinas Pendidikan"
    kept = (await api.get(f"/v1/employees/{user['id']}")).json()
    assert kept["unit_id"] == units["16.02"]["id"]


async def test_groups_are_found_as_providers_look_for_them(provider, units):
    user = await made(provider)
    unit = units["16.01"]["id"]
    for text in (
        'displayName eq "dinas pendidikan"',
        'externalId eq "16.01"',
        f'id eq "{unit}" and members[value eq "{user["id"]}"]',
        f'members.value eq "{user["id"]}"',
        f'members eq "{user["id"]}"',
    ):
        assert await provider.found(text, "Groups") == [unit], text
    assert await provider.found('displayName eq "tidak ada"', "Groups") == []
    for text in ('description eq "x"', 'members[display eq "x"]', 'externalId sw "16"'):
        refused = await provider.get("/Groups", filter=text)
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidFilter")
    listed = await provider.get("/Groups", excludedAttributes="members")
    assert [set(each) for each in listed.json()["Resources"]] == [
        {"schemas", "id", "externalId", "displayName", "meta"}
    ] * 4
    searched = await provider.ask("POST", "/Groups/.search", {"filter": 'externalId eq "16.02"'})
    assert [each["displayName"] for each in searched.json()["Resources"]] == ["Dinas Kesehatan"]


async def test_a_provider_may_call_a_known_unit_by_an_id_of_its_own(provider, api, units):
    path = f"/Groups/{units['16.01']['id']}"
    step = {"op": "Add", "path": "externalId", "value": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"}
    assert (await provider.patch(path, step)).status_code == 204
    for text, found in ((step["value"], 1), ("16.01", 0), ("16.02", 1)):
        assert len(await provider.found(f'externalId eq "{text}"', "Groups")) == found
    assert (await api.get(f"/v1/work-units/{units['16.01']['id']}")).json()["code"] == "16.01"
    taken = await provider.patch(f"/Groups/{units['16.02']['id']}", step)
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")


async def test_a_deleted_group_is_still_a_work_unit_and_comes_back(provider, api, units):
    user = await made(provider)
    unit = units["16.01"]["id"]
    version = (await provider.get(f"/Groups/{unit}")).headers["etag"]
    await made(provider, 2)
    late = await provider.ask("DELETE", f"/Groups/{unit}", match=version)
    assert late.status_code == 412
    assert (await provider.ask("DELETE", f"/Groups/{unit}")).status_code == 204
    assert (await provider.get(f"/Groups/{unit}")).status_code == 404
    assert "groups" not in (await provider.get(f"/Users/{user['id']}")).json()
    assert (await api.get(f"/v1/work-units/{unit}")).status_code == 200
    assert (await api.get(f"/v1/employees/{user['id']}")).json()["unit_id"] == unit
    back = {"externalId": "16.01", "displayName": "Dinas Pendidikan dan Kebudayaan"}
    answer = await provider.ask("POST", "/Groups", back)
    assert (answer.status_code, answer.json()["id"]) == (201, unit)
    assert (await api.get(f"/v1/work-units/{unit}")).json()["name"] == back["displayName"]


async def test_a_key_of_one_unit_reaches_no_other(provider, http, services, government, units):
    inside, outside = await made(provider, 1), await made(provider, 2, department="16.02")
    unit = units["16.01"]["id"]
    head = await make_provider(http, services, government, unit=unit)
    assert await head.found('displayName sw "Pegawai"') == [inside["id"]]
    assert await head.found('displayName sw "Dinas"', "Groups") == [unit]
    assert (await head.get(f"/Users/{outside['id']}")).status_code == 404
    step = {"op": "add", "path": "members", "value": [member(outside["id"])]}
    refused = await head.patch(f"/Groups/{unit}", step)
    absent = await head.patch(f"/Groups/{unit}", {**step, "value": [member(ABSENT)]})
    assert refused.status_code == absent.status_code == 400
    assert refused.content == absent.content
    for code in ("16.02", "99"):
        away = await head.ask("POST", "/Users", person(3, code))
        assert (away.status_code, away.json()["scimType"]) == (400, "invalidValue")
    assert (await made(head, 3, department=None))["groups"][0]["value"] == unit
    below = await head.ask("POST", "/Groups", {"displayName": "Seksi A", "externalId": "16.01.9"})
    assert below.status_code == 201, below.text
    assert below.json()["id"] in await head.found('externalId eq "16.01.9"', "Groups")


async def test_groups_ask_for_the_rights_of_both_rooms(http, services, government, units):
    half = await make_provider(http, services, government, scopes=[Scope.WORK_UNITS_READ])
    refused = await half.get(f"/Groups/{units['16']['id']}")
    assert (refused.status_code, refused.json()["status"]) == (403, "403")
    assert "employees:read" in refused.json()["detail"]
