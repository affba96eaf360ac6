"""Refreshing tokens: once, never replayed, and unknown rather than stolen after a loss."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.connections.rules import SubjectKind
from app.connections.service import LEASE
from app.platforms.base import Platform
from app.platforms.http import Lane
from app.platforms.sandbox.faults import Fault
from tests.connecting import Connected, connected_service
from tests.platforms.consenting import IDS, PLATFORMS, ROTATING
from tests.support import NOW
from workers.connections import refresh_tenant, tokens_of
from workers.jobs import run_job

SHORT = (Platform.TIKTOK, Platform.X, Platform.YOUTUBE)
LONG = tuple(platform for platform in PLATFORMS if platform not in SHORT)


@pytest.fixture
async def service(services):
    async with connected_service(services) as made:
        yield made


@pytest.fixture
async def apart(separate_services):
    async with connected_service(separate_services) as made:
        yield made


async def stored(service: Connected):
    [row] = await service.rows(
        "SELECT state, epoch, loss_reason, access_token, refresh_token, retry_at FROM connections"
    )
    return row


@pytest.mark.parametrize("platform", SHORT, ids=str)
async def test_a_token_is_used_until_five_minutes_before_its_end(service: Connected, platform):
    account_id = await service.connect(platform)
    first = await service.token(platform, account_id)
    service.clock.at = NOW + timedelta(minutes=54)
    assert await service.token(platform, account_id) == first
    assert service.sandbox.transport.refreshes() == []
    service.clock.at = NOW + timedelta(minutes=116)
    second = await service.token(platform, account_id)
    assert second not in {None, first}
    assert await service.token(platform, account_id) == second
    assert len(service.sandbox.transport.refreshes()) == 1


@pytest.mark.parametrize("platform", SHORT, ids=str)
async def test_each_refresh_sends_the_newest_refresh_token(service: Connected, platform):
    account_id = await service.connect(platform)
    for hours in range(3, 13, 3):
        service.clock.at = NOW + timedelta(hours=hours)
        assert await service.token(platform, account_id)
    sent = service.sandbox.transport.refreshes()
    assert len(sent) == 4
    assert len(set(sent)) == (4 if platform in ROTATING else 1)
    assert (await stored(service)).state == "connected"


async def test_many_workers_refresh_once(apart: Connected):
    account_id = await apart.connect(Platform.X)
    # In the first round nothing is refreshed: it opens the connections that race later.
    for done in range(6):
        tokens = await asyncio.gather(*(apart.token(Platform.X, account_id) for _ in range(8)))
        assert len(set(tokens)) == 1
        assert tokens[0]
        assert len(apart.sandbox.transport.refreshes()) == done
        apart.clock.at += timedelta(hours=3)


@pytest.mark.parametrize("platform", ROTATING, ids=str)
async def test_a_lost_rotation_needs_its_owner_and_is_never_sent_again(
    service: Connected, platform
):
    account_id = await service.connect(platform)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.spoil(platform, Fault.LOST_ROTATION)
    for _ in range(3):
        assert await service.token(platform, account_id) is None
        service.clock.at += timedelta(hours=1)
    assert len(service.sandbox.transport.refreshes()) == 1
    row = await stored(service)
    assert (row.state, row.loss_reason) == ("needs_reauth", "lost_answer")
    assert row.access_token is row.refresh_token is None
    shown = await service.state(account_id)
    assert (shown["state"], shown["loss_reason"]) == ("needs_reauth", "lost_answer")
    assert await service.changes() == ["connection:created", "connection:lost"]


async def test_a_connection_that_was_lost_is_connected_again(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.spoil(Platform.X, Fault.LOST_ROTATION)
    assert await service.token(Platform.X, account_id) is None
    path = f"/v1/official-accounts/{account_id}"
    assert (await service.consented(path)).status_code == 200
    assert (await service.state(account_id))["loss_reason"] is None
    assert await service.token(Platform.X, account_id)


async def test_google_is_asked_again_after_a_lost_answer(service: Connected):
    account_id = await service.connect(Platform.YOUTUBE)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.spoil(Platform.YOUTUBE, Fault.LOST_ROTATION)
    assert await service.token(Platform.YOUTUBE, account_id) is None
    assert await service.token(Platform.YOUTUBE, account_id) is None
    assert len(service.sandbox.transport.refreshes()) == 1
    service.clock.at += timedelta(minutes=6)
    assert await service.token(Platform.YOUTUBE, account_id)
    assert (await stored(service)).state == "connected"


@pytest.mark.parametrize("platform", SHORT, ids=str)
async def test_a_refused_grant_needs_its_owner(service: Connected, platform):
    account_id = await service.connect(platform)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.spoil(platform, Fault.EXPIRED_TOKEN)
    assert await service.token(platform, account_id) is None
    row = await stored(service)
    assert (row.state, row.loss_reason) == ("needs_reauth", "grant_refused")


@pytest.mark.parametrize("platform", ROTATING, ids=str)
async def test_a_rate_limit_costs_no_token(service: Connected, platform):
    account_id = await service.connect(platform)
    first = await service.token(platform, account_id)
    service.clock.at = NOW + timedelta(minutes=117)
    service.sandbox.spoil(platform, Fault.RATE_LIMITED)
    # The old token is good for three minutes yet.
    assert await service.token(platform, account_id) == first
    row = await stored(service)
    assert row.state == "connected"
    assert row.retry_at == service.clock.at + timedelta(minutes=5)
    service.clock.at += timedelta(minutes=6)
    assert await service.token(platform, account_id) not in {None, first}


async def test_what_never_left_costs_no_token(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.transport.down = httpx.ConnectError("refused")
    assert await service.token(Platform.X, account_id) is None
    assert (await stored(service)).state == "connected"
    service.sandbox.transport.down = None
    service.clock.at += timedelta(minutes=6)
    assert await service.token(Platform.X, account_id)


async def test_an_answer_cut_off_is_lost(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    service.sandbox.transport.down = httpx.ReadError("cut")
    assert await service.token(Platform.X, account_id) is None
    assert (await stored(service)).loss_reason == "lost_answer"


async def test_a_missing_app_costs_no_token(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    whole = service.services
    bare = whole.settings.model_copy(update={"x_client_secret": None})
    service.services = replace(whole, settings=bare)
    assert await service.token(Platform.X, account_id) is None
    assert (await stored(service)).state == "connected"
    service.services = whole
    assert await service.token(Platform.X, account_id)


class Interrupted(Exception):
    """The worker's process ends."""


class DyingGate:
    """Lets a request pass and takes the worker down with it."""

    async def enter(self, _: Lane, __: int) -> None:
        raise Interrupted

    async def learn(self, _: Lane, __: object) -> None:
        pass


async def die_while_refreshing(service: Connected, platform: Platform, account_id: str) -> None:
    service.sandbox.gate = DyingGate()
    with pytest.raises(Interrupted):
        await service.token(platform, account_id)
    service.sandbox.gate = None
    assert (await stored(service)).state == "refreshing"


@pytest.mark.parametrize("platform", SHORT, ids=str)
async def test_a_worker_that_died_while_refreshing(service: Connected, platform):
    account_id = await service.connect(platform)
    # Valid until the lease has ended: until then the old token is used, and nobody refreshes.
    lifetime = timedelta(hours=1 if platform is Platform.YOUTUBE else 2)
    service.clock.at = NOW + lifetime - timedelta(minutes=4)
    first = await service.token(platform, account_id, ahead=True)
    await die_while_refreshing(service, platform, account_id)
    assert await service.token(platform, account_id) == first
    assert service.sandbox.transport.refreshes() == []
    service.clock.at += LEASE
    again = await service.token(platform, account_id)
    row = await stored(service)
    if platform in ROTATING:
        assert again is None
        assert (row.state, row.loss_reason) == ("needs_reauth", "lost_worker")
        assert service.sandbox.transport.refreshes() == []
    else:
        assert again not in {None, first}
        assert row.state == "connected"


class SlowAnswer:
    """Holds an answer back until it is told to let go."""

    def __init__(self) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()

    async def enter(self, _: Lane, __: int) -> None:
        self.entered.set()
        await self.go_on.wait()

    async def learn(self, _: Lane, __: object) -> None:
        pass


class SlowBooking(SlowAnswer):
    """Holds an answer back that the platform has given already."""

    async def enter(self, _: Lane, __: int) -> None:
        pass

    async def learn(self, _: Lane, __: object) -> None:
        self.entered.set()
        await self.go_on.wait()


@pytest.mark.parametrize("platform", ROTATING, ids=str)
async def test_whoever_is_called_off_while_waiting_costs_no_token(apart: Connected, platform):
    account_id = await apart.connect(platform)
    apart.clock.at = NOW + timedelta(hours=25)
    apart.sandbox.gate = slow = SlowBooking()
    refreshing = asyncio.create_task(apart.token(platform, account_id))
    await slow.entered.wait()
    apart.sandbox.gate = None
    refreshing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refreshing
    slow.go_on.set()
    async with asyncio.timeout(20):
        while (await stored(apart)).state == "refreshing":
            await asyncio.sleep(0.01)
    assert (await stored(apart)).state == "connected"
    assert await apart.token(platform, account_id)
    assert len(apart.sandbox.transport.refreshes()) == 1


async def test_a_withdrawal_is_not_undone_by_a_refresh_under_way(apart: Connected):
    account_id = await apart.connect(Platform.X)
    apart.clock.at = NOW + timedelta(hours=3)
    apart.sandbox.gate = slow = SlowAnswer()
    refreshing = asyncio.create_task(apart.token(Platform.X, account_id))
    await slow.entered.wait()
    # No connection of the database waits for the platform.
    bind = apart.services.database.bind
    assert isinstance(bind, AsyncEngine)
    assert isinstance(bind.pool, QueuePool)
    assert bind.pool.checkedout() == 0
    apart.sandbox.gate = None
    answer = await apart.api.delete(f"/v1/official-accounts/{account_id}/connection")
    assert answer.status_code == 204
    slow.go_on.set()
    assert await refreshing is None
    assert await apart.rows("SELECT 1 FROM connections") == []


@pytest.mark.parametrize("ending", ["withdrawn", "key-revoked"])
async def test_what_ends_while_the_platform_is_asked_is_not_connected(apart: Connected, ending):
    account_id = await apart.official(Platform.X)
    path = f"/v1/official-accounts/{account_id}/connection"
    begun = await apart.api.post(path)
    back = await apart.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    apart.sandbox.gate = slow = SlowAnswer()
    returning = asyncio.create_task(apart.returned(back))
    await slow.entered.wait()
    apart.sandbox.gate = None
    assert (await apart.returned(back)).status_code == 400, "a state in use is used up"
    if ending == "withdrawn":
        assert (await apart.api.delete(path)).status_code == 204
    else:
        await apart.rows("UPDATE api_keys SET revoked_at = now() RETURNING 1")
    slow.go_on.set()
    assert (await returning).status_code == (400 if ending == "withdrawn" else 403)
    assert await apart.rows("SELECT 1 FROM connections") == []
    assert await apart.changes() == []


async def test_a_late_refresh_does_not_overwrite_a_new_consent(apart: Connected):
    account_id = await apart.connect(Platform.X)
    apart.clock.at = NOW + timedelta(hours=3)
    apart.sandbox.gate = slow = SlowAnswer()
    refreshing = asyncio.create_task(apart.token(Platform.X, account_id))
    await slow.entered.wait()
    apart.sandbox.gate = None
    await apart.consented(f"/v1/official-accounts/{account_id}")
    new = await apart.token(Platform.X, account_id)
    slow.go_on.set()
    assert await refreshing is None
    assert await apart.token(Platform.X, account_id) == new


async def keep_alive(service: Connected) -> None:
    tenant_id = service.government.tenant_id
    await refresh_tenant(service.services, service.sandbox.access, tenant_id)


@pytest.mark.parametrize("platform", LONG, ids=str)
async def test_long_tokens_are_renewed_ten_days_before_their_end(service: Connected, platform):
    account_id = await service.connect(platform)
    first = await service.token(platform, account_id)
    for days, calls in ((49, 0), (51, 1), (52, 0), (102, 1), (155, 1)):
        service.clock.at = NOW + timedelta(days=days)
        before = len(service.sandbox.transport.seen)
        await keep_alive(service)
        assert bool(len(service.sandbox.transport.seen) - before) == bool(calls), days
    last = await service.token(platform, account_id)
    assert last not in {None, first}
    assert (await service.state(account_id))["state"] == "connected"


@pytest.mark.parametrize("platform", LONG, ids=str)
async def test_a_long_token_that_was_not_renewed_is_expired(service: Connected, platform):
    account_id = await service.connect(platform)
    service.clock.at = NOW + timedelta(days=61)
    await keep_alive(service)
    assert await service.token(platform, account_id) is None
    assert (await service.state(account_id))["state"] == "expired"


async def test_the_job_gives_up_what_a_dead_worker_left(service: Connected):
    account_id = await service.connect(Platform.X)
    service.clock.at = NOW + timedelta(hours=3)
    await die_while_refreshing(service, Platform.X, account_id)
    service.clock.at += LEASE
    await keep_alive(service)
    assert (await service.state(account_id))["state"] == "needs_reauth"


async def test_jobs_get_tokens_by_account(service: Connected):
    account_id = UUID(await service.connect(Platform.X))
    tenant_id = service.government.tenant_id
    make = service.sandbox.access
    official = tokens_of(service.services, make, SubjectKind.OFFICIAL_ACCOUNT)
    consents = tokens_of(service.services, make, SubjectKind.ACCOUNT)
    assert await official(tenant_id, account_id)
    assert await consents(tenant_id, account_id) is None
    assert await official(tenant_id, tenant_id) is None
    without = replace(
        service.services,
        settings=service.services.settings.model_copy(update={"token_keys": None}),
    )
    assert (
        await tokens_of(without, make, SubjectKind.OFFICIAL_ACCOUNT)(tenant_id, account_id) is None
    )


async def test_the_scheduled_job_leaves_fresh_tokens_and_drops_old_attempts(service: Connected):
    account_id = await service.connect(Platform.X)
    await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    service.clock.at = NOW + timedelta(minutes=9)
    await run_job(service.services, "refresh_tokens", b"{}", 0)
    assert len(await service.rows("SELECT 1 FROM connection_attempts")) == 1
    service.clock.at = NOW + timedelta(minutes=10)
    await run_job(service.services, "refresh_tokens", b"{}", 0)
    assert await service.rows("SELECT 1 FROM connection_attempts") == []
    assert (await service.state(account_id))["state"] == "connected"
    assert service.sandbox.transport.refreshes() == []
