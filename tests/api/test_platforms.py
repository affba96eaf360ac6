"""`GET /v1/platforms`: what can be known, what is set up, what is left, who is left alone."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from app.budgets.service import PostgresGate
from app.cli import platforms as command
from app.cli.commands import app as cli
from app.identity.scopes import Scope
from app.platforms.base import CreditsExhausted, Platform, RateLimited, Unavailable
from app.platforms.catalog import CAPABILITIES
from app.platforms.http import PAGES, Lane
from app.settings import Settings
from tests.api.test_isolation import key_of
from tests.support import NOW, Api

SECRET = "invented-secret"
HOUR = timedelta(hours=1)


async def shown(api: Api, platform: Platform) -> dict[str, Any]:
    answer = await api.get("/v1/platforms")
    assert answer.status_code == 200, answer.text
    found = [each for each in answer.json()["items"] if each["platform"] == platform.value]
    assert len(found) == 1
    return dict(found[0])


@pytest.fixture
def gate(services) -> PostgresGate:
    return PostgresGate(services.database, services.clock)


async def test_the_matrix_holds_every_platform_with_all_its_capabilities(api):
    items = (await api.get("/v1/platforms")).json()["items"]
    assert [each["platform"] for each in items] == sorted(Platform)
    for each in items:
        known = asdict(CAPABILITIES[Platform(each["platform"])])
        assert {name: each[name] for name in known} == known


async def test_an_unused_platform_is_open_and_full(api):
    found = await shown(api, Platform.YOUTUBE)
    assert found["breaker"] == {
        "state": "closed",
        "since": None,
        "retry_at": None,
        "open_hosts": 0,
    }
    assert found["budgets"] == [
        {
            "credential": "app",
            "lanes": 0,
            "limit": 10_000,
            "window_seconds": 86_400,
            "remaining": 10_000,
            "resets_at": "2026-11-24T08:00:00Z",
            "state": "open",
            "until": None,
        }
    ]


async def test_missing_keys_are_named_and_never_shown(api, services):
    services.settings = Settings(
        instagram_access_token=SecretStr(SECRET), instagram_user_id=None, public_pages="TikTok, x"
    )
    instagram = await shown(api, Platform.INSTAGRAM)
    assert instagram["configured"] is False
    assert instagram["missing_settings"] == ["SIMEDSOS_INSTAGRAM_USER_ID"]
    bluesky = await shown(api, Platform.BLUESKY)
    assert (bluesky["configured"], bluesky["missing_settings"]) == (True, [])
    tiktok = await shown(api, Platform.TIKTOK)
    assert (tiktok["pages"], bluesky["pages"]) == (True, False)
    assert [each["credential"] for each in tiktok["budgets"]] == ["app", "pages"]
    assert SECRET not in (await api.get("/v1/platforms")).text


async def test_what_was_drawn_is_no_longer_left(api, gate):
    for _ in range(3):
        await gate.enter(Lane(Platform.YOUTUBE), 2)
    [budget] = (await shown(api, Platform.YOUTUBE))["budgets"]
    assert (budget["remaining"], budget["lanes"]) == (9_994, 1)
    for _ in range(3):
        await gate.enter(Lane(Platform.BLUESKY), 1)
    [budget] = (await shown(api, Platform.BLUESKY))["budgets"]
    assert budget["remaining"] == 2_997


async def test_a_limit_that_was_granted_otherwise_is_shown(api, services):
    services.settings = Settings(budgets="youtube=50000")
    [budget] = (await shown(api, Platform.YOUTUBE))["budgets"]
    assert budget["limit"] == 50_000


async def test_credits_that_are_used_up_are_a_state_of_their_own(api, gate):
    await gate.learn(Lane(Platform.X), CreditsExhausted("402", retry_at=NOW + HOUR))
    [budget] = (await shown(api, Platform.X))["budgets"]
    assert (budget["state"], budget["until"]) == ("credits_exhausted", "2026-11-24T04:00:00Z")


async def test_accounts_are_shown_together_by_the_tightest(api, gate):
    for label in ("aaaa", "bbbb"):
        await gate.enter(Lane(Platform.X, label), 1)
    await gate.learn(Lane(Platform.X, "bbbb"), RateLimited("429", retry_at=NOW + HOUR))
    text = (await api.get("/v1/platforms")).text
    assert "aaaa" not in text
    assert "bbbb" not in text
    _, accounts = (await shown(api, Platform.X))["budgets"]
    assert (accounts["credential"], accounts["lanes"]) == ("account", 2)
    assert (accounts["state"], accounts["until"]) == ("paused", "2026-11-24T04:00:00Z")


async def test_a_platform_that_is_left_alone_is_seen(api, gate, clock):
    for _ in range(5):
        await gate.learn(Lane(Platform.TIKTOK, PAGES), Unavailable("503"))
    await gate.learn(Lane(Platform.TIKTOK), Unavailable("503"))
    breaker = (await shown(api, Platform.TIKTOK))["breaker"]
    assert breaker == {
        "state": "open",
        "since": "2026-11-24T03:00:00Z",
        "retry_at": "2026-11-24T03:00:30Z",
        "open_hosts": 0,
    }
    clock.at += timedelta(seconds=30)
    assert (await shown(api, Platform.TIKTOK))["breaker"]["state"] == "half_open"


async def test_chosen_hosts_are_counted_and_not_named(api, gate):
    for host in ("aaaa", "bbbb"):
        await gate.enter(Lane(Platform.MASTODON, host=host), 1)
    for _ in range(5):
        await gate.learn(Lane(Platform.MASTODON, host="aaaa"), Unavailable("503"))
    found = await shown(api, Platform.MASTODON)
    assert (found["breaker"]["state"], found["breaker"]["open_hosts"]) == ("closed", 1)
    [hosts] = found["budgets"]
    assert (hosts["credential"], hosts["lanes"], hosts["limit"]) == ("host", 2, 300)
    assert "aaaa" not in (await api.get("/v1/platforms")).text


async def test_the_scope_is_asked_for(http, services, government):
    blind = Api(http, await key_of(services, government.tenant_id, scopes=[Scope.EMPLOYEES_READ]))
    assert (await blind.get("/v1/platforms")).status_code == 403


async def test_an_operator_has_a_platform_asked_again(separate_services):
    services = separate_services
    gate = PostgresGate(services.database, services.clock)
    await gate.learn(Lane(Platform.X), CreditsExhausted("402", retry_at=NOW + HOUR))
    for _ in range(5):
        await gate.learn(Lane(Platform.X, "aaaa"), Unavailable("503"))
    with pytest.raises(Unavailable):
        await gate.enter(Lane(Platform.X), 1)
    await command.reopen(services.settings, Platform.X)
    await PostgresGate(services.database, services.clock).enter(Lane(Platform.X), 1)


def test_the_command_knows_the_platforms():
    runner = CliRunner()
    assert runner.invoke(cli, ["platforms", "reset", "orkut"]).exit_code == 2
    assert "reset" in runner.invoke(cli, ["platforms", "--help"]).output
