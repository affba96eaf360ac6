"""Instagram from the conversations to the verdict: whoever never wrote is asked about by nobody."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.services import Services
from app.observations.rules import PairAnswer
from app.official_accounts.models import OfficialAccount
from app.platforms import base
from app.platforms.base import Platform
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from tests.api.test_compliance import make_campaign, verdicts_of
from tests.api.test_growth import official_account
from tests.api.test_registry import make_employee
from tests.platforms.meta_world import adapter
from tests.platforms.wire import account, order, sandbox_of
from tests.support import NOW
from tests.workers.scripts import ANSWERS, RUNS, everything, pairs_of, queued, rows, run
from workers.jobs import run_job
from workers.writers import writers_to

IG = Platform.INSTAGRAM
TOKEN = "page-token"
HUMAS = "17841400000000001"
# By the sandbox's rule the second of the three has written, the third has not.
IDS = {
    "ikut.demo": "17841400000000002",
    "tidak.demo": "17841400000000003",
    "diam.demo": "17841400000000006",
}
NAMES = tuple(IDS)


def world_of(*more: WorldFollow) -> World:
    return World(
        youtube_key="k",
        accounts=(
            account(IG, HUMAS, "humas_demo", 130),
            *(account(IG, platform_id, name) for name, platform_id in IDS.items()),
        ),
        follows=(WorldFollow(IG, IDS["ikut.demo"], HUMAS), *more),
        tokens=(WorldToken(IG, TOKEN, HUMAS),),
    )


WORLD = world_of()


async def token_of(_: UUID, __: UUID) -> str:
    return TOKEN


async def ask(services: Services, wire: httpx.AsyncBaseTransport, job: Any) -> None:
    await run(services, adapter(IG, wire), job, token_of=token_of)


@pytest.fixture
async def people(api, units) -> dict[str, str]:
    """One employee for each name, with an attested account."""
    made: dict[str, str] = {}
    for number, name in enumerate(NAMES, start=1):
        employee = await make_employee(api, units["16.01"], number)
        body = {"account": name, "platform": "instagram"}
        declared = (await api.post(f"/v1/employees/{employee['id']}/accounts", body)).json()
        word = {"method": "attestation", "attested_on": "2026-11-01"}
        await api.post(f"/v1/accounts/{declared['id']}/verification", word)
        made[name] = employee["id"]
    return made


@pytest.fixture
async def official(api, people) -> dict[str, Any]:
    found = await official_account(api, "humas_demo", platform="instagram")
    await make_campaign(api, found, duties=[{"kind": "follow"}])
    return found


async def follows(api, people) -> dict[str, str]:
    found = {name: (await verdicts_of(api, people[name]))["follow"] for name in NAMES}
    return {name: f"{each['verdict']}:{each['reason']}" for name, each in found.items()}


async def test_from_the_conversations_to_the_verdict(api, services, government, people, official):
    await ask(services, sandbox_of(WORLD), pairs_of(government, official))
    stored = await rows(services, government.tenant_id, ANSWERS)
    assert sorted(each.answer for each in stored) == [
        PairAnswer.DOES_NOT_FOLLOW, PairAnswer.FOLLOWS,
    ]  # fmt: skip
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.asked, log.answered) == ("ok", 2, 2)
    await run_job(services, "evaluate_all", b"{}", 0)
    assert await follows(api, people) == {
        "ikut.demo": "met:pair_positive",
        "tidak.demo": "unmet:pair_negative",
        "diam.demo": "unknown:never_checked",
    }


async def test_neither_citizens_nor_scoped_ids_are_stored(services, government, people, official):
    await ask(services, sandbox_of(WORLD), pairs_of(government, official))
    stored = await everything(services, government)
    # What is declared is there, so the search itself is known to work.
    assert "ikut.demo" in stored
    assert "warga" not in stored
    assert "igsid" not in stored
    assert "aWdfZAG06" not in stored
    assert TOKEN not in stored


async def test_nobody_reads_conversations_where_nobody_is_to_be_asked_about(
    api, services, government, people
):
    found = await official_account(api, "humas_demo", platform="instagram")

    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    await ask(services, httpx.MockTransport(refuse), pairs_of(government, found))
    assert await rows(services, government.tenant_id, RUNS) == []


async def test_where_nobody_wrote_nothing_is_said_of_anyone(services, government, people, official):
    wire = sandbox_of(WORLD)
    await order(wire, "faults", platform="instagram", fault="hidden_list", times=50)
    await ask(services, wire, pairs_of(government, official))
    assert await rows(services, government.tenant_id, ANSWERS) == []
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.reason) == ("not_supported", "nobody has written first")
    assert (log.asked, log.answered) == (0, 0)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("cursor_loop", "parse_failed"),
        ("duplicate_pages", "parse_failed"),
        ("server_error", "unavailable"),
        ("login_page", "blocked"),
        ("truncated", "parse_failed"),
        ("expired_token", "credentials_bad"),
    ],
)
async def test_conversations_that_cannot_be_read_accuse_nobody(
    api, services, government, people, official, fault, outcome
):
    wire = sandbox_of(WORLD)
    await order(wire, "faults", platform="instagram", fault=fault, times=50)
    await ask(services, wire, pairs_of(government, official))
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.outcome, log.asked) == (outcome, 0)
    assert await rows(services, government.tenant_id, ANSWERS) == []
    await run_job(services, "evaluate_all", b"{}", 0)
    assert set((await follows(api, people)).values()) == {"unknown:never_checked"}


async def test_a_limit_in_the_middle_is_waited_for(services, government, people, official, clock):
    wire = sandbox_of(WORLD)
    await order(wire, "faults", platform="instagram", fault="rate_limited", seconds=600)
    await ask(services, wire, pairs_of(government, official))
    [(job, delay)] = await queued(services, "check_pairs")
    assert delay.total_seconds() == 600
    clock.at = NOW + delay
    await ask(services, wire, job)
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 2


async def test_whoever_wrote_and_is_gone_is_asked_about_no_more(
    services, government, people, official
):
    wire = sandbox_of(WORLD)
    gone = AccountState.DEACTIVATED.value
    await order(wire, "states", platform="instagram", platform_id=IDS["ikut.demo"], state=gone)
    await ask(services, wire, pairs_of(government, official))
    stored = await rows(services, government.tenant_id, ANSWERS)
    assert [each.answer for each in stored] == [PairAnswer.DOES_NOT_FOLLOW]


async def test_a_page_that_names_nobody_is_not_the_end(services, government, people, official):
    class Quiet(base.Adapter):
        async def scoped_ids(self, official: base.Target) -> AsyncIterator[Mapping[str, str]]:
            assert official.handle == "humas_demo"
            for page in ({}, {"warga1": "igsid-1"}, {}, {"ikut.demo": "igsid-2"}):
                yield page

    async with services.database.transaction(government.tenant_id) as session:
        account = await session.get_one(
            OfficialAccount, (government.tenant_id, UUID(official["id"]))
        )
    writers = await writers_to(services, account, Quiet(), base.Target("humas_demo"))
    assert list(writers.values()) == ["igsid-2"]


def test_the_matrix_says_that_people_must_write_first():
    can = adapter(IG, sandbox_of(WORLD)).capabilities
    assert (can.pairs_need_scoped_id, can.pairs_need_consent) == (True, False)
    assert base.Capabilities(note="").pairs_need_scoped_id is False
