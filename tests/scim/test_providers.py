"""PATCH as providers send it: Microsoft's "Develop a SCIM endpoint" and Okta's SCIM 2.0 guide."""

import logging
from typing import Any

import pytest
from sqlalchemy import text

from tests.scim.speaking import ENTERPRISE, made
from tests.support import nip

# Name, operation, and what of the User is then told; None: nothing changes.
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "entra-disable": ({"op": "Replace", "path": "active", "value": False}, {"active": False}),
    "entra-disable-old": ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
    "sailpoint-disable": ({"op": "add", "value": {"active": False}}, {"active": False}),
    "okta-disable": ({"op": "replace", "value": {"active": False}}, {"active": False}),
    "entra-user-name": (
        {"op": "Replace", "path": "userName", "value": [{"$ref": None, "value": "baru"}]},
        {"userName": "baru"},
    ),
    "entra-department": (
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "16.02"},
        {ENTERPRISE: {"employeeNumber": nip(1), "department": "16.02"}},
    ),
    "entra-dotted": (
        {"op": "replace", "value": {"name.formatted": "A B", f"{ENTERPRISE}:manager": "x"}},
        {"displayName": "A B"},
    ),
    "entra-email": (
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "x@example.go.id"},
        None,
    ),
    "entra-family-name": ({"op": "Replace", "path": "name.familyName", "value": "B"}, None),
    "remove-external-id": ({"op": "Remove", "path": "externalId"}, {}),
}


@pytest.mark.parametrize("form", FORMS)
async def test_patches_are_taken_as_providers_send_them(provider, form):
    operation, told = FORMS[form]
    user = await made(provider)
    answer = await provider.patch(f"/Users/{user['id']}", operation)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    if told is None:
        assert after == user
    else:
        assert {key: after[key] for key in told} == told
    assert ("externalId" in after) is (form != "remove-external-id")
    assert "x@example.go.id" not in answer.text


async def test_a_patch_of_a_user_happens_whole_or_not_at_all(provider):
    user = await made(provider)
    rename = {"op": "replace", "path": "displayName", "value": "Lain"}
    for second in (
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "99"},
        {"op": "replace", "path": f"{ENTERPRISE}:employeeNumber", "value": 199001012024211001},
        {"op": "remove", "path": "active"},
        {"op": "add", "path": "warna", "value": "biru"},
    ):
        answer = await provider.patch(f"/Users/{user['id']}", rename, second)
        assert answer.status_code == 400, answer.text
    assert (await provider.get(f"/Users/{user['id']}")).json() == user


async def test_what_providers_send_is_stored_sealed_and_logged_nowhere(
    provider, connection, caplog
):
    with caplog.at_level(logging.DEBUG):
        await made(provider)
        await provider.found(f'employeeNumber eq "{nip(1)}"')
    assert nip(1) not in caplog.text
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    [row] = (await connection.scalars(text("SELECT CAST(u AS text) FROM scim_users AS u"))).all()
    for hidden in (b"pegawai.1@", b"0a21f0f2"):
        assert hidden.hex() not in row


async def test_who_is_erased_has_no_names_at_a_provider_either(provider, api, connection):
    user = await made(provider)
    await provider.patch(f"/Users/{user['id']}", FORMS["entra-disable"][0])
    decided = {"reason": "Pensiun", "legal_reference": "UU 27/2022", "decided_by": "Kepala BKD"}
    erased = await api.post(f"/v1/employees/{user['id']}/erasure", decided)
    assert erased.status_code in {200, 201}, erased.text
    assert (await provider.get(f"/Users/{user['id']}")).status_code == 404
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    assert await connection.scalar(text("SELECT count(*) FROM scim_users")) == 0
