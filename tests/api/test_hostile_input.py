"""Input that is well-formed and absurd: refused with a reason, and never a fault of the service."""

from typing import Any

import pytest

from tests.api.test_growth import official_account
from tests.api.test_registry import make_employee
from tests.support import Api

EARLIEST = "0001-01-01T00:00:00+07:00"
LATEST = "9999-12-31T23:59:59-07:00"
ENDS = [pytest.param(EARLIEST, id="first-day"), pytest.param(LATEST, id="last-day")]


@pytest.fixture
async def official(api: Api) -> dict[str, Any]:
    return await official_account(api, "pemprovsumsel")


NUMBERS = [pytest.param(number, id=f"number-{number}") for number in ("0", "0.5", "-1e3")]


@pytest.mark.parametrize("moment", [*ENDS, *NUMBERS])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/v1/audit", "since", id="audit-since"),
        pytest.param("/v1/official-accounts/{id}/snapshots", "from", id="snapshots-from"),
        pytest.param("/v1/official-accounts/{id}/snapshots", "to", id="snapshots-to"),
        pytest.param("/v1/official-accounts/{id}/growth", "from", id="growth-from"),
        pytest.param("/v1/official-accounts/{id}/growth", "to", id="growth-to"),
        pytest.param("/v1/official-accounts/{id}/growth", "known_at", id="growth-known_at"),
        pytest.param("/v1/official-accounts/{id}/growth", "valid_at", id="growth-valid_at"),
        pytest.param("/v1/campaigns/{id}/recap", "known_at", id="recap-known_at"),
        pytest.param("/v1/campaigns/{id}/recap", "valid_at", id="recap-valid_at"),
    ],
)
async def test_no_moment_of_a_question_breaks_the_service(api, official, path, name, moment):
    asked = {"from": "2026-01-01T00:00:00Z"} if path.endswith("growth") else {}
    answer = await api.get(path.format(id=official["id"]), **{**asked, name: moment})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == f"/query/{name}"


@pytest.fixture
async def declared(api: Api, units: dict[str, Any]) -> dict[str, Any]:
    employee = await make_employee(api, units["16.01"])
    answer = await api.post(
        f"/v1/employees/{employee['id']}/accounts",
        {"account": "https://www.instagram.com/satu"},
    )
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 400 + b"]" * 400, id="deep"),
        pytest.param(b"[" * 100_000, id="deeper"),
        pytest.param(rb'{"\ud800\ud800": 1}', id="half-a-letter"),
        pytest.param(rb'{"title": "\u0000"}', id="nul"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/v1/reports", id="report"),
        pytest.param("PUT", "/v1/campaigns/{id}/reminders", id="plan"),
        pytest.param("PUT", "/v1/employees/{id}/contact", id="contact"),
        pytest.param("PUT", "/v1/work-units/{id}/head", id="head"),
        pytest.param("POST", "/v1/accounts/{id}/evidence", id="evidence"),
    ],
)
async def test_no_body_breaks_the_service(http, government, declared, method, path, body):
    answer = await http.request(
        method,
        path.format(id=declared["id"]),
        content=body,
        headers={
            "Authorization": f"Bearer {government.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": "k",
            "If-Match": '"0"',
        },
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("moment", ENDS)
async def test_no_moment_of_a_body_breaks_the_service(api, declared, official, moment):
    campaign = {
        "title": "K", "legal_basis": "SE", "document_number": "1", "expected_gain": 1,
        "starts_at": "2026-11-10T00:00:00+07:00", "ends_at": "2026-12-10T00:00:00+07:00",
        "duties": [{"kind": "declare", "platforms": ["instagram"], "mode": "any"}],
        "official_account_ids": [official["id"]],
    }  # fmt: skip
    official_path = f"/v1/official-accounts/{official['id']}"
    evidence = f"/v1/accounts/{declared['id']}/evidence"
    seen = {"source": "screenshot", "official_account_id": official["id"], "officer": "Siti"}
    read = {"attested_by": "Siti", "raw": "1", "followers": 1}
    answers = [
        await api.post("/v1/campaigns", {**campaign, "starts_at": moment}),
        await api.post("/v1/campaigns", {**campaign, "ends_at": moment}),
        await api.post(f"{official_path}/snapshots", {"observed_at": moment, **read}),
        await api.post(evidence, {**seen, "taken_at": moment}),
        await api.upload(evidence, b"{}", taken_at=moment),
        await api.upload(f"{official_path}/follower-lists", b"{}", taken_at=moment),
    ]
    assert [each.status_code for each in answers] == [422] * len(answers)
    assert {each.json()["errors"][0]["pointer"].rpartition("/")[2] for each in answers} == {
        "starts_at", "ends_at", "observed_at", "taken_at",
    }  # fmt: skip


@pytest.mark.parametrize("day", [0, 20260101, "0", "2026-01-01T00:00:00", "1 Januari 2026", True])
async def test_no_number_becomes_a_day(api, units, day):
    employee = await make_employee(api, units["16.01"])
    account = await api.post(
        f"/v1/employees/{employee['id']}/accounts", {"account": "https://x.com/budi_asn"}
    )
    path = f"/v1/accounts/{account.json()['id']}/verification"
    refused = await api.post(path, {"method": "attestation", "attested_on": day})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
        422,
        "/body/attested_on",
    )


async def test_what_no_column_can_hold_is_refused_in_a_look_up(api):
    answer = await api.post("/v1/employees/lookup", {"nips": ["1990\u0000"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/nips/0")
    unknown = await api.post("/v1/employees/lookup", {"nips": ["", "bukan NIP", "1990"]})
    assert unknown.json() == {"items": []}


async def test_another_method_is_told_all_that_the_address_answers(api, http):
    unit = "01900000-0000-7000-8000-000000000000"
    answer = await http.request("DELETE", f"/v1/work-units/{unit}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await http.request("DELETE", "/nowhere")).status_code == 404
