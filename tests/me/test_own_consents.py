"""Consents that employees give and withdraw by sessions of their own."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import update

from app.identity.models import User
from app.identity.scopes import Role
from app.platforms.base import Platform
from tests.access.principals import Principals
from tests.api.test_registry import make_employee
from tests.connecting import Connected, connected_service
from tests.platforms.consenting import IDS, handle_of
from tests.support import Api

CHANNEL = f"https://www.youtube.com/@{handle_of(Platform.YOUTUBE)}"


@pytest.fixture
async def service(services):
    async with connected_service(services) as made:
        yield made


@pytest.fixture
async def own(service: Connected) -> Connected:
    """The service as an employee sees it who has declared a channel and another account."""
    unit = (await service.api.post("/v1/work-units", {"code": "16", "name": "Sumsel"})).json()
    employee = await make_employee(service.api, unit)
    people = Principals(service.services, service.app, service.government.tenant_id)
    token = await people.user(Role.EMPLOYEE, employee_id=UUID(employee["id"]))
    api = Api(service.http, token)
    for account in (CHANNEL, "https://x.com/budi_asn"):
        assert (await api.post("/v1/me/accounts", {"account": account})).status_code == 201
    return replace(service, api=api)


async def consents(own: Connected) -> list[dict]:
    return (await own.api.get("/v1/me/connections")).json()["items"]


async def test_i_consent_by_my_own_session_and_withdraw(own):
    [before] = await consents(own)
    assert (before["platform"], before["state"]) == ("youtube", "none")
    path = f"/v1/me/accounts/{before['account_id']}"
    page = await own.consented(path, **{"as": IDS[Platform.YOUTUBE]})
    assert page.status_code == 200, page.text
    [given] = await consents(own)
    assert (given["state"], given["connected_by"][:5]) == ("connected", "user:")
    assert (await own.api.delete(f"{path}/connection")).status_code == 204
    assert [each["state"] for each in await consents(own)] == ["none"]


async def test_who_is_somebody_else_by_then_ends_nothing(own, service):
    """Whose account it is, is asked for anew when the browser comes back."""
    [asked] = await consents(own)
    begun = await own.api.post(f"/v1/me/accounts/{asked['account_id']}/connection")
    back = await own.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.YOUTUBE]})
    unit = (await service.api.get("/v1/work-units")).json()["items"][0]
    other = await make_employee(service.api, unit, 2)
    async with own.services.database.transaction(own.government.tenant_id) as session:
        await session.execute(update(User).values(employee_id=UUID(other["id"])))
    assert (await own.returned(back)).status_code == 403
    assert await own.rows("SELECT 1 FROM connections") == []
