"""Many employees at once: each is told apart, and what is refused of one holds up no other."""

from typing import Any

from sqlalchemy import text

from tests.api.test_api_keys import make
from tests.api.test_registry import make_employee
from tests.support import Api, nip

BATCH = "/v1/employees/batch"


def item(number: int, unit: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "nip": nip(number),
        "name": f"Pegawai {number}",
        "category": "pppk",
        "unit_id": unit["id"],
        **fields,
    }


async def sent(api: Api, *items: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(BATCH, {"items": list(items)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_is_created_changed_or_left_and_told_so(api: Api, units):
    known = await make_employee(api, units["16.01"], 1)
    same = item(1, units["16.01"], name=known["name"])
    first = await sent(api, item(2, units["16.01"], position="Guru"), same)
    assert [each["outcome"] for each in first["items"]] == ["created", "unchanged"]
    assert (first["created"], first["unchanged"], first["updated"]) == (1, 1, 0)
    assert first["items"][1]["employee_id"] == known["id"]
    made = first["items"][0]["employee_id"]
    # What is left out stays as it is, and a NIP written in groups is the same.
    written = f"{nip(2)[:8]} {nip(2)[8:14]} {nip(2)[14:15]} {nip(2)[15:]}"
    again = await sent(api, item(2, units["16.02"], nip=written, standing="study"))
    assert [each["outcome"] for each in again["items"]] == ["updated"]
    shown = (await api.get(f"/v1/employees/{made}")).json()
    assert (shown["unit_id"], shown["position"], shown["standing"]) == (
        units["16.02"]["id"],
        "Guru",
        "study",
    )
    repeated = await sent(api, item(2, units["16.02"]))
    assert repeated["unchanged"] == 1
    assert (await api.get(f"/v1/employees/{made}")).json() == shown


async def test_what_is_refused_says_where_and_leaves_nothing(api: Api, services, units):
    absent = "01900000-0000-7000-8000-000000000000"
    told = await sent(
        api,
        item(1, units["16.01"]),
        item(2, units["16.01"], nip="198.0"),
        item(3, {"id": absent}),
        item(4, units["16.01"]),
        item(4, units["16.02"]),
        item(5, units["16.01"]),
    )
    outcomes = [each["outcome"] for each in told["items"]]
    assert outcomes == ["created", "rejected", "rejected", "rejected", "rejected", "created"]
    faults = [each["errors"][0] for each in told["items"] if each["errors"]]
    assert [each["pointer"] for each in faults] == ["/nip", "/unit_id", "/nip", "/nip"]
    assert [each["code"] for each in faults][1:] == ["unknown", "duplicate", "duplicate"]
    assert nip(4) not in str(told)
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        changes = "SELECT count(*) FROM changes WHERE kind = 'employee:created'"
        counts = [
            await session.scalar(text("SELECT count(*) FROM employees")),
            await session.scalar(text(changes)),
        ]
    assert counts == [2, 2]


async def test_a_batch_of_a_wrong_shape_is_refused_whole(api: Api, units):
    refused = await api.post(
        BATCH, {"items": [item(1, units["16.01"]), item(2, units["16.01"], category="honorer")]}
    )
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/body/items/1/category"]
    assert (await api.get("/v1/employees")).json()["items"] == []
    for wrong in ([], [item(1, units["16.01"])] * 1001):
        assert (await api.post(BATCH, {"items": wrong})).status_code == 422


async def test_who_sees_a_sub_tree_changes_nobody_elsewhere(api: Api, http, units):
    elsewhere = await make_employee(api, units["16.02"], 1)
    key = await make(
        api, scopes=["employees:read", "employees:write"], unit_id=units["16.01"]["id"]
    )
    confined = Api(http, key["token"])
    told = await sent(confined, item(1, units["16.01"], name="Lain"), item(2, units["16.02"]))
    assert [each["outcome"] for each in told["items"]] == ["rejected", "rejected"]
    assert [each["errors"][0]["pointer"] for each in told["items"]] == ["/nip", "/unit_id"]
    assert (await api.get(f"/v1/employees/{elsewhere['id']}")).json() == elsewhere


async def test_a_repeated_batch_with_its_key_is_carried_out_once(api: Api, units):
    body = {"items": [item(1, units["16.01"])]}
    answers = [await api.post(BATCH, body, Idempotency_Key="kirim-1") for _ in range(2)]
    assert [each.json()["created"] for each in answers] == [1, 1]
