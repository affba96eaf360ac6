"""No operation tells of people without an entry: held against the service's own OpenAPI."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.audit.looks import EXPORTING, READING, ReadingDep
from app.identity.access import SessionDep
from app.main import ROUTERS, create_app
from tests.api.reviewed_operations import (
    BY_HAND,
    EXPORTS,
    IMPERSONAL_FILES,
    IMPERSONAL_SCHEMAS,
    PERSONAL_FIELDS,
    READS,
    TELLS_OF_NOBODY,
)
from tests.api.test_compliance import account, judge, make_campaign, registry  # noqa: F401
from tests.api.test_isolation import ABSENT
from tests.api.test_registry import make_employee
from tests.audit.trails import inspect, numbers
from tests.support import nip

REFERENCE = "#/components/schemas/"


@pytest.fixture
async def contract(http: httpx.AsyncClient) -> dict[str, Any]:
    answer: dict[str, Any] = (await http.get("/openapi.json")).json()
    return answer


def operations(contract: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
    }


def answers(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of an operation's answers when it succeeds; none for a file or a page."""
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for content in answer.get("content", {}).values():
                if content.get("schema"):
                    yield content["schema"]


def schemas_in(node: Any, contract: dict[str, Any], seen: set[str]) -> set[str]:
    """The names of all schemas that an answer may hold, however deep."""
    if isinstance(node, list):
        for each in node:
            schemas_in(each, contract, seen)
    elif isinstance(node, dict):
        # SCIM has a field of that name, whose schema is no text.
        told = node.get("$ref", "")
        name = told.removeprefix(REFERENCE) if isinstance(told, str) else ""
        if name and name not in seen:
            seen.add(name)
            schemas_in(contract["components"]["schemas"][name], contract, seen)
        for each in node.values():
            schemas_in(each, contract, seen)
    return seen


def personal_fields(operation: dict[str, Any], contract: dict[str, Any]) -> set[str]:
    known = contract["components"]["schemas"]
    names = schemas_in(list(answers(operation)), contract, set()) - IMPERSONAL_SCHEMAS
    return {field for name in names for field in known[name].get("properties", ())} & (
        PERSONAL_FIELDS
    )


async def test_every_operation_has_been_reviewed(contract):
    tables = (READS, EXPORTS, BY_HAND, TELLS_OF_NOBODY)
    reviewed = frozenset.union(*tables)
    assert set(operations(contract)) == reviewed
    assert len(reviewed) == sum(len(each) for each in tables) > 70


async def test_every_answer_with_a_field_of_a_person_is_a_recorded_look(contract):
    telling = {
        name for name, each in operations(contract).items() if personal_fields(each, contract)
    }
    assert len(telling) > 30
    assert telling - READS - EXPORTS - BY_HAND == set()


async def test_every_file_is_a_recorded_export(contract):
    files = {
        name
        for name, each in operations(contract).items()
        if not list(answers(each)) and "204" not in each["responses"]
    }
    assert files - IMPERSONAL_FILES <= EXPORTS | BY_HAND


def dependencies(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from dependencies(each)


def test_exactly_the_reviewed_routes_ask_for_whom_they_tell_of():
    asking: dict[Any, set[str]] = {READING: set(), EXPORTING: set()}
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                for call in {READING, EXPORTING} & set(dependencies(route.dependant)):
                    asking[call].add(f"{method} {route.path}")
    assert asking == {READING: READS, EXPORTING: EXPORTS}


async def test_an_answer_that_names_nobody_is_withheld_and_leaves_nothing(
    services, api, government, units, connection
):
    router = APIRouter(prefix="/v1")

    @router.post("/careless")
    async def careless(session: SessionDep, reading: ReadingDep) -> dict[str, str]:
        del session, reading
        return {"name": "Pegawai 1"}

    app = create_app(services)
    app.include_router(router)
    await make_employee(api, units["16.01"])
    before = await numbers(connection, government.tenant_id, "read")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        answer = await http.post(
            "/v1/careless", headers={"Authorization": f"Bearer {government.token}"}
        )
    assert answer.status_code == 500
    assert "Pegawai" not in answer.text
    assert await numbers(connection, government.tenant_id, "read") == before
    assert (await inspect(services, government.tenant_id)).fault_count == 0


async def test_an_answer_that_is_repeated_is_another_look(api, units, services, government):
    body = {
        "nip": nip(1), "name": "Budi", "category": "pppk", "unit_id": units["16.01"]["id"],
    }  # fmt: skip
    first, again = [
        await api.post("/v1/employees", body, Idempotency_Key="sekali") for _ in range(2)
    ]
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content
    kept = (await api.get("/v1/audit")).json()["items"]
    looks = [each for each in kept if each["operation"] == "create_employee"]
    assert [each["employee_ids"] for each in looks] == [[first.json()["id"]]] * 2
    # What tells of nobody is no look, however often it is repeated.
    for _ in range(2):
        await api.post("/v1/work-units", {"code": "9", "name": "X"}, Idempotency_Key="unit")
    assert len((await api.get("/v1/audit", kind="read")).json()["items"]) == 3
    assert (await inspect(services, government.tenant_id)).fault_count == 0


async def test_what_fails_or_answers_no_content_leaves_no_entry(http, api, units, government):
    employee = await make_employee(api, units["16.01"])
    headers = {"Authorization": f"Bearer {government.token}"}
    before = (await api.get("/v1/audit")).json()["items"]
    for method in ("HEAD", "OPTIONS"):
        answer = await http.request(method, f"/v1/employees/{employee['id']}", headers=headers)
        assert (answer.status_code, employee["name"] in answer.text) == (405, False)
    assert (await api.get(f"/v1/employees/{ABSENT}")).status_code == 404
    path = f"/v1/employees/{employee['id']}"
    assert (await api.patch(path, {"name": "Y"}, etag='"9"')).status_code == 412
    after = (await api.get("/v1/audit")).json()["items"]
    assert [each["operation"] for each in after[: len(after) - len(before)]] == [
        "list_audit_entries"
    ]


async def test_a_look_at_the_past_is_recorded_in_the_present(
    api, services, government, registry, account, clock  # noqa: F811
):  # fmt: skip
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    known_at = clock.at.isoformat()
    clock.at += timedelta(days=3)
    for path, operation in (
        (f"/v1/campaigns/{campaign['id']}/employees", "campaign_employees"),
        (f"/v1/employees/{registry['7']}/verdicts", "employee_verdicts"),
    ):
        answer = await api.get(path, known_at=known_at)
        assert answer.status_code == 200, answer.text
        [newest, *_] = (await api.get("/v1/audit")).json()["items"]
        assert (newest["operation"], newest["kind"]) == (operation, "read")
        assert datetime.fromisoformat(newest["at"]) == clock.at
        assert registry["7"] in newest["employee_ids"]
    assert (await inspect(services, government.tenant_id)).fault_count == 0
