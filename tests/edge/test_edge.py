"""Limits of rate, size and time, and what browsers are told about answers."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core.guarding import LARGEST_BODY
from app.identity.access import SessionDep
from app.main import create_app
from app.settings import Settings
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.api.test_isolation import key_of
from tests.support import Api

UNIT = {"code": "77", "name": "Dinas"}


async def served(services: Any, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    services.settings = Settings(**settings)
    async with calling(create_app(services)) as client:
        yield client


def calling(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://simedsos.test")


async def test_a_client_that_asks_too_often_is_told_when_to_come_back(services, government):
    async for client in served(services, rate_limit_client=3):
        api = Api(client, government.token)
        answers = [await api.get("/v1/work-units") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert [each.headers.get("ratelimit", "")[:12] for each in answers[:3]] == [
            f'"client";r={left}' for left in (2, 1, 0)
        ]
        assert answers[0].headers["ratelimit-policy"] == '"client";q=3;w=60'
        refused = answers[3]
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert refused.headers["content-type"] == "application/problem+json"
        other = Api(client, await key_of(services, government.tenant_id))
        assert (await other.get("/v1/work-units")).status_code == 200


async def test_a_government_has_a_limit_over_all_its_clients(
    services, government, other_government
):
    async for client in served(services, rate_limit_tenant=3):
        first = Api(client, government.token)
        second = Api(client, await key_of(services, government.tenant_id))
        asked = [await each.get("/v1/work-units") for each in (first, second, first, second)]
        assert [each.status_code for each in asked] == [200, 200, 200, 429]
        theirs = Api(client, other_government.token)
        assert (await theirs.get("/v1/work-units")).status_code == 200


async def test_whoever_guesses_is_slowed_and_nobody_else_is(services, government):
    async for client in served(services, rate_limit_guesses=3):
        guesses = [
            await Api(client, f"sm_live_{number}").get("/v1/work-units") for number in range(3)
        ]
        leaks = await client.post("/v1/api-keys/leaks", json={"token": "sm_live_x"})
        assert [each.status_code for each in (*guesses, leaks)] == [401, 401, 401, 429]
        assert (await client.get("/v1/work-units")).status_code == 401
        assert (await Api(client, government.token).get("/v1/work-units")).status_code == 200


async def test_a_limit_of_none_counts_nothing(services, government):
    off = {"rate_limit_client": 0, "rate_limit_tenant": 0, "rate_limit_guesses": 0}
    async for client in served(services, **off):
        answer = await Api(client, government.token).get("/v1/work-units")
        assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_a_body_that_is_too_large_is_refused_before_and_while_it_is_read(http, government):
    large = b'{"code": "' + b"x" * LARGEST_BODY + b'"}'
    headers = {
        "Authorization": f"Bearer {government.token}",
        "Content-Type": "application/json",
    }

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for content in (large, parts()):
        refused = await http.post("/v1/work-units", content=content, headers=headers)
        assert (refused.status_code, refused.json()["title"]) == (413, "Too large")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "x-request-id" in refused.headers
    lying = {**headers, "Content-Length": "10"}
    assert (await http.post("/v1/work-units", content=large, headers=lying)).status_code == 413


async def test_a_file_may_be_larger_than_other_bodies(services, government):
    async for client in served(services, max_upload_bytes=2 * LARGEST_BODY):
        api = Api(client, government.token)
        within = b"code,name,parent_code\n" + b"\n" * (LARGEST_BODY + 10)
        accepted = await api.upload("/v1/imports", within, kind="work_units")
        assert (accepted.status_code, "no rows" in accepted.text) == (415, True)
        beyond = await api.upload("/v1/imports", b"x" * 3 * LARGEST_BODY, kind="work_units")
        assert beyond.status_code == 413


async def test_a_request_that_takes_too_long_is_ended_and_stores_nothing(services, government):
    services.settings = Settings(request_seconds=1)
    app = create_app(services)

    @app.post("/slow")
    async def slow(session: SessionDep) -> None:
        await session.execute(
            text(
                "INSERT INTO work_units (tenant_id, id, code, name, ancestors)"
                " VALUES (:tenant, :tenant, '99', 'Lama', ARRAY[CAST(:tenant AS uuid)])"
            ),
            {"tenant": government.tenant_id},
        )
        await asyncio.sleep(30)

    async with calling(app) as client:
        api = Api(client, government.token)
        ended = await api.post("/slow")
        assert (ended.status_code, "longer than 1 s" in ended.json()["detail"]) == (503, True)
        assert ended.headers["retry-after"] == "5"
        assert (await api.get("/v1/work-units")).json()["items"] == []


@pytest.mark.parametrize("path", ["/v1/work-units", "/nowhere", "/docs", "/sign-in", "/livez"])
async def test_browsers_are_told_to_load_run_and_frame_nothing(http, government, path):
    answer = await Api(http, government.token).get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers


async def test_https_is_told_to_stay(services):
    async for client in served(services, public_url="https://simedsos.example.go.id"):
        told = (await client.get("/livez")).headers["strict-transport-security"]
        assert told == "max-age=31536000"


async def test_the_handbook_names_every_operation_and_runs_nothing(http):
    page = await http.get("/docs")
    document = (await http.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=\"(?!/openapi.json)", page.text)


async def test_exports_of_peoples_data_are_counted_apart(services, government, account):  # noqa: F811
    async for client in served(services, rate_limit_exports=2):
        api = Api(client, government.token)
        campaign = await make_campaign(api, account)
        report = (await api.post("/v1/reports", {"campaign_id": campaign["id"]})).json()
        asked = [
            (await api.get(f"/v1/reports/{report['id']}.{kind}")).status_code
            for kind in ("json", "xlsx", "json", "pdf")
        ]
        assert asked == [200, 200, 429, 429]
        assert (await api.get(f"/v1/reports/{report['id']}")).status_code == 200
