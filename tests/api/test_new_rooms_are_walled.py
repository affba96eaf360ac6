"""Reports, reminders, addresses, heads, evidence: of no other government, nor of other units."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from typing import Any

import pytest

from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_isolation import ABSENT, key_of
from tests.reminding import Reminding, mail, office  # noqa: F401
from tests.support import Api

PLAN = {"enabled": True, "set_by": "Admin"}
CONTACT = {"email": "lain@jambi.go.id", "phone": None, "set_by": "Admin"}
HEAD = {"employee_id": None, "set_by": "Admin"}
SEEN = {
    "source": "screenshot", "official_account_id": ABSENT,
    "taken_at": "2026-11-20T00:00:00Z", "officer": "Siti",
}  # fmt: skip
ROUTES = [
    ("GET", "/v1/reports/{report}", None),
    ("GET", "/v1/reports/{report}.json", None),
    ("GET", "/v1/reports/{report}.xlsx", None),
    ("GET", "/v1/reports/{report}.pdf", None),
    ("POST", "/v1/reports", {"campaign_id": "{campaign}"}),
    ("GET", "/v1/campaigns/{campaign}/reminders", None),
    ("PUT", "/v1/campaigns/{campaign}/reminders", PLAN),
    ("GET", "/v1/campaigns/{campaign}/reminders/preview", None),
    ("GET", "/v1/campaigns/{campaign}/reminders/history", None),
    ("GET", "/v1/employees/{employee}/reminders", None),
    ("GET", "/v1/employees/{employee}/contact", None),
    ("PUT", "/v1/employees/{employee}/contact", CONTACT),
    ("GET", "/v1/work-units/{unit}/head", None),
    ("PUT", "/v1/work-units/{unit}/head", HEAD),
    ("GET", "/v1/accounts/{account}/evidence", None),
    ("POST", "/v1/accounts/{account}/evidence", SEEN),
]


# What a part of the tree may ask of a campaign of all; nobody outside that part is in the answer.
OF_THE_WHOLE = ("/v1/campaigns/{campaign}/reminders", "/v1/campaigns/{campaign}/reminders/history")


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, ids) for name, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


async def ask(http: Any, token: str, method: str, path: str, body: Any, ids: dict[str, str]) -> Any:
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}
    return await http.request(method, filled(path, ids), json=filled(body, ids), headers=headers)


@pytest.fixture
async def laid(office: Reminding) -> dict[str, str]:
    """One of everything that the routes tell of, of an employee in unit 16.02."""
    await office.plan_now()
    report = await office.api.post("/v1/reports", {"campaign_id": office.campaign["id"]})
    assert report.status_code == 201, report.text
    employee = office.people["7"]
    seen = (await office.api.get(f"/v1/employees/{employee}")).json()
    declared = await office.api.post(
        f"/v1/employees/{employee}/accounts", {"account": "https://www.instagram.com/tujuhtujuh"}
    )
    return {
        "report": report.json()["id"],
        "campaign": office.campaign["id"],
        "employee": employee,
        "unit": seen["unit_id"],
        "account": declared.json()["id"],
    }


async def test_another_government_meets_nothing(http, office, laid, other_government):
    own = office.government.token
    for method, path, body in ROUTES:
        answer = await ask(http, own, method, path, body, laid)
        assert answer.status_code != 404 or SEEN is body, path
    token = other_government.token
    for method, path, body in ROUTES:
        theirs = await ask(http, token, method, path, body, laid)
        nothing = await ask(http, token, method, path, body, dict.fromkeys(laid, ABSENT))
        assert theirs.status_code == nothing.status_code == 404, path
        assert theirs.content == nothing.content
    trail = await Api(http, token).get("/v1/audit")
    kinds = {each["operation"] for each in trail.json()["items"]}
    assert kinds <= {None, "list_audit_entries"}


async def test_a_unit_heads_key_meets_nothing_of_another_unit(
    http, office, laid, services, government
):
    units = (await office.api.get("/v1/work-units")).json()["items"]
    other = next(each["id"] for each in units if each["code"] == "16.01")
    token = await key_of(services, government.tenant_id, unit=other)
    for method, path, body in ROUTES:
        answer = await ask(http, token, method, path, body, laid)
        if path in OF_THE_WHOLE and method == "GET":
            assert answer.status_code == 200, path
            assert answer.json().get("items", []) == []
        else:
            assert answer.status_code in (403, 404), path
        assert not any(laid[name] in answer.text for name in ("employee", "unit", "account"))
