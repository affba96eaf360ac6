"""Pairs as jobs: once a slot each, nothing but facts, and only where somebody may be asked."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.jobs.kinds import CheckAllPairs, ReadAllFollowerLists, encode
from app.observations.rules import PairAnswer
from app.platforms import base
from app.platforms.base import PairReading
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.api.test_growth import official_account
from tests.support import NOW
from tests.workers.scripts import (
    ANSWERS,
    NO_FACTS,
    RUNS,
    Script,
    list_of,
    pairs_of,
    queued,
    rows,
    run,
)
from workers.jobs import run_job
from workers.reach import Reach

NO = PairReading(False, "script")


@pytest.fixture
def script() -> Script:
    return Script()


async def test_everyone_of_the_campaign_is_asked_about_once_a_slot(
    api, services, government, account, script
):  # fmt: skip
    await make_campaign(api, account)
    for _ in range(2):
        await run(services, script, pairs_of(government, account))
    # The contested claim of 5 and those without an account there are nobody to ask about.
    assert sorted(each.handle for each in script.asked) == [
        "delapan", "dua", "empat", "satu", "tiga",
    ]  # fmt: skip
    stored = await rows(services, government.tenant_id, ANSWERS)
    assert [each.answer for each in stored] == ["follows"] * 5
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.kind, log.outcome, log.asked, log.answered) == ("pairs", "ok", 5, 5)
    await run(services, script, pairs_of(government, account, NOW + timedelta(hours=6)))
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 10
    causes = [job.cause for job, _ in await queued(services, "evaluate_tenant")]
    assert sum(cause.startswith("check_pairs") for cause in causes) == 2


async def test_nobody_is_asked_about_before_a_campaign_asks_for_it(
    api, services, government, account, script
):  # fmt: skip
    await run(services, script, pairs_of(government, account))
    await make_campaign(api, account, duties=[{"kind": "declare"}])
    later = {"starts_at": (NOW + timedelta(days=1)).isoformat()}
    await make_campaign(api, account, **later)
    other = await official_account(api, "diskominfosumsel")
    await make_campaign(api, other)
    await run(services, script, pairs_of(government, account))
    assert script.asked == []
    assert await rows(services, government.tenant_id, RUNS) == []


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        pytest.param(PairReading(True, "s"), PairAnswer.FOLLOWS, id="yes"),
        pytest.param(PairReading(False, "s"), PairAnswer.DOES_NOT_FOLLOW, id="no"),
        pytest.param(PairReading(False, "s", blocked=True), PairAnswer.BLOCKED, id="blocked"),
        pytest.param(PairReading(True, "s", blocked=True), PairAnswer.FOLLOWS, id="yes-blocked"),
        pytest.param(base.AccountGone(), PairAnswer.NOT_TOLD, id="gone"),
        pytest.param(base.AccountSuspended(), PairAnswer.NOT_TOLD, id="suspended"),
        pytest.param(base.AccountDeactivated(), PairAnswer.NOT_TOLD, id="deactivated"),
        pytest.param(base.Ambiguous(), PairAnswer.NOT_TOLD, id="ambiguous"),
        pytest.param(base.NotSupported(), PairAnswer.NOT_TOLD, id="cannot-tell"),
    ],
)
async def test_what_is_a_fact_about_one_account_is_kept(
    api, services, government, account, script, outcome, answer
):  # fmt: skip
    await make_campaign(api, account)
    script.following = lambda _: outcome
    await run(services, script, pairs_of(government, account))
    stored = await rows(services, government.tenant_id, ANSWERS)
    assert [each.answer for each in stored] == [answer.value] * 5


@pytest.mark.parametrize("whole", [True, False], ids=["the-call", "each-account"])
@pytest.mark.parametrize("error", NO_FACTS)
async def test_what_is_no_fact_is_never_kept(
    api, services, government, account, script, error, whole
):  # fmt: skip
    await make_campaign(api, account)
    script.fails = error if whole else None
    script.following = lambda _: error
    await run(services, script, pairs_of(government, account))
    assert await rows(services, government.tenant_id, ANSWERS) == []
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.asked, log.answered) == (error.outcome, 2, 0)
    causes = [job.cause for job, _ in await queued(services, "evaluate_tenant")]
    assert not any(cause.startswith("check_pairs") for cause in causes)
    again = await queued(services, "check_pairs")
    assert len(again) == (type(error) is base.RateLimited)


@pytest.mark.parametrize(
    "error", [base.AccountGone("official"), base.NotSupported("hidden"), base.Ambiguous("two")]
)
async def test_a_call_that_fails_whole_says_nothing_of_anyone(
    api, services, government, account, script, error
):  # fmt: skip
    await make_campaign(api, account)
    script.fails = error
    await run(services, script, pairs_of(government, account))
    assert await rows(services, government.tenant_id, ANSWERS) == []
    assert [each.outcome for each in await rows(services, government.tenant_id, RUNS)] == [
        error.outcome
    ]


async def test_patience_continues_the_round_later_where_it_stopped(
    api, services, government, account, script, clock
):  # fmt: skip
    await make_campaign(api, account)
    wait = base.RateLimited("429", retry_at=NOW + timedelta(minutes=10))
    script.following = lambda _: wait if len(script.asked) > 2 else NO
    await run(services, script, pairs_of(government, account))
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 2
    [(job, delay)] = await queued(services, "check_pairs")
    assert delay == timedelta(minutes=10)
    clock.at = wait.retry_at
    script.following = lambda _: NO
    await run(services, script, job)
    stored = await rows(services, government.tenant_id, ANSWERS)
    assert len({each.account_id for each in stored}) == len(stored) == 5
    assert len(script.asked) == 2 + 2 + 3


async def test_a_wait_beyond_the_next_round_leaves_the_rest_to_it(
    api, services, government, account, script
):  # fmt: skip
    await make_campaign(api, account)
    script.fails = base.RateLimited("429", retry_at=NOW + timedelta(hours=7))
    await run(services, script, pairs_of(government, account))
    assert await queued(services, "check_pairs") == []


async def test_a_slow_round_ends_where_the_next_one_begins(
    api, services, government, account, script, clock
):  # fmt: skip
    await make_campaign(api, account)

    def slowly(_: base.Target) -> PairReading:
        clock.at += timedelta(hours=3)
        return NO

    script.following = slowly
    await run(services, script, pairs_of(government, account))
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 2
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.reason) == ("unavailable", "the next round has begun")
    assert await queued(services, "check_pairs") == []


async def test_long_walks_are_those_of_the_patient(api, services, government, account, script):
    await make_campaign(api, account)
    hasty = Script()
    reach = Reach({hasty.platform: hasty}, patient={script.platform: script})
    job = pairs_of(government, account)
    await run_job(services, job.kind, encode(job), 0, reach)
    assert (len(script.asked), hasty.asked) == (5, [])


async def test_what_needs_the_accounts_token_waits_for_it(
    api, services, government, account, script
):  # fmt: skip
    await make_campaign(api, account)
    script.capabilities = replace(Script.capabilities, pairs_need_token=True)
    await run(services, script, pairs_of(government, account))
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.reason, script.asked) == ("credentials_bad", "not connected", [])

    async def token_of(tenant_id: UUID, official_account_id: UUID) -> str:
        assert (tenant_id, str(official_account_id)) == (government.tenant_id, account["id"])
        return "rahasia"

    await run(services, script, pairs_of(government, account), token_of=token_of)
    assert {each.access_token for each in script.officials} == {"rahasia"}
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 5


async def test_where_it_takes_consent_only_those_who_gave_it_are_asked_about(
    api, services, government, account, script
):  # fmt: skip
    await make_campaign(api, account)
    script.capabilities = replace(Script.capabilities, pairs_need_consent=True)
    await run(services, script, pairs_of(government, account))
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.reason, script.asked) == ("credentials_bad", "no consent given", [])
    [willing] = await rows(
        services, government.tenant_id, "SELECT id FROM accounts WHERE handle = 'satu'"
    )

    async def consent_of(_: UUID, account_id: UUID) -> str | None:
        return "rahasia" if account_id == willing.id else None

    await run(services, script, pairs_of(government, account), consent_of=consent_of)
    assert [(each.handle, each.access_token) for each in script.asked] == [("satu", "rahasia")]


async def test_one_persons_refused_consent_stops_nobody_elses_question(
    api, services, government, account, script
):  # fmt: skip
    await make_campaign(api, account)
    script.capabilities = replace(Script.capabilities, pairs_need_consent=True, pair_batch=1)
    script.following = lambda target: (
        base.CredentialsBad("refused") if target.handle == "satu" else PairReading(True, "s")
    )

    async def consent_of(_, __):
        return "consent"

    await run(services, script, pairs_of(government, account), consent_of=consent_of)
    assert len(script.asked) == 5
    answers = await rows(services, government.tenant_id, ANSWERS)
    assert [each.answer for each in answers] == ["follows"] * 4


async def test_a_personal_account_leaves_the_duty_with_the_office_term(
    api, services, government, registry, script, clock
):  # fmt: skip
    person = await official_account(
        api,
        "gubernur",
        owner_kind="person",
        office_term_start="2024-01-01",
        office_term_end="2026-11-24",
    )
    await make_campaign(api, person)
    await run(services, script, pairs_of(government, person))
    assert len(script.asked) == 5
    clock.at += timedelta(days=1)
    await run(services, script, pairs_of(government, person, clock.at))
    await run(services, script, list_of(government, person, clock.at))
    assert len(script.asked) == 5


async def test_the_schedule_queues_what_each_platform_can_tell(
    api, services, government, account, script
):  # fmt: skip
    silent = await official_account(api, "diskominfosumsel", read_list=False)
    await official_account(api, "lama", active=False)
    await official_account(api, "sumsel", platform="facebook")
    for job in (CheckAllPairs(), ReadAllFollowerLists(), CheckAllPairs(), ReadAllFollowerLists()):
        await run(services, script, job)
    asked = {str(job.official_account_id) for job, _ in await queued(services, "check_pairs")}
    assert asked == {account["id"], silent["id"]}
    read = [str(job.official_account_id) for job, _ in await queued(services, "read_follower_list")]
    assert read == [account["id"]]


async def test_xs_list_is_read_only_where_somebody_wants_to_pay_for_it(api):
    paid = await official_account(api, "pemprovsumsel", platform="x")
    assert paid["read_list"] is False
    changed = await api.patch(
        f"/v1/official-accounts/{paid['id']}", {"read_list": True}, etag='"1"'
    )
    assert changed.json()["read_list"] is True
    free = await official_account(api, "pemprovsumsel", platform="instagram")
    assert free["read_list"] is True
