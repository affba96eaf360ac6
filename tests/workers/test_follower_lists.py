"""Lists as jobs: read to their end or not believed, citizens dropped, and one list a slot."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.observations import memberships
from app.platforms import base
from app.platforms.base import Follower
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.support import NOW
from tests.workers.scripts import (
    LISTED,
    NO_FACTS,
    RUNS,
    Script,
    list_of,
    queued,
    rows,
    run,
)


@pytest.fixture
def script() -> Script:
    return Script()


CITIZENS = [Follower(f"warga-rahasia-{n}", f"warga_rahasia_{n}") for n in range(40)]
SATU = Follower("id-satu", "satu")


async def test_a_list_is_read_to_its_end_and_citizens_are_dropped(
    api, services, government, account, script, connection
):  # fmt: skip
    script.pages = (CITIZENS[:25], [], [*CITIZENS[20:], SATU, SATU])
    script.count = (41,)
    await run(services, script, list_of(government, account))
    await run(services, script, list_of(government, account))
    [taken] = await rows(services, government.tenant_id, LISTED)
    assert (taken.listed, taken.matched, taken.certificate) == (41, 1, "complete")
    assert (taken.source, taken.reached_end, taken.taken_at) == ("platform_list", True, NOW)
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.kind, log.outcome, log.asked, log.answered) == ("list", "ok", 41, 1)
    shown = (await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")).json()
    assert shown["items"][0]["count_before"] == {"min": 41, "max": 41}
    await nobody_else_is_anywhere(connection)


async def nobody_else_is_anywhere(connection) -> None:
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    tables = await connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )
    looked = 0
    for name in tables.all():
        for row in await connection.scalars(text(f'SELECT CAST(t AS text) FROM "{name}" AS t')):  # noqa: S608
            looked += 1
            assert "warga" not in row, name
    assert looked > 30


async def test_the_same_followers_on_another_day_are_another_list(
    services, government, account, script, clock
):  # fmt: skip
    script.pages, script.count = ([*CITIZENS, SATU],), (41,)
    for _ in range(2):
        await run(services, script, list_of(government, account, clock.at))
        clock.at += timedelta(days=1)
    assert len(await rows(services, government.tenant_id, LISTED)) == 2


@pytest.mark.parametrize("matches", [True, False], ids=["one-of-ours-seen", "none-seen"])
@pytest.mark.parametrize("error", [*NO_FACTS, base.Ambiguous("goes round in circles")])
async def test_a_list_that_breaks_off_proves_presence_only(
    services, government, account, script, error, matches
):  # fmt: skip
    script.count = (41,)
    script.pages = ([*CITIZENS, SATU] if matches else CITIZENS, error)
    await run(services, script, list_of(government, account))
    taken = await rows(services, government.tenant_id, LISTED)
    assert len(taken) == matches
    for each in taken:
        assert (each.certificate, each.reached_end) == ("partial", False)
        assert "truncated" in each.reasons
    [log] = await rows(services, government.tenant_id, RUNS)
    assert (log.kind, log.outcome) == ("list", error.outcome)
    [again] = await queued(services, "read_follower_list") or [None]
    if type(error) is base.RateLimited:
        assert again == (list_of(government, account, error.retry_at), timedelta(hours=1))
    else:
        assert again is None


@pytest.mark.parametrize(
    "error", [base.NotSupported("hidden"), base.AccountSuspended(), base.CredentialsBad("none")]
)
async def test_a_hidden_list_is_a_run_and_no_list(
    services, government, account, script, error
):  # fmt: skip
    script.count, script.pages = (0,), (error,)
    await run(services, script, list_of(government, account))
    assert await rows(services, government.tenant_id, LISTED) == []
    [log] = await rows(services, government.tenant_id, RUNS)
    assert log.outcome == error.outcome


@pytest.mark.parametrize(
    ("count", "pages", "certificate", "reason"),
    [
        pytest.param((42,), [*CITIZENS, SATU], "partial", "fewer_than_count", id="short"),
        pytest.param((40, 41), [*CITIZENS, SATU], "complete", None, id="all-who-came-are-listed"),
        pytest.param(
            (41, 42), [*CITIZENS, SATU], "partial", "fewer_than_count", id="one-came-late"
        ),
        pytest.param((base.Unavailable(),), [*CITIZENS, SATU], "partial", "no_count", id="blind"),
        pytest.param((0,), [], "partial", "no_count", id="a-fall-to-zero-is-not-believed"),
        pytest.param((41,), [], "void", "empty_list", id="empty"),
    ],
)
async def test_the_counts_around_a_reading_certify_it(
    services, government, account, script, count, pages, certificate, reason
):  # fmt: skip
    script.count, script.pages = count, (pages,)
    await run(services, script, list_of(government, account))
    [taken] = await rows(services, government.tenant_id, LISTED)
    assert taken.certificate == certificate
    assert (reason in taken.reasons) if reason else taken.reasons == []


async def test_a_list_too_long_for_memory_is_never_complete(
    services, government, account, script, monkeypatch
):  # fmt: skip
    monkeypatch.setattr(memberships, "MOST_ENTRIES", 30)
    script.count, script.pages = (30,), ([SATU, *CITIZENS[:20]], CITIZENS[20:], CITIZENS)
    await run(services, script, list_of(government, account))
    [taken] = await rows(services, government.tenant_id, LISTED)
    assert (taken.listed, taken.matched, taken.certificate) == (30, 1, "partial")


def test_entries_are_found_by_id_and_a_handle_never_overrules_it():
    ours, other = UUID(int=1), UUID(int=2)
    known = memberships.Known({"7": ours}, {"budi": (ours, "7"), "tuti": (other, None)})
    assert known.find(Follower("7", "nama_baru")) == ours
    assert known.find(Follower("8", "budi")) is None
    assert known.find(Follower(None, "Budi")) == ours
    assert known.find(Follower("9", "TUTI")) == other
    assert known.find(Follower(None, None)) is None
