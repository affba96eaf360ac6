"""The whole way on Bluesky's own wire format: checks, pairs, a list, and the verdicts from them."""

from typing import Any

import pytest

from app.jobs.kinds import CheckAccounts
from app.platforms.base import Platform
from app.platforms.sandbox.world import AccountState, World, WorldFollow
from tests.api.test_compliance import make_campaign, verdicts_of
from tests.api.test_growth import official_account
from tests.api.test_registry import make_employee
from tests.platforms.wire import account, adapter, order, sandbox_of
from tests.support import NOW, Government
from tests.workers.scripts import LISTED, RUNS, list_of, pairs_of, rows, run
from workers.jobs import run_job


def did(name: str) -> str:
    return f"did:plc:{name:2<24}"


def checks_of(government: Government) -> CheckAccounts:
    return CheckAccounts(government.tenant_id, "bluesky", NOW.isoformat())


NAMES = ("ikut", "tidak", "hilang", "nonaktif")
WORLD = World(
    youtube_key="k",
    accounts=(
        account(Platform.BLUESKY, did("humas"), "humas.bsky.social", 130),
        account(Platform.BLUESKY, did("ikut"), "ikut.bsky.social"),
        account(Platform.BLUESKY, did("tidak"), "tidak.bsky.social"),
        account(
            Platform.BLUESKY, did("nonaktif"), "nonaktif.bsky.social", 1, AccountState.DEACTIVATED
        ),
    ),
    follows=(WorldFollow(Platform.BLUESKY, did("ikut"), did("humas")),),
)


STATES = "SELECT handle, state, platform_id FROM accounts"


@pytest.fixture
async def people(api, units) -> dict[str, str]:
    """One employee for each name, with an attested account."""
    made: dict[str, str] = {}
    for number, name in enumerate(NAMES, start=1):
        employee = await make_employee(api, units["16.01"], number)
        body = {"account": f"{name}.bsky.social", "platform": "bluesky"}
        declared = (await api.post(f"/v1/employees/{employee['id']}/accounts", body)).json()
        word = {"method": "attestation", "attested_on": "2026-11-01"}
        await api.post(f"/v1/accounts/{declared['id']}/verification", word)
        made[name] = employee["id"]
    return made


@pytest.fixture
async def official(api, people) -> dict[str, Any]:
    found = await official_account(api, "humas.bsky.social", platform="bluesky")
    await make_campaign(api, found, duties=[{"kind": "follow"}])
    return found


async def follows(api, people) -> dict[str, str]:
    found = {name: (await verdicts_of(api, people[name]))["follow"] for name in NAMES}
    return {name: f"{each['verdict']}:{each['reason']}" for name, each in found.items()}


async def test_from_the_wire_to_the_verdict(api, services, government, people, official, clock):
    bluesky = adapter(Platform.BLUESKY, sandbox_of(WORLD))
    await run(services, bluesky, checks_of(government))
    states = await rows(services, government.tenant_id, STATES)
    assert {each.handle.split(".")[0]: (each.state, each.platform_id) for each in states} == {
        "ikut": ("verified", did("ikut")),
        "tidak": ("verified", did("tidak")),
        "hilang": ("verified", None),
        "nonaktif": ("deactivated", None),
    }
    await run(services, bluesky, pairs_of(government, official))
    await run_job(services, "evaluate_all", b"{}", 0)
    assert await follows(api, people) == {
        "ikut": "met:pair_positive",
        "tidak": "unmet:pair_negative",
        "hilang": "unknown:never_checked",
        "nonaktif": "unknown:never_checked",
    }
    await run(services, bluesky, list_of(government, official))
    [taken] = await rows(services, government.tenant_id, LISTED)
    assert (taken.listed, taken.matched, taken.certificate) == (130, 1, "complete")


@pytest.mark.parametrize(
    "fault", ["rate_limited", "server_error", "login_page", "truncated", "wrong_type"]
)
async def test_a_platform_in_trouble_accuses_nobody(
    api, services, government, people, official, fault
):
    wire = sandbox_of(WORLD)
    bluesky = adapter(Platform.BLUESKY, wire)
    await run(services, bluesky, checks_of(government))
    await order(wire, "faults", platform="bluesky", fault=fault, times=50)
    await run(services, bluesky, pairs_of(government, official))
    await run(services, bluesky, list_of(government, official))
    logged = await rows(services, government.tenant_id, RUNS)
    assert [each.outcome for each in logged if each.kind in {"pairs", "list"}].count("ok") == 0
    assert await rows(services, government.tenant_id, LISTED) == []
    await run_job(services, "evaluate_all", b"{}", 0)
    assert set((await follows(api, people)).values()) == {"unknown:never_checked"}


@pytest.mark.parametrize("fault", ["cursor_loop", "short_list", "hidden_list", "duplicate_pages"])
async def test_a_list_that_lies_is_never_a_complete_one(
    services, government, people, official, fault
):
    wire = sandbox_of(WORLD)
    bluesky = adapter(Platform.BLUESKY, wire)
    await run(services, bluesky, checks_of(government))
    await order(wire, "faults", platform="bluesky", fault=fault, times=50)
    await run(services, bluesky, list_of(government, official))
    [log] = [
        each for each in await rows(services, government.tenant_id, RUNS) if each.kind == "list"
    ]
    taken = await rows(services, government.tenant_id, LISTED)
    assert "complete" not in {each.certificate for each in taken}
    assert all(each.listed <= 130 for each in taken)
    assert log.outcome != "ok" or taken
