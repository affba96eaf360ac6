"""Rounds of checks: they pass over whom nobody can ask about, and tell of what has moved."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from dataclasses import replace
from typing import ClassVar

import pytest

from app.jobs.kinds import CheckAccounts
from app.platforms import base
from app.platforms.base import Platform
from tests.support import NOW
from tests.workers.scripts import Script, here, queued, rows, run
from tests.workers.test_checks import (  # noqa: F401
    CHECKS,
    DAY,
    MISSING,
    account,
    budi,
    check,
    declare,
    script,
)


async def test_who_cannot_be_asked_about_keeps_nobody_else_from_it(
    services, government, account, script, budi, api
):
    for number in range(4):
        await declare(api, budi, f"lain{number}")
    script.capabilities = replace(Script.capabilities, existence_batch=1)
    script.existing = lambda each: here() if each.handle == "lain3" else base.NotSupported("no")
    await check(services, government, script)
    assert len(script.asked) == 5
    assert len(await rows(services, government.tenant_id, CHECKS)) == 1


class Servers(Script):
    """A platform of many servers."""

    platform: ClassVar[Platform] = Platform.MASTODON


async def test_a_server_that_wants_patience_speaks_for_no_other(services, government, budi, api):
    """Anybody can run a server that wants to be asked again tomorrow, and says so every day."""
    for host in ("satu", "dua", "tiga", "empat"):
        text = f"@budi@{host}.example"
        made = await api.post(
            f"/v1/employees/{budi['id']}/accounts", {"account": text, "platform": "mastodon"}
        )
        assert made.status_code == 201, made.text
    servers, tomorrow = Servers(), NOW + DAY
    servers.existing = lambda each: (
        base.RateLimited("429", retry_at=tomorrow) if "satu" in each.handle else here()
    )
    await run(services, servers, CheckAccounts(government.tenant_id, "mastodon", NOW.isoformat()))
    assert len(servers.asked) == 4
    assert len(await rows(services, government.tenant_id, CHECKS)) == 3
    due = await rows(services, government.tenant_id, "SELECT handle, next_check_at FROM accounts")
    assert [each.handle for each in due if each.next_check_at == tomorrow] == ["budi@satu.example"]


@pytest.mark.parametrize(
    ("existing", "news"),
    [
        pytest.param(here(), False, id="still-there"),
        pytest.param(here("17841400000000001"), True, id="an-id-is-learnt"),
        pytest.param(MISSING, True, id="first-not-found"),
    ],
)
async def test_what_verdicts_rest_on_has_them_judged_anew(
    services, government, account, script, clock, existing, news
):
    await check(services, government, script)
    script.existing = lambda _: existing
    before = await queued(services, "evaluate_tenant")
    clock.at += DAY
    await check(services, government, script)
    assert len(await queued(services, "evaluate_tenant")) - len(before) == news
    changes = "SELECT at FROM changes WHERE kind = 'account:checked'"
    told_at = {each.at for each in await rows(services, government.tenant_id, changes)}
    assert (clock.at in told_at) is news
