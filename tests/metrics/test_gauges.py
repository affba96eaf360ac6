"""The figures of /metrics are what the API answers, and are absent where nothing is known."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.core.db import Database, make_engine
from app.core.services import Services
from app.gauges import queries
from app.gauges.exposing import REMEMBERED_FOR
from app.gauges.kinds import KINDS
from app.gauges.rules import TOLD_FOR
from app.jobs.kinds import EvaluateAll, Prune
from app.jobs.queue import enqueue
from app.main import create_app
from app.platforms.base import Platform
from app.settings import Settings
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_growth import official_account, read_count
from tests.connecting import connected_service
from tests.metrics.scraping import Scraped, make_governments, scrape
from tests.support import NOW, nip
from workers.gauges import EVERY, refresh_due

ROOT = Path(__file__).parents[2]
FOLLOWERS = "simedsos_official_account_followers"
OBSERVED = "simedsos_official_account_observed_timestamp_seconds"
LISTED = "simedsos_official_account_last_list_timestamp_seconds"
ASKED = "simedsos_http_request_duration_seconds"


async def read(http: httpx.AsyncClient, services: Services) -> Scraped:
    """What is told when a worker has just read the figures."""
    services.clock.at += EVERY  # type: ignore[attr-defined]  # The clock of tests can be set.
    assert await refresh_due(services) >= 1
    return await scrape(http)


async def counts_of(api: Any, campaign: dict[str, Any]) -> dict[str, int]:
    duties = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()["duties"]
    [follow] = [each for each in duties if each["duty"] == "follow"]
    found: dict[str, int] = follow["counts"]
    return found


async def test_figures_are_what_the_api_answers(api, http, services, government, registry, account):
    campaign = await make_campaign(api, account)
    never_read = await official_account(api, "belum.terbaca")
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    told = await read(http, services)
    assert told.value(FOLLOWERS, official_account=never_read["id"]) is None
    assert told.value(OBSERVED, official_account=never_read["id"]) is None
    assert told.value(LISTED, official_account=never_read["id"]) is None
    answer = await api.get(f"/v1/official-accounts/{account['id']}/growth", **{"from": NOW})
    labels = {"tenant": "sumsel", "platform": "instagram", "official_account": account["id"]}
    assert told.value(FOLLOWERS, **labels) == answer.json()["current"]["min"] == 41
    assert told.moment(OBSERVED, SECOND, **labels)
    assert told.moment(LISTED, SECOND, **labels)
    counts = await counts_of(api, campaign)
    of_it = {"tenant": "sumsel", "campaign": campaign["id"], "duty": "follow"}
    verdicts = {
        verdict: told.value("simedsos_campaign_verdicts", **of_it, verdict=verdict)
        for verdict in ("met", "unmet", "unknown", "excused")
    }
    assert counts["met"] == 2
    assert counts["unmet"] == 1
    assert verdicts == {name: counts[name] for name in verdicts}
    known = counts["met"] + counts["unmet"]
    asked = known + counts["unknown"]
    assert told.value("simedsos_campaign_known_ratio", **of_it) == known / asked
    assert told.value("simedsos_campaign_met_ratio", **of_it) == counts["met"] / known
    assert told.moment("simedsos_campaigns_evaluated_timestamp_seconds", NOW, tenant="sumsel")
    people = (await api.get("/v1/employees")).json()["items"]
    assert told.value("simedsos_registered_employees", tenant="sumsel") == len(people) == 8
    declared = {
        each.value: told.value("simedsos_declared_accounts", platform=each.value)
        for each in Platform
    }
    assert declared == {each.value: 0 for each in Platform} | {"instagram": 6}


async def test_nothing_known_is_no_rate_and_few_people_are_no_figure(
    api, http, services, government, registry, account
):
    unjudged = await make_campaign(api, account)
    unit = (await api.get(f"/v1/employees/{registry['1']}")).json()["unit_id"]
    few = await make_campaign(api, account, cohort={"unit_ids": [unit]})
    asked_nothing_else = await make_campaign(
        api, account, duties=[{"kind": "declare", "platforms": ["instagram"]}]
    )
    unknown = await make_campaign(api, account)
    for each in (few, asked_nothing_else, unknown):
        await judge(services, government, each)
    told = await read(http, services)
    name = "simedsos_campaign_known_ratio"
    assert (await counts_of(api, few))["eligible"] < 5
    assert not any(of in told.text for of in (unjudged["id"], few["id"]))
    assert told.value("simedsos_campaigns_evaluated_timestamp_seconds") is None
    assert told.value(name, campaign=unknown["id"], duty="follow") == 0
    assert told.value("simedsos_campaign_met_ratio", campaign=unknown["id"]) is None
    assert told.value(name, campaign=asked_nothing_else["id"], duty="declare") is not None


async def test_a_campaign_leaves_a_month_after_its_end(
    api, http, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    assert campaign["id"] in (await read(http, services)).text
    clock.at += timedelta(days=100)
    assert campaign["id"] not in (await read(http, services)).text


async def test_a_count_that_is_not_read_any_more_stands_and_its_moment_too(
    api, http, services, clock
):
    account = await official_account(api)
    await read_count(api, account, NOW - timedelta(minutes=5), followers=7200)
    clock.at += timedelta(days=3)
    told = await read(http, services)
    assert told.value(FOLLOWERS, official_account=account["id"]) == 7200
    assert told.moment(OBSERVED, NOW - timedelta(minutes=5), official_account=account["id"])
    answer = await api.patch(
        f"/v1/official-accounts/{account['id']}", {"active": False}, etag='"1"'
    )
    assert answer.status_code == 200, answer.text
    assert (await read(http, services)).value(FOLLOWERS, official_account=account["id"]) is None


async def test_figures_that_no_worker_reads_are_absent_and_said_to_be_old(
    api, http, services, clock
):
    fresh = await read(http, services)
    assert fresh.value("simedsos_registered_employees", tenant="sumsel") == 0
    read_at = clock.at
    clock.at += TOLD_FOR + timedelta(seconds=1)
    old = await scrape(http)
    assert old.value("simedsos_registered_employees", tenant="sumsel") is None
    assert old.moment("simedsos_business_gauges_refreshed_timestamp_seconds", read_at)
    assert old.value("simedsos_polls_due") == 0


async def test_one_government_that_cannot_be_read_does_not_stop_the_others(
    http, services, government, other_government, connection, clock, monkeypatch
):
    readable = queries.employees_at_work

    async def unreadable(session, tenant_id):
        if tenant_id == government.tenant_id:
            await session.execute(text("SELECT 1 / 0"))
        return await readable(session, tenant_id)

    monkeypatch.setattr(queries, "employees_at_work", unreadable)
    assert await refresh_due(services) == 1
    told = await scrape(http)
    assert told.value("simedsos_registered_employees", tenant="sumsel") is None
    assert told.value("simedsos_registered_employees", tenant="jambi") == 0
    assert told.value("simedsos_figure_readings_total", outcome="failed") is not None
    clock.at += timedelta(seconds=30)
    monkeypatch.undo()
    assert await refresh_due(services) == 1


async def test_credentials_that_end_and_those_that_are_lost(services):
    async with connected_service(services) as connected:
        account_id = await connected.connect(Platform.THREADS)
        told = await read(connected.http, services)
        name = "simedsos_credential_expiry_timestamp_seconds"
        ends_at = (await connected.state(account_id))["expires_at"]
        assert ends_at is not None
        assert told.value(name, tenant="sumsel", platform="threads") is not None
        assert told.value("simedsos_credentials_lost", tenant="sumsel") == 0
        connected.clock.at += timedelta(days=100)
        assert (await connected.state(account_id))["state"] == "expired"
        told = await read(connected.http, services)
        assert told.value(name) is None
        assert told.value("simedsos_credentials_lost", tenant="sumsel") == 1


async def test_an_unanswered_request_is_overdue_after_three_days(
    api, http, services, registry, clock
):
    body = {"employee_id": registry["1"], "right": "access", "text": "Mohon salinan."}
    made = await api.post(
        "/v1/subject-requests", {**body, "received_by": "BKD", "received_at": NOW.isoformat()}
    )
    assert made.status_code == 201, made.text
    name = "simedsos_subject_requests_overdue"
    assert (await read(http, services)).value(name, tenant="sumsel") == 0
    clock.at = NOW + timedelta(hours=72, seconds=1)
    assert (await read(http, services)).value(name, tenant="sumsel") == 1


async def test_the_queue_and_the_polls_are_told_as_they_are(api, http, services, clock):
    await official_account(api)
    async with services.database.system() as session:
        await enqueue(session, [EvaluateAll()])
        await enqueue(session, [Prune()], delay=timedelta(hours=1))
        await session.execute(
            text(
                "UPDATE pgqueuer SET execute_after = now() - interval '90 s'"
                " WHERE entrypoint = 'evaluate_all'"
            )
        )
        await session.execute(text("UPDATE due_polls SET next_poll_at = :at"), {"at": clock.at})
    clock.at += timedelta(seconds=45)
    told = await scrape(http)
    assert told.value("simedsos_jobs_waiting", kind="evaluate_all") == 1
    assert told.value("simedsos_jobs_oldest_waiting_seconds", kind="evaluate_all") == 90
    assert told.value("simedsos_jobs_waiting", kind="prune") == 0
    assert told.value("simedsos_polls_due") == 1
    assert told.value("simedsos_poll_oldest_due_seconds") == 45
    async with services.database.system() as session:
        await session.execute(text("UPDATE pgqueuer SET status = 'failed'"))
    clock.at += REMEMBERED_FOR + timedelta(seconds=1)
    assert (await scrape(http)).value("simedsos_jobs_dead", kind="prune") == 1


async def test_budgets_are_shares_of_what_the_api_tells(api, http):
    told = await scrape(http)
    for platform in (await api.get("/v1/platforms")).json()["items"]:
        for budget in platform["budgets"]:
            used = told.value(
                "simedsos_platform_budget_used_ratio",
                platform=platform["platform"],
                credential=budget["credential"],
            )
            assert used == 1 - budget["remaining"] / budget["limit"]


async def test_a_token_is_asked_for_where_one_is_set(services, government):
    services.settings = Settings(metrics_token=SecretStr("rahasia-pengukur"))
    transport = httpx.ASGITransport(app=create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        for shown in ({}, {"Authorization": "Bearer salah"}, {"Authorization": "rahasia-pengukur"}):
            assert (await http.get("/metrics", headers=shown)).status_code == 401
        right = {"Authorization": "Bearer rahasia-pengukur"}
        answer = await http.get("/metrics", headers=right)
        assert (answer.status_code, "simedsos_polls_due" in answer.text) == (200, True)


async def test_what_the_database_tells_is_absent_while_it_is_down():
    engine = make_engine("postgresql://nobody@127.0.0.1:9/none")
    app = create_app(Services(Database(engine), Settings()))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        await http.get("/livez")
        told = await scrape(http)
    assert told.value("simedsos_http_request_duration_seconds_count", route="/livez") is not None
    assert not told.names & {kind.name for kind in KINDS}
    await engine.dispose()


async def test_sixty_governments_are_fewer_than_five_thousand_series(http, services):
    await make_governments(services)
    assert await refresh_due(services) == 60
    told = await scrape(http)
    assert sum(name == FOLLOWERS for name, _ in told.series) == 60 * 15
    assert sum(name == "simedsos_campaign_met_ratio" for name, _ in told.series) == 60 * 3
    # What this process has been asked comes on top, and other tests have asked it a lot.
    governments = [name for name, _ in told.series if not name.startswith(ASKED)]
    assert 4_000 < len(governments) < 5_000


async def test_no_person_of_the_registry_is_in_it(api, http, services, registry, account):
    for path in ("/v1/employees", f"/v1/employees/{registry['1']}"):
        await api.get(path)
    told = (await read(http, services)).text
    people = [f"Pegawai {number}" for number in registry]
    secrets = [*people, *registry.values(), *map(nip, range(1, 9)), "satu", "dua", "pemprovsumsel"]
    assert [each for each in secrets if each in told] == []


def test_every_gauge_is_documented_with_its_labels():
    lines = re.findall(r"^\| `(simedsos_\w+)` \| ([^|]*) \|", documented(), re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in lines}
    same = set(told["simedsos_official_account_followers"])
    for name in (OBSERVED, LISTED):
        told[name] = same
    gauges = {kind.name: set(kind.every_label) for kind in KINDS}
    assert {name: told[name] for name in gauges} == gauges
    # The others are what processes tell of themselves.
    source = (ROOT / "app" / "core" / "metrics.py").read_text()
    assert [name for name in told.keys() - gauges if f'"{name}"' not in source] == []


def documented() -> str:
    """What is told of governments and the installation."""
    told = (ROOT / "docs" / "metrics.md").read_text()
    return told[: told.index("## What processes have done")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_names_follow_the_rules(kind):
    assert not kind.name.endswith("_total")
    assert not {"nip", "handle", "name", "employee", "unit", "url"} & set(kind.every_label)
