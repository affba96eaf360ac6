"""Liveness, readiness, metrics, and what a caller sees when something is down."""

from datetime import timedelta

import httpx
from sqlalchemy import text

from app.core.db import Database, make_engine
from app.core.services import Services
from app.main import create_app
from app.settings import Settings


async def test_alive_and_ready(http):
    assert (await http.get("/livez")).json() == {"status": "ok"}
    assert (await http.get("/readyz")).json() == {"status": "ok"}


async def test_an_older_schema_is_not_ready(http, connection):
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert "simedsos migrate" in answer.json()["detail"]


async def test_a_database_that_is_down_is_one_clear_answer():
    engine = make_engine("postgresql://nobody@127.0.0.1:9/none")
    app = create_app(Services(Database(engine), Settings()))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        assert (await http.get("/livez")).status_code == 200
        for path in ("/readyz", "/v1/employees"):
            answer = await http.get(path, headers={"Authorization": "Bearer sm_live_x"})
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["detail"].startswith("The database cannot be reached")
    await engine.dispose()


async def test_metrics_name_routes_and_nobody(api, http, units):
    await api.get(f"/v1/work-units/{units['16']['id']}")
    metrics = (await http.get("/metrics")).text
    assert 'route="/v1/work-units/{unit_id}"' in metrics
    assert units["16"]["id"] not in metrics


async def test_callers_cannot_add_metrics_without_end(http):
    for number in range(3):
        await http.request(f"INVENTED{number}", "/v1/employees")
    metrics = (await http.get("/metrics")).text
    assert "INVENTED" not in metrics
    assert 'method="other"' in metrics


async def test_unknown_paths_and_methods_are_problems(http):
    for answer, status in (
        (await http.get("/v1/nothing"), 404),
        (await http.delete("/v1/employees"), 405),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


async def test_answers_carry_an_id_and_are_not_stored(api):
    answer = await api.get("/v1/employees")
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"


async def test_the_capability_matrix_names_every_platform(api):
    items = (await api.get("/v1/platforms")).json()["items"]
    assert len(items) == 8
    facebook = next(each for each in items if each["platform"] == "facebook")
    assert not facebook["membership_pairs"]
    assert not facebook["membership_list"]


async def test_a_key_is_remembered_no_longer_than_it_lives(api, clock):
    assert (await api.get("/v1/employees")).status_code == 200
    clock.at += timedelta(days=400)
    assert (await api.get("/v1/employees")).status_code == 401
