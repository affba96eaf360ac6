"""A cohort stays as it was frozen, provably; people join and leave it by named acts only."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.identity.scopes import Scope
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
    verdicts_of,
)
from tests.api.test_growth import growth_of
from tests.api.test_imports import put, table
from tests.api.test_isolation import key_of
from tests.support import NOW, Api, nip
from tests.workers.scripts import queued, rows

OFFICER = {"officer": "Kepala BKD", "reason": "Nota dinas 12/2026"}


async def move(api: Api) -> dict[str, str]:
    """One more PPPK comes, one retires; answers the newcomer's id."""
    await put(api, "employees", table(f"{nip(9)},Pegawai 9,pppk,16.01,,"))
    await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16.02,,pensiun"))
    people = (await api.get("/v1/employees")).json()["items"]
    return {str(each["name"]).removeprefix("Pegawai "): each["id"] for each in people}


async def shown(api: Api, campaign: dict, show: str) -> list[str]:
    answer = await api.get(f"/v1/campaigns/{campaign['id']}/members", show=show)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def act(api: Api, campaign: dict, **fields: Any):
    return await api.post(f"/v1/campaigns/{campaign['id']}/members", {**OFFICER, **fields})


async def cohort_of(api: Api, campaign: dict) -> dict[str, Any]:
    return (await api.get(f"/v1/campaigns/{campaign['id']}/cohort")).json()


async def test_the_hash_can_be_counted_anew_by_anyone(api, account, registry):
    campaign = await make_campaign(api, account)
    cohort = await cohort_of(api, campaign)
    members = sorted(UUID(each) for each in await shown(api, campaign, "members"))
    digest = hashlib.sha256(b"".join(each.bytes for each in members)).hexdigest()
    assert cohort["hash"] == cohort["recomputed_hash"] == cohort["members_hash"] == digest
    assert (cohort["intact"], cohort["size"], cohort["members"]) == (True, 8, 8)
    assert digest == campaign["cohort_hash"]


async def test_a_roster_that_was_tampered_with_is_not_intact(api, account, registry, connection):
    campaign = await make_campaign(api, account)
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    await connection.execute(
        text("DELETE FROM campaign_members WHERE employee_id = :id"), {"id": UUID(registry["7"])}
    )
    cohort = await cohort_of(api, campaign)
    assert cohort["intact"] is False
    assert cohort["recomputed_hash"] != cohort["hash"]


async def test_joiners_and_leavers_are_seen_before_anybody_acts(api, account, registry):
    campaign = await make_campaign(api, account)
    people = await move(api)
    assert await shown(api, campaign, "joiners") == [people["9"]]
    assert await shown(api, campaign, "leavers") == [people["1"]]
    assert (await shown(api, campaign, "added"), await shown(api, campaign, "left")) == ([], [])
    assert people["9"] not in await shown(api, campaign, "members")
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert (progress["joiners"], progress["leavers"], progress["members"]) == (1, 1, 8)


async def test_a_named_act_adds_and_lets_go_and_the_frozen_roster_stays(
    api, services, government, account, registry
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    before = await cohort_of(api, campaign)
    people = await move(api)
    answer = await act(api, campaign, add=[people["9"]], leave=[people["1"]])
    assert answer.status_code == 200, answer.text
    cohort = answer.json()
    assert (cohort["hash"], cohort["intact"]) == (before["hash"], True)
    assert (cohort["added"], cohort["left"], cohort["members"]) == (1, 1, 8)
    assert (cohort["joiners"], cohort["leavers"]) == (0, 0)
    assert cohort["members_hash"] != cohort["hash"]
    path = f"/v1/campaigns/{campaign['id']}/members"
    [left] = (await api.get(path, show="left")).json()["items"]
    assert (left["id"], left["left_on"]) == (people["1"], "2026-11-24")
    assert (left["left_by"], left["left_because"]) == ("Kepala BKD", "Nota dinas 12/2026")
    [added] = (await api.get(path, show="added")).json()["items"]
    assert (added["id"], added["joined_on"], added["added_by"]) == (
        people["9"], "2026-11-24", "Kepala BKD",
    )  # fmt: skip
    await judge(services, government, campaign)
    assert await verdicts_of(api, people["1"]) == {}
    assert (await verdicts_of(api, people["9"]))["declare"]["reason"] == "undeclared"
    [change] = await rows(
        services,
        government.tenant_id,
        "SELECT actor, facts FROM changes WHERE kind = 'roster:changed'",
    )
    assert change.facts == {"added": [people["9"]], "left": [people["1"]]}
    assert "Kepala" not in str(change)
    causes = [job.cause for job, _ in await queued(services, "evaluate_campaign")]
    assert sum(cause.startswith("roster:") for cause in causes) == 1


async def test_who_left_may_come_back_and_is_still_of_the_frozen_roster(api, account, registry):
    campaign = await make_campaign(api, account)
    people = await move(api)
    await act(api, campaign, leave=[people["1"]])
    await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16.02,,aktif"))
    assert set(await shown(api, campaign, "joiners")) == {people["1"], people["9"]}
    cohort = (await act(api, campaign, add=[people["1"]])).json()
    assert (cohort["intact"], cohort["added"], cohort["left"], cohort["members"]) == (
        True, 0, 0, 8,
    )  # fmt: skip


async def test_who_comes_back_begins_anew_and_keeps_the_history(
    api, services, government, account, registry, clock
):
    campaign = await make_campaign(api, account, grace_days=3)
    seventh = registry["7"]

    async def retire(standing: str) -> None:
        await put(api, "employees", table(f"{nip(7)},Pegawai 7,pppk,16.02,,{standing}"))

    async def declaring() -> str | None:
        await judge(services, government, campaign)
        found = (await verdicts_of(api, seventh)).get("declare")
        return None if found is None else found["reason"]

    assert await declaring() == "undeclared"
    for day in ("2026-12-04", "2026-12-14"):
        await retire("pensiun")
        await act(api, campaign, leave=[seventh])
        assert await declaring() is None
        await retire("aktif")
        clock.at += timedelta(days=10)
        cohort = (await act(api, campaign, add=[seventh], reason=f"Kembali {day}")).json()
        assert (cohort["intact"], cohort["added"], cohort["left"]) == (True, 0, 0)
        assert await declaring() == "not_due_yet"
    clock.at += timedelta(days=3)
    assert await declaring() == "undeclared"
    assert seventh not in await shown(api, campaign, "added")
    path = f"/v1/campaigns/{campaign['id']}/members"
    members = (await api.get(path, show="members")).json()["items"]
    [back] = [each for each in members if each["id"] == seventh]
    assert (back["joined_on"], back["added_because"]) == ("2026-12-14", "Kembali 2026-12-14")
    assert [
        (stay["joined_on"], stay["left_on"], stay["added_by"], stay["left_by"])
        for stay in back["earlier_stays"]
    ] == [
        ("2026-11-24", "2026-11-24", None, "Kepala BKD"),
        ("2026-12-04", "2026-12-04", "Kepala BKD", "Kepala BKD"),
    ]
    assert [each["earlier_stays"] for each in members if each["id"] != seventh] == [[]] * 7


async def test_who_has_left_is_no_part_of_the_gain(api, account, registry):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, SECOND)
    people = await move(api)
    asked = {"campaign": campaign["id"]}
    assert (await growth_of(api, account, **asked))["attribution"]["cohort_before"]["min"] == 1
    await act(api, campaign, leave=[people["1"]])
    assert (await growth_of(api, account, **asked))["attribution"]["cohort_before"]["min"] == 0
    # In a window that ended before they left, they were members.
    until = {"to": (NOW - timedelta(hours=12)).isoformat()}
    past = await growth_of(api, account, **asked, **until)
    assert past["attribution"]["cohort_before"]["min"] == 1


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        pytest.param({"add": ["1"]}, "/add/0", id="a-member-cannot-join"),
        pytest.param({"add": ["9", "stranger"]}, "/add/1", id="nobody-from-outside"),
        pytest.param({"leave": ["2"]}, "/leave/0", id="who-is-addressed-cannot-be-dropped"),
        pytest.param({"leave": ["9"]}, "/leave/0", id="a-joiner-cannot-leave"),
        pytest.param({}, "/body", id="nobody"),
        pytest.param({"add": ["9", "9"]}, "/body", id="twice"),
        pytest.param({"add": ["9"], "officer": " "}, "/body/officer", id="no-officer"),
        pytest.param({"add": ["9"], "reason": ""}, "/body/reason", id="no-reason"),
    ],
)
async def test_acts_that_cannot_stand_change_nothing(api, account, registry, fields, pointer):
    campaign = await make_campaign(api, account)
    people = {**await move(api), "stranger": "01900000-0000-7000-8000-000000000000"}
    named = {
        name: [people[each] for each in value] if isinstance(value, list) else value
        for name, value in fields.items()
    }
    refused = await act(api, campaign, **named)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await cohort_of(api, campaign))["added"] == 0


async def test_another_government_cannot_touch_the_roster(api, other_api, account, registry):
    campaign = await make_campaign(api, account)
    people = await move(api)
    for path in ("cohort", "members", "extensions"):
        assert (await other_api.get(f"/v1/campaigns/{campaign['id']}/{path}")).status_code == 404
    assert (await act(other_api, campaign, add=[people["9"]])).status_code == 404


async def test_a_confined_key_sees_its_own_people_and_changes_nobody(
    http, api, services, government, account, registry
):
    campaign = await make_campaign(api, account)
    units = {each["code"]: each["id"] for each in (await api.get("/v1/work-units")).json()["items"]}
    token = await key_of(services, government.tenant_id, unit=units["16.02"], scopes=list(Scope))
    confined = Api(http, token)
    everyone = await shown(api, campaign, "members")
    theirs = await shown(confined, campaign, "members")
    assert 0 < len(theirs) < len(everyone)
    people = await move(api)
    assert (await act(confined, campaign, add=[people["9"]])).status_code == 403


async def test_the_database_refuses_a_member_who_leaves_without_an_officer(
    api, account, registry, connection
):
    await make_campaign(api, account)
    savepoint = await connection.begin_nested()
    with pytest.raises(IntegrityError, match="who_leaves_is_let_go_by_an_officer"):
        await connection.execute(text("UPDATE campaign_members SET left_on = '2026-11-24'"))
    await savepoint.rollback()
    with pytest.raises(IntegrityError, match="who_joins_is_added_with_a_reason"):
        await connection.execute(text("UPDATE campaign_members SET added_by = 'x'"))
