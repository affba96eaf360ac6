"""Every day of a random history is answered later, with `known_at`, exactly as it was then.

Only whose accusation is disputed today, or was set aside since, is named for it no more.
"""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.identity.scopes import Scope
from tests.api.invented_years import Year
from tests.api.test_compliance import (  # noqa: F401
    FIRST,
    SECOND,
    account,
    judge,
    make_campaign,
    registry,
    take_lists,
)
from tests.api.test_growth import official_account, read_count
from tests.api.test_isolation import key_of
from tests.api.test_neutrality import GOVERNOR
from tests.support import NOW, Api

DAYS = 8
SEEDS = (1, 2)
READING = [Scope.COMPLIANCE_READ, Scope.COMPLIANCE_READ_PEOPLE, Scope.OFFICIAL_ACCOUNTS_READ]


def without_echoes(answer: Any) -> Any:
    """The same without the two moments that every answer tells."""
    if isinstance(answer, dict):
        kept = {name: each for name, each in answer.items() if name not in {"valid_at", "known_at"}}
        return {name: without_echoes(each) for name, each in kept.items()}
    if isinstance(answer, list | tuple):
        return [without_echoes(each) for each in answer]
    return answer


def differences(then: Any, now: Any, where: str = "") -> list[str]:
    """Each place in which two answers differ, with both values."""
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        places = [(str(name), then[name], now[name]) for name in then]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        places = [(str(n), *pair) for n, pair in enumerate(zip(then, now, strict=True))]
    else:
        return [] if then == now else [f"{where}: {then} then, {now} now"]
    return [each for name, was, has in places for each in differences(was, has, f"{where}/{name}")]


async def lifted_since(api: Api, moment: datetime) -> dict[tuple[str, str], str]:
    """What is disputed today or was set aside after a moment: of whom, about what, and why."""
    lifted: dict[tuple[str, str], str] = {}
    for each in (await api.get("/v1/disputes")).json()["items"]:
        about, decision = (each["employee_id"], each["official_account_id"]), each["decision"]
        if decision is None:
            lifted[about] = "disputed"
        elif (
            decision["outcome"] == "upheld"
            and datetime.fromisoformat(decision["decided_at"]) > moment
        ):
            lifted.setdefault(about, "dispute_upheld")
    return lifted


def told_today(answers: dict[str, Any], lifted: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The answers of then as they are given now: counts stay, and nobody is named for such.

    What lists tell of these people is left out: it is not told which of their reasons are which.
    """
    found, people = deepcopy(answers), {employee for employee, _ in lifted}
    for path, (_, answer) in found.items():
        if path.startswith("/v1/employees/"):
            for each in answer["items"]:
                why = lifted.get((path.split("/")[3], each["official_account_id"]))
                if why and each["verdict"] == "unmet":
                    disputed = why == "disputed" or each["disputed"]
                    each.update(verdict="unknown", reason=why, disputed=disputed)
        elif "/employees" in path:
            answer["items"] = [each for each in answer["items"] if each["id"] not in people]
    return found


async def begin(api: Api, services: Any, government: Any, official: dict, seed: int) -> Year:
    governor = await official_account(api, "gubernursumsel", **GOVERNOR)
    for followed in (official, governor):
        await read_count(api, followed, NOW - timedelta(days=2), followers=41)
    both = [official["id"], governor["id"]]
    campaign = await make_campaign(api, official, official_account_ids=both)
    await take_lists(api, official, FIRST, SECOND)
    await judge(services, government, campaign)
    rest = {"official": official, "governor": governor, "campaign": campaign}
    return Year(api, services, government, seed, **rest)


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_day_is_told_later_as_it_was_told_then(
    api, http, services, government, registry, account, seed
):
    year = await begin(api, services, government, account, seed)
    executive = Api(
        http,
        await key_of(
            services,
            government.tenant_id,
            lifetime=timedelta(days=99),
            scopes=READING,
        ),
    )
    told = []
    for _ in range(DAYS):
        await year.live_a_day()
        told.append((year.clock.at, await year.told(api), await year.told(executive)))
        # What comes next is known one moment later.
        year.clock.at += timedelta(microseconds=1)
    year.clock.at += timedelta(days=9)
    for moment, ours, theirs in told:
        for reader, answers in ((api, ours), (executive, theirs)):
            again = await year.told(reader, known_at=moment.isoformat().replace("+", "%2B"))
            lifted = await lifted_since(api, moment)
            then, now = told_today(answers, lifted), told_today(again, lifted)
            verdicts = {path: again[path] for path in again if path.startswith("/v1/employees/")}
            assert without_echoes(now) == without_echoes({**now, **verdicts}), moment
            found = differences(without_echoes(then), without_echoes(now))
            assert found == [], moment
    # Some acts find nothing to do; a history of which most did nothing would prove little.
    assert len(year.done) > len(year.acts()) - 5, year.done
