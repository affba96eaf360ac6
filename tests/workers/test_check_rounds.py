"""Rounds of checks: they pass over whom nobody can ask about, and tell of what has moved."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from dataclasses import replace

import pytest

from app.platforms import base
from tests.workers.scripts import Script, here, queued, rows
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
