"""The queue and the scheduler: once each, again after a crash, set aside after three failures."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from pgqueuer import RetryRequested
from sqlalchemy import text

from app.core.services import Services
from app.jobs import kinds
from app.jobs.kinds import EvaluateAll, EvaluateCampaign, Prune, decode, encode
from app.jobs.queue import enqueue
from app.jobs.schedule import SCHEDULE
from tests.api.test_compliance import account, make_campaign, registry, take_lists  # noqa: F401
from tests.conftest import make_government
from tests.support import NOW
from workers import jobs
from workers.jobs import JobFailed, run_job, work_queue
from workers.scheduler import fire


async def queue_of(services: Services) -> list:
    async with services.database.system() as session:
        return list(
            await session.execute(text("SELECT entrypoint, status::text FROM pgqueuer ORDER BY id"))
        )


def test_jobs_come_out_of_the_queue_as_they_went_in():
    for job in (EvaluateAll(), Prune(), EvaluateCampaign(uuid4(), uuid4(), cause="x")):
        assert decode(job.kind, encode(job)) == job
    assert set(kinds.KINDS) == set(jobs.HANDLERS)


async def test_a_job_with_the_same_key_waits_once(services):
    async with services.database.system() as session:
        await enqueue(session, [EvaluateAll(), EvaluateAll()])
        await enqueue(session, [EvaluateAll(), Prune()])
    assert [row.entrypoint for row in await queue_of(services)] == ["evaluate_all", "prune"]


async def test_a_rolled_back_request_leaves_no_job(services):
    with pytest.raises(ZeroDivisionError):
        async with services.database.system() as session:
            await enqueue(session, [EvaluateAll()])
            raise ZeroDivisionError
    assert await queue_of(services) == []


async def test_two_schedulers_fire_a_slot_once(separate_services):
    line, slot = SCHEDULE[0], NOW
    fired = await asyncio.gather(*(fire(separate_services, line, slot) for _ in range(8)))
    assert fired.count(True) == 1
    assert len(await queue_of(separate_services)) == 1
    assert await fire(separate_services, line, slot + timedelta(minutes=15))


async def test_a_failing_job_is_retried_twice_and_then_set_aside(services, monkeypatch):
    async def fail(*_: object) -> None:
        message = "a text that may quote a row"
        raise ValueError(message)

    monkeypatch.setitem(jobs.HANDLERS, "prune", fail)
    for attempts in (0, 1):
        with pytest.raises(RetryRequested) as retry:
            await run_job(services, "prune", b"{}", attempts)
        assert "row" not in str(retry.value)
    with pytest.raises(JobFailed) as failed:
        await run_job(services, "prune", b"{}", 2)
    assert str(failed.value) == "ValueError"


async def test_a_worker_runs_what_is_queued_and_stops_when_told(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    async with services.database.transaction(government.tenant_id) as session:
        await enqueue(session, [EvaluateCampaign(government.tenant_id, uuid4(), cause="t")])
    stop = asyncio.Event()
    working = asyncio.create_task(work_queue(services, stop))
    async with asyncio.timeout(15):
        while await queue_of(services):
            await asyncio.sleep(0.05)
        stop.set()
        await working


async def test_pruning_keeps_the_queue_small_and_drops_old_answers(services):
    government = await make_government(services, "sumsel")
    async with services.database.system() as session:
        await session.execute(
            text("INSERT INTO cron_slots VALUES ('x', now(), now() - interval '30 days')")
        )
        await session.execute(
            text(
                "INSERT INTO platform_budgets (platform, host, credential, busy_until, drawn_at,"
                " pause, paused_until) VALUES"
                " ('x', '', 'old', now() - interval '9 days', now() - interval '9 days',"
                "  NULL, NULL),"
                " ('x', '', 'app', now() - interval '9 days', now() - interval '9 days',"
                "  'credits_exhausted', now() + interval '1 day')"
            )
        )
        await session.execute(
            text(
                "INSERT INTO platform_breakers (platform, door, failures, failed_at, openings,"
                " probing) VALUES ('x', 'api', 1, now() - interval '9 days', 0, false)"
            )
        )
    await run_job(services, "prune", b"{}", 0)
    async with services.database.system() as session:
        assert await session.scalar(text("SELECT count(*) FROM cron_slots")) == 0
        kept = await session.scalars(text("SELECT credential FROM platform_budgets"))
        assert kept.all() == ["app"], "a pause that still holds is kept"
        assert await session.scalar(text("SELECT count(*) FROM platform_breakers")) == 0
    assert government


async def test_the_scheduled_evaluation_judges_every_running_campaign(
    api, services, government, registry, account  # noqa: F811
):  # fmt: skip
    campaign = await make_campaign(api, account)
    await take_lists(api, account, NOW - timedelta(days=3), NOW - timedelta(days=1))
    await run_job(services, "evaluate_all", b"{}", 0)
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert progress["evaluated_at"] is not None
    counts = {each["duty"]: each["counts"] for each in progress["duties"]}
    assert counts["follow"]["met"] == 2


async def test_an_evaluation_of_a_campaign_that_is_gone_is_harmless(services):
    government = await make_government(services, "sumsel")
    job = EvaluateCampaign(government.tenant_id, uuid4(), cause="t")
    await run_job(services, job.kind, encode(job), 0)
