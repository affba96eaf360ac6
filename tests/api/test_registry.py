"""Work units, employees and accounts through the API."""

import pytest

from tests.support import Api, nip


async def make_employee(api: Api, unit: dict, number: int = 1, **fields: str) -> dict:
    body = {"nip": nip(number), "name": f"Pegawai {number}", "category": "pppk", **fields}
    answer = await api.post("/v1/employees", {"unit_id": unit["id"], **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_unit_is_created_read_and_listed(api, units):
    unit = units["16.01"]
    read = await api.get(f"/v1/work-units/{unit['id']}")
    assert read.json() == unit
    listed = await api.get("/v1/work-units", limit=3)
    assert [each["code"] for each in listed.json()["items"]] == ["16", "16.01", "16.01.1"]
    rest = await api.get("/v1/work-units", cursor=listed.json()["next"])
    assert [each["code"] for each in rest.json()["items"]] == ["16.02"]
    assert rest.json()["next"] is None


async def test_the_tree_nests_units_below_their_parents(api, units):
    tree = (await api.get("/v1/work-units/tree")).json()["items"]
    assert [each["code"] for each in tree] == ["16"]
    assert [each["code"] for each in tree[0]["children"]] == ["16.01", "16.02"]
    assert [each["code"] for each in tree[0]["children"][0]["children"]] == ["16.01.1"]


async def test_moving_a_unit_moves_its_employees_between_sub_trees(api, units):
    await make_employee(api, units["16.01.1"])
    health = units["16.02"]["id"]
    assert (await api.get("/v1/employees", unit=health)).json()["items"] == []
    moved = await api.patch(
        f"/v1/work-units/{units['16.01']['id']}", {"parent_id": health}, etag='"1"'
    )
    assert moved.status_code == 200
    assert len((await api.get("/v1/employees", unit=health)).json()["items"]) == 1


async def test_a_unit_cannot_be_moved_below_itself(api, units):
    answer = await api.patch(
        f"/v1/work-units/{units['16.01']['id']}",
        {"parent_id": units["16.01.1"]["id"]},
        etag='"1"',
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "cycle"


@pytest.mark.parametrize(
    ("etag", "status"),
    [
        pytest.param(None, 428, id="no-if-match"),
        pytest.param('"7"', 412, id="other-version"),
        pytest.param("nonsense", 412, id="not-an-etag"),
        pytest.param('"1"', 200, id="current-version"),
    ],
)
async def test_edits_name_the_version_that_was_read(api, units, etag, status):
    answer = await api.patch(f"/v1/work-units/{units['16']['id']}", {"name": "Provinsi"}, etag=etag)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["etag"] == '"2"'


async def test_an_employee_keeps_the_former_nip_as_a_dated_alias(api, units):
    employee = await make_employee(api, units["16.01"])
    corrected = await api.patch(f"/v1/employees/{employee['id']}", {"nip": nip(2)}, etag='"1"')
    assert corrected.json()["nip"] == nip(2)
    assert corrected.json()["version"] == 2
    found = await api.post("/v1/employees/lookup", {"nips": [nip(1), nip(2)]})
    assert [each["id"] for each in found.json()["items"]] == [employee["id"]]
    assert (await api.post("/v1/employees/lookup", {"nips": [nip(1)]})).json()["items"] == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param("19900101202421100", "length", id="17-digits"),
        pytest.param("199001012024211000", "damaged_tail", id="excel-tail"),
        pytest.param("199002302024211001", "birth_date", id="30-february"),
        pytest.param("199001012024011001", "appointment", id="pns-number-of-a-pppk"),
        pytest.param("1.99001E+17", "scientific", id="scientific"),
    ],
)
async def test_a_damaged_nip_is_refused_with_the_reason_and_without_the_nip(
    api, units, given, code
):
    answer = await api.post(
        "/v1/employees",
        {"nip": given, "name": "A", "category": "pppk", "unit_id": units["16"]["id"]},
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/nip", code)
    assert given not in answer.text


async def test_two_employees_cannot_bear_one_nip(api, units):
    await make_employee(api, units["16.01"])
    again = await api.post(
        "/v1/employees",
        {"nip": nip(1), "name": "Lain", "category": "pppk", "unit_id": units["16.02"]["id"]},
    )
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "taken"


async def test_repeating_a_post_with_its_key_creates_once(api, units):
    body = {"nip": nip(5), "name": "A", "category": "pppk", "unit_id": units["16"]["id"]}
    first = await api.post("/v1/employees", body, Idempotency_Key="one")
    again = await api.post("/v1/employees", body, Idempotency_Key="one")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["etag"] == first.headers["etag"]
    assert len((await api.get("/v1/employees")).json()["items"]) == 1
    other = await api.post("/v1/employees", {**body, "name": "B"}, Idempotency_Key="one")
    assert other.status_code == 422


async def test_a_refused_post_leaves_its_key_free(api, units):
    body = {"nip": "1", "name": "A", "category": "pppk", "unit_id": units["16"]["id"]}
    assert (await api.post("/v1/employees", body, Idempotency_Key="k")).status_code == 422
    mended = {**body, "nip": nip(1)}
    assert (await api.post("/v1/employees", mended, Idempotency_Key="k")).status_code == 201


async def test_declaring_moves_the_employee_from_silence_to_declared(api, units):
    employee = await make_employee(api, units["16.01"])
    assert employee["declaration"] == "not_asked"
    declared = await api.post(
        f"/v1/employees/{employee['id']}/accounts",
        {"account": "https://www.instagram.com/Budi.ASN/?igsh=abc"},
    )
    assert declared.status_code == 201, declared.text
    assert (declared.json()["platform"], declared.json()["handle"]) == ("instagram", "budi.asn")
    assert declared.json()["state"] == "declared"
    read = await api.get(f"/v1/employees/{employee['id']}")
    assert read.json()["declaration"] == "declared"


async def test_the_second_claimant_gets_a_neutral_answer(api, units):
    first = await make_employee(api, units["16.01"], 1)
    second = await make_employee(api, units["16.02"], 2)
    account = {"account": "@budi.asn", "platform": "instagram"}
    one = await api.post(f"/v1/employees/{first['id']}/accounts", account)
    two = await api.post(f"/v1/employees/{second['id']}/accounts", account)
    assert one.json()["state"] == "declared"
    assert two.status_code == 201
    assert two.json()["state"] == "contested"
    assert two.json()["notice"] == "This account needs verification before it counts."
    assert first["id"] not in two.text
    attested = await api.post(
        f"/v1/accounts/{two.json()['id']}/verification",
        {"method": "attestation", "attested_on": "2026-11-01"},
    )
    assert attested.status_code == 409


async def test_an_attested_account_is_verified_from_the_end_of_that_day(api, units):
    employee = await make_employee(api, units["16.01"])
    account = (
        await api.post(
            f"/v1/employees/{employee['id']}/accounts", {"account": "https://x.com/budi_asn"}
        )
    ).json()
    verified = await api.post(
        f"/v1/accounts/{account['id']}/verification",
        {"method": "attestation", "attested_on": "2026-11-01"},
    )
    assert verified.json()["state"] == "verified"
    assert verified.json()["verified_at"].startswith("2026-11-01T16:59:59")
    future = await api.post(
        f"/v1/accounts/{account['id']}/verification",
        {"method": "attestation", "attested_on": "2027-01-01"},
    )
    assert future.status_code == 422


async def test_a_retired_account_can_be_declared_by_another(api, units):
    first = await make_employee(api, units["16.01"], 1)
    second = await make_employee(api, units["16.02"], 2)
    account = {"account": "@budi.asn", "platform": "instagram"}
    one = (await api.post(f"/v1/employees/{first['id']}/accounts", account)).json()
    assert (await api.delete(f"/v1/accounts/{one['id']}")).status_code == 204
    two = await api.post(f"/v1/employees/{second['id']}/accounts", account)
    assert two.json()["state"] == "declared"
    read = await api.get(f"/v1/employees/{first['id']}")
    assert read.json()["declaration"] == "undeclared"


async def test_pasted_texts_are_explained_without_storing_anything(api):
    answer = await api.post(
        "/v1/accounts/normalize",
        {
            "items": [
                {"account": "https://m.facebook.com/pemprov.sumsel?ref=x"},
                {"account": "https://friendster.com/budi"},
                {"account": "budi", "platform": "tiktok"},
            ]
        },
    )
    found = answer.json()["items"]
    assert (found[0]["platform"], found[0]["handle"]) == ("facebook", "pemprov.sumsel")
    assert found[1]["platform"] is None
    assert found[1]["code"]
    assert "budi" not in found[1]["message"]
    assert found[2]["url"] == "https://www.tiktok.com/@budi"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("post", "/v1/employees", {"nip": 199001012024211001}, id="numeric-nip"),
        pytest.param("post", "/v1/work-units", {"code": "1"}, id="name-missing"),
        pytest.param("post", "/v1/work-units", {"code": "1", "name": "A", "nmae": "B"}, id="typo"),
        pytest.param("post", "/v1/work-units", {"code": "1", "name": "  "}, id="blank"),
        pytest.param("post", "/v1/work-units", {"code": "1", "name": "A\x00"}, id="nul"),
    ],
)
async def test_bad_bodies_say_where_and_why(api, method, path, body):
    answer = await getattr(api, method)(path, body)
    assert answer.status_code == 422
    faults = answer.json()["errors"]
    assert faults
    assert all(fault["pointer"] and fault["message"] for fault in faults)
    assert "199001012024211001" not in answer.text


async def test_a_field_may_be_left_out_but_not_emptied(api, units):
    answer = await api.patch(f"/v1/work-units/{units['16']['id']}", {"name": None}, etag='"1"')
    assert answer.status_code == 422
