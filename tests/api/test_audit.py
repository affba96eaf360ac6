"""The audit trail over HTTP: who looked at whom, who changed what, and who may ask."""

from datetime import timedelta

from app.audit import queries
from app.identity.scopes import Scope
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.api.test_isolation import key_of
from tests.api.test_registry import make_employee
from tests.audit.trails import inspect, lay
from tests.support import NOW, Api, nip


async def trail(api: Api, **asked) -> list[dict]:
    answer = await api.get("/v1/audit", **asked)
    assert answer.status_code == 200, answer.text
    items: list[dict] = answer.json()["items"]
    return items


async def test_a_look_names_who_when_through_what_and_whom(api, units, clock):
    employee = await make_employee(api, units["16.01"])
    clock.at = NOW + timedelta(hours=2)
    await api.get(f"/v1/employees/{employee['id']}")
    [newest, *_] = await trail(api)
    assert (newest["kind"], newest["operation"]) == ("read", "get_employee")
    assert newest["employee_ids"] == [employee["id"]]
    assert newest["people"] == 1
    assert newest["actor"].startswith("api_key:")
    assert newest["at"] == "2026-11-24T05:00:00Z"
    assert newest["changes"] == []


async def test_a_list_is_one_entry_with_everybody_on_it(api, units):
    made = [await make_employee(api, units["16.01"], number) for number in (1, 2, 3)]
    await api.get("/v1/employees", limit=2)
    [newest, *_] = await trail(api)
    assert (newest["operation"], newest["people"]) == ("list_employees", 2)
    assert newest["employee_ids"] == sorted(each["id"] for each in made[:2])


async def test_a_look_up_that_finds_nobody_is_an_entry_too(api, units):
    await api.post("/v1/employees/lookup", {"nips": [nip(7)]})
    [newest, *_] = await trail(api)
    assert (newest["operation"], newest["people"]) == ("look_up_employees", 0)
    assert nip(7) not in str(newest)


async def test_what_is_not_told_is_no_look(api, units):
    before = len(await trail(api, kind="read"))
    assert (await api.get(f"/v1/employees/{units['16']['id']}")).status_code == 404
    # Only the look at the trail itself has come.
    assert len(await trail(api, kind="read")) == before + 1


async def test_changes_stand_in_the_trail_with_their_facts(api, units):
    employee = await make_employee(api, units["16.01"])
    [newest, *_] = await trail(api, kind="change")
    assert (newest["change_count"], newest["operation"]) == (1, None)
    [change] = newest["changes"]
    assert (change["kind"], change["subject_id"]) == ("employee:created", employee["id"])
    assert change["actor"] == newest["actor"]


async def test_an_import_is_one_entry_and_its_rejects_are_an_export(api):
    laid = await lay(api)
    [export] = await trail(api, kind="export")
    assert (export["operation"], export["people"]) == ("import_errors", 0)
    assert export["subject_id"] == laid["import"]["id"]
    imported = (await trail(api, kind="change"))[-2]
    assert imported["change_count"] == len(imported["changes"]) == 4


async def test_an_employees_trail_holds_looks_and_changes_of_them_alone(api, services, government):
    laid = await lay(api)
    one, other = laid["people"]
    await api.get(f"/v1/employees/{other['id']}")
    found = await trail(api, employee=one["id"])
    assert [each["operation"] for each in found] == ["list_employees", "create_employee", None]
    assert [each["subject_id"] for each in found[-1]["changes"]] == [one["id"]]
    async with services.database.transaction(government.tenant_id) as session:
        looked = await queries.who_looked(
            session, government.tenant_id, one["id"], before=None, limit=10
        )
        older = await queries.who_looked(
            session, government.tenant_id, one["id"], before=looked[0].sequence, limit=1
        )
    told = [each.operation for each in looked]
    assert told == ["list_audit_entries", "list_employees", "create_employee"]
    assert [each.operation for each in older] == ["list_employees"]


async def test_pages_follow_one_another_without_a_gap(api):
    await lay(api)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await api.get("/v1/audit", limit=3, kind="change", **cursor)).json()
        seen += [each["sequence"] for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert len(seen) == 4
    assert seen == sorted(seen, reverse=True)


async def test_the_trail_can_begin_at_a_moment(api, units, clock):
    await make_employee(api, units["16.01"], 1)
    clock.at = NOW + timedelta(days=1)
    await make_employee(api, units["16.01"], 2)
    since = (NOW + timedelta(hours=1)).isoformat()
    assert [each["kind"] for each in await trail(api, since=since)] == ["read", "change"]


async def test_a_cursor_of_another_list_is_refused(api, units):
    for number in (1, 2):
        await make_employee(api, units["16.01"], number)
    foreign = (await api.get("/v1/employees", limit=1)).json()["next"]
    refused = await api.get("/v1/audit", cursor=foreign)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "cursor"


async def test_only_an_auditor_of_the_whole_government_may_ask(http, services, government, units):
    tenant_id = government.tenant_id
    without = Api(http, await key_of(services, tenant_id, scopes=[Scope.EMPLOYEES_READ]))
    assert (await without.get("/v1/audit")).status_code == 403
    head = Api(http, await key_of(services, tenant_id, unit=units["16.01"]["id"]))
    assert (await head.get("/v1/audit")).status_code == 403
    auditor = Api(http, await key_of(services, tenant_id, scopes=[Scope.AUDIT_READ]))
    assert (await auditor.get("/v1/audit")).status_code == 200


async def test_no_government_sees_anothers_trail(api, other_api, other_government):
    laid = await lay(api)
    theirs = await trail(other_api)
    assert [each["kind"] for each in theirs] == ["change"]
    assert laid["people"][0]["id"] not in str(theirs)
    assert await trail(other_api, employee=laid["people"][0]["id"]) == []


async def test_no_name_nip_or_handle_stands_in_a_trail(api, units, connection):
    employee = await make_employee(api, units["16.01"])
    await api.post(
        f"/v1/employees/{employee['id']}/accounts", {"account": "https://x.com/budi_asn"}
    )
    await api.get(f"/v1/employees/{employee['id']}/accounts")
    written = str(await trail(api, limit=200))
    for secret in (employee["name"], employee["nip"], "budi_asn"):
        assert secret not in written


async def test_the_lists_of_due_process_and_campaigns_are_looks(
    api, services, government, registry, account  # noqa: F811
):  # fmt: skip
    campaign = await make_campaign(api, account)
    for path, operation in (
        (f"/v1/campaigns/{campaign['id']}/members", "list_members"),
        (f"/v1/campaigns/{campaign['id']}/employees", "campaign_employees"),
        (f"/v1/official-accounts/{account['id']}/controls", "get_controls"),
        ("/v1/excuses", "list_excuses"),
        ("/v1/notices", "list_notices"),
        ("/v1/disputes", "list_disputes"),
        ("/v1/accounts", "list_all_accounts"),
    ):
        answer = await api.get(path)
        assert answer.status_code == 200
        [newest, *_] = await trail(api)
        assert newest["operation"] == operation
        ids = {row.get("employee_id", row["id"]) for row in answer.json().get("items", ())}
        assert set(newest["employee_ids"]) == ids
    assert (await inspect(services, government.tenant_id)).fault_count == 0
