"""Existence: what a platform says moves an account, once, and never on a guess."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.changes.kinds import ChangeKind
from app.core.services import Services
from app.jobs.kinds import CheckAccounts, CheckAllAccounts
from app.platforms import base
from app.platforms.base import ExistenceState, Platform, Target
from tests.api.test_registry import make_employee
from tests.conftest import make_government
from tests.support import NOW, Api, Government
from tests.workers.scripts import Script, here, invent, rows, run, told

DAY = timedelta(days=1)
MISSING = told(ExistenceState.MISSING)


@pytest.fixture
def script() -> Script:
    return Script()


async def declare(api: Api, employee: dict, handle: str) -> dict[str, Any]:
    answer = await api.post(
        f"/v1/employees/{employee['id']}/accounts", {"account": handle, "platform": "instagram"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def attest(api: Api, account: dict) -> None:
    body = {"method": "attestation", "attested_on": "2026-11-01"}
    answer = await api.post(f"/v1/accounts/{account['id']}/verification", body)
    assert answer.status_code == 200, answer.text


async def read(api: Api, account: dict) -> dict[str, Any]:
    return (await api.get(f"/v1/accounts/{account['id']}")).json()


@pytest.fixture
async def budi(api: Api, units: dict) -> dict:
    return await make_employee(api, units["16.01"], 1)


@pytest.fixture
async def account(api: Api, budi: dict) -> dict:
    return await declare(api, budi, "budi.asn")


async def check(services: Services, government: Government, script: Script) -> None:
    slot = services.clock.now().isoformat()
    await run(services, script, CheckAccounts(government.tenant_id, "instagram", slot))


CHECKS = "SELECT state, day, source FROM account_checks ORDER BY id"


async def test_an_account_that_is_there_exists_and_its_id_is_learnt(
    api, services, government, account, script
):
    script.existing = lambda _: here("17841400000000001", "Budi.ASN")
    await check(services, government, script)
    found = await read(api, account)
    assert (found["state"], found["platform_id"]) == ("exists", "17841400000000001")
    assert found["handle"] == "budi.asn"
    assert found["last_checked_at"] is not None
    listed = (await api.get(f"/v1/accounts/{account['id']}/checks")).json()["items"]
    assert [(each["state"], each["source"]) for each in listed] == [("exists", "script")]
    [due] = await rows(services, government.tenant_id, "SELECT next_check_at FROM accounts")
    assert due.next_check_at - NOW == timedelta(hours=23, minutes=30)


async def test_a_second_run_finds_nothing_due(services, government, account, script):
    for _ in range(2):
        await check(services, government, script)
    assert len(script.asked) == 1
    assert len(await rows(services, government.tenant_id, CHECKS)) == 1
    runs = await rows(services, government.tenant_id, "SELECT kind FROM poll_runs")
    assert [each.kind for each in runs] == ["existence"]


async def test_a_check_does_not_undo_a_proof(api, services, government, account, script, clock):
    await attest(api, account)
    await check(services, government, script)
    assert (await read(api, account))["state"] == "verified"
    script.existing = lambda _: told(ExistenceState.PRIVATE)
    clock.at += DAY
    await check(services, government, script)
    assert (await read(api, account))["state"] == "private"
    script.existing = lambda _: here()
    clock.at += DAY
    await check(services, government, script)
    assert (await read(api, account))["state"] == "verified"


async def test_missing_takes_three_days(api, services, government, account, script, clock):
    script.existing = lambda _: MISSING
    states = []
    for _ in range(3):
        await check(services, government, script)
        states.append((await read(api, account))["state"])
        clock.at += DAY
    assert states == ["declared", "declared", "missing"]
    assert (await read(api, account))["unseen_since"] is not None


async def test_checks_of_one_day_count_once(services, government, account, script, clock, api):
    script.existing = lambda _: MISSING
    for _ in range(4):
        async with services.database.transaction(government.tenant_id) as session:
            await session.execute(text("UPDATE accounts SET next_check_at = NULL"))
        await check(services, government, script)
        clock.at += timedelta(hours=1)
    assert len(await rows(services, government.tenant_id, CHECKS)) == 4
    assert (await read(api, account))["state"] == "declared"


@pytest.mark.parametrize("between", ["exists", "private", "suspended", "deactivated"])
async def test_the_days_are_counted_anew_once_it_was_told_otherwise(
    api, services, government, account, script, clock, between
):
    for state in ("missing", "missing", between, "missing", "missing"):
        script.existing = lambda _, state=state: told(ExistenceState(state))
        await check(services, government, script)
        clock.at += DAY
    assert (await read(api, account))["state"] != "missing"
    await check(services, government, script)
    assert (await read(api, account))["state"] == "missing"


@pytest.mark.parametrize("between", ["ambiguous", "blocked"])
async def test_an_unclear_answer_is_a_row_and_changes_nothing(
    api, services, government, account, script, clock, between
):
    for state in ("missing", "missing", between, between):
        script.existing = lambda _, state=state: told(ExistenceState(state))
        await check(services, government, script)
        clock.at += DAY
        assert (await read(api, account))["state"] == "declared"
    assert len(await rows(services, government.tenant_id, CHECKS)) == 4
    script.existing = lambda _: MISSING
    await check(services, government, script)
    assert (await read(api, account))["state"] == "missing"


@pytest.mark.parametrize("state", ["suspended", "deactivated", "private"])
async def test_states_are_told_apart(api, services, government, account, script, state):
    script.existing = lambda _: told(ExistenceState(state))
    await check(services, government, script)
    assert (await read(api, account))["state"] == state


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        pytest.param(base.Unavailable("503"), timedelta(hours=1), id="down"),
        pytest.param(base.ParseFailed("json"), timedelta(hours=1), id="garbled"),
        pytest.param(base.LoginWall("page"), timedelta(hours=1), id="login-page"),
        pytest.param(base.CredentialsBad("key"), timedelta(hours=1), id="credentials"),
        pytest.param(
            base.RateLimited("429", retry_at=NOW + timedelta(hours=5)),
            timedelta(hours=5),
            id="patience",
        ),
    ],
)
async def test_a_failure_is_a_run_and_no_check(
    api, services, government, account, script, budi, error, wait
):
    for number in range(4):
        await declare(api, budi, f"lain{number}")
    script.fails = error
    await check(services, government, script)
    assert len(script.asked) == 3, "what failed as a whole is not tried again at once"
    assert await rows(services, government.tenant_id, CHECKS) == []
    [log] = (await api.get("/v1/polls", kind="existence")).json()["items"]
    assert (log["outcome"], log["platform"]) == (error.outcome, "instagram")
    assert (log["asked"], log["answered"], log["official_account_id"]) == (3, 0, None)
    assert log["next_due"] is not None
    due = await rows(
        services,
        government.tenant_id,
        "SELECT next_check_at FROM accounts WHERE next_check_at IS NOT NULL",
    )
    assert {each.next_check_at for each in due} == {NOW + wait}
    # Patience is asked of the whole platform, everything else of those who were asked about.
    assert len(due) == (5 if isinstance(error, base.RateLimited) else 3)


async def test_a_renamed_account_keeps_its_id_and_its_old_handle_as_history(
    api, services, government, account, script, clock
):
    await attest(api, account)
    script.existing = lambda _: here("7", "budi.asn")
    await check(services, government, script)
    script.existing = lambda _: here("7", "Budi.Baru")
    clock.at += DAY
    await check(services, government, script)
    found = await read(api, account)
    assert (found["state"], found["handle"], found["platform_id"]) == ("renamed", "budi.baru", "7")
    [old] = await rows(
        services, government.tenant_id, "SELECT handle, held_until FROM account_handles"
    )
    assert (old.handle, old.held_until) == ("budi.asn", NOW + DAY)
    clock.at += DAY
    await check(services, government, script)
    assert (await read(api, account))["state"] == "verified"
    assert script.asked[-1] == Target("budi.baru", "7")


@pytest.mark.parametrize("by_id", [False, True], ids=["asked-by-handle", "asked-by-id"])
async def test_a_handle_that_answers_with_another_id_is_contested(
    api, services, government, account, script, clock, by_id
):
    script.existing = lambda _: here("7", "budi.asn")
    await check(services, government, script)
    # A platform that looks up ids says that the old one is gone; the handle has a new owner.
    script.existing = lambda target: (
        MISSING if by_id and target.platform_id else here("8", "budi.asn")
    )
    clock.at += DAY
    await check(services, government, script)
    found = await read(api, account)
    assert (found["state"], found["platform_id"]) == ("contested", "7")
    assert found["notice"] == "This account needs verification before it counts."
    clock.at += DAY
    asked = len(script.asked)
    await check(services, government, script)
    assert len(script.asked) == asked, "only a human's decision ends a contest"


async def test_of_two_claims_on_one_id_the_later_waits_and_the_batch_goes_on(
    api, services, government, units, account, script, clock
):
    clock.at += timedelta(minutes=1)
    siti, third = [await make_employee(api, units["16.02"], each) for each in (2, 3)]
    later = await declare(api, siti, "budi_lama")
    other = await declare(api, third, "tuti")
    ids = {"budi.asn": "7", "budi_lama": "7", "tuti": "9"}
    script.existing = lambda target: here(ids[target.handle])
    await check(services, government, script)
    states = [(await read(api, each))["state"] for each in (account, later, other)]
    assert states == ["exists", "contested", "exists"]
    changes = await rows(services, government.tenant_id, "SELECT kind, subject_id FROM changes")
    assert (ChangeKind.ACCOUNT_CONTESTED.value, UUID(later["id"])) in [
        tuple(each) for each in changes
    ]


async def test_an_earlier_claim_found_later_sends_the_later_one_aside(
    api, services, government, units, account, script, clock
):
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(text("UPDATE accounts SET next_check_at = :at"), {"at": NOW + DAY})
    clock.at += timedelta(minutes=1)
    later = await declare(api, await make_employee(api, units["16.02"], 2), "budi_lama")
    script.existing = lambda _: here("7")
    await check(services, government, script)
    assert (await read(api, later))["state"] == "exists"
    clock.at += DAY
    await check(services, government, script)
    assert (await read(api, later))["state"] == "contested"
    assert (await read(api, account))["state"] == "exists"


async def test_a_corrected_handle_is_another_account_and_is_checked_anew(
    api, services, government, account, script, clock
):
    script.existing = lambda _: MISSING
    for _ in range(2):
        await check(services, government, script)
        clock.at += DAY
    etag = (await api.get(f"/v1/accounts/{account['id']}")).headers["etag"]
    corrected = await api.patch(
        f"/v1/accounts/{account['id']}", {"account": "budi.benar"}, etag=etag
    )
    assert corrected.json()["unseen_since"] is None
    await check(services, government, script)
    assert (await read(api, account))["state"] == "declared"


async def test_a_check_whose_account_was_corrected_meanwhile_is_dropped(
    api, services, government, account, script
):
    async def correct() -> None:
        await api.patch(f"/v1/accounts/{account['id']}", {"account": "budi.benar"}, etag='"1"')

    class Slow(Script):
        async def existence(self, targets):
            answer = await super().existence(targets)
            if len(self.asked) == 1:
                await correct()
            return answer

    slow = Slow()
    slow.existing = lambda target: here("7") if target.handle == "budi.asn" else MISSING
    await check(services, government, slow)
    found = await read(api, account)
    assert (found["handle"], found["platform_id"]) == ("budi.benar", None)
    states = [each.state for each in await rows(services, government.tenant_id, CHECKS)]
    assert states == ["missing"]


async def test_workers_side_by_side_check_every_account_once(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    await invent(services, government, 40)
    script = Script()
    script.pool = services.database.bind.pool
    script.existing = lambda target: here(f"id-{target.handle}")
    await asyncio.gather(*(check(services, government, script) for _ in range(3)))
    assert len(script.asked) == 40
    assert len(await rows(services, government.tenant_id, CHECKS)) == 40
    found = await rows(services, government.tenant_id, "SELECT DISTINCT state FROM accounts")
    assert [each.state for each in found] == ["exists"]


async def test_no_connection_is_held_while_the_platform_is_asked(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    await invent(services, government, 4)
    script = Script()
    script.pool = services.database.bind.pool
    await check(services, government, script)
    assert script.connections_held == [0, 0]


async def test_a_worker_that_comes_too_late_writes_nothing(separate_services, clock):
    services = separate_services
    government = await make_government(services, "sumsel")
    await invent(services, government, 1)

    class Late(Script):
        async def existence(self, targets):
            clock.at += timedelta(minutes=12)
            await check(services, government, Script())
            return dict.fromkeys(targets, told(ExistenceState.SUSPENDED))

    await check(services, government, Late())
    states = [each.state for each in await rows(services, government.tenant_id, CHECKS)]
    assert states == ["exists"]


async def test_every_tenant_and_platform_gets_a_job(services, government, script):
    await make_government(services, "jambi")
    for _ in range(2):
        await run(services, script, CheckAllAccounts())
    async with services.database.system() as session:
        queued = await session.execute(text("SELECT entrypoint FROM pgqueuer"))
    assert [each.entrypoint for each in queued] == ["check_accounts"] * 2


async def test_the_database_knows_every_kind_of_change_and_state(connection):
    for name, values in (
        ("change_kind_is_known", [each.value for each in ChangeKind]),
        ("existence_state_is_known", [each.value for each in ExistenceState]),
        ("poll_platform_is_known", [each.value for each in Platform]),
    ):
        written = await connection.scalar(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
            {"name": name},
        )
        assert [each for each in values if f"'{each}'" not in written] == [], name
