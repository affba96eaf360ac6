"""Control accounts: set by an officer, and every list that does not fit them counts for nothing."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.identity.scopes import Scope
from app.platforms.base import Follower
from tests.api.exports import FOLLOWERS, OWNER, archive, entries, export, personal, x_export
from tests.api.test_compliance import (  # noqa: F401
    CITIZENS,
    LONG_AGO,
    SECOND,
    account,
    judge,
    make_campaign,
    registry,
    upload,
    verdicts_of,
)
from tests.api.test_growth import official_account, read_count
from tests.api.test_isolation import ABSENT, key_of
from tests.support import NOW, Api
from tests.workers.scripts import Script, list_of, run

SATU, DUA = ("satu", LONG_AGO), ("dua", LONG_AGO)
NONE: dict[str, list[str]] = {"present": [], "absent": []}


def path_of(official: dict) -> str:
    return f"/v1/official-accounts/{official['id']}/controls"


async def set_controls(api: Api, official: dict, **wanted: list[str]) -> Any:
    read = await api.get(path_of(official))
    return await api.put(path_of(official), {**NONE, **wanted}, If_Match=read.headers["etag"])


@pytest.fixture
async def ids(connection, registry, account) -> dict[str, str]:
    """The declared accounts by handle; of `tiga` the one that is not contested."""
    rows = await connection.execute(
        text("SELECT handle, id FROM accounts WHERE state = 'verified'")
    )
    return {row.handle: str(row.id) for row in rows}


async def test_controls_are_set_whole_and_say_who_set_them(
    api, connection, account, ids, clock
):  # fmt: skip
    empty = await api.get(path_of(account))
    assert empty.json() == {**NONE, "entries": []}
    first = await set_controls(api, account, present=[ids["satu"], ids["dua"]])
    assert first.status_code == 200, first.text
    assert first.headers["etag"] != empty.headers["etag"]
    clock.at += timedelta(days=1)
    second = await set_controls(api, account, present=[ids["satu"]], absent=[ids["dua"]])
    shown = (await api.get(path_of(account))).json()
    assert shown == second.json()
    assert (shown["present"], shown["absent"]) == ([ids["satu"]], [ids["dua"]])
    told = {each["account_id"]: each for each in shown["entries"]}
    assert told[ids["satu"]]["set_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert told[ids["dua"]]["set_at"] > told[ids["satu"]]["set_at"]
    assert all(each["set_by"].startswith("api_key:") for each in told.values())
    noted = await connection.execute(
        text("SELECT actor, facts FROM changes WHERE kind = 'official_account:updated' ORDER BY at")
    )
    assert [(each.facts["fields"], each.facts["absent"]) for each in noted] == [
        (["controls"], []),
        (["controls"], [ids["dua"]]),
    ]


async def test_what_is_set_again_changes_nothing(api, account, ids):
    first = await set_controls(api, account, present=[ids["satu"]])
    again = await set_controls(api, account, present=[ids["satu"]])
    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])


async def test_controls_are_edited_from_the_version_that_was_read(api, account, ids):
    wanted = {"present": [ids["satu"]], "absent": []}
    assert (await api.put(path_of(account), wanted)).status_code == 428
    assert (await api.put(path_of(account), wanted, If_Match='"9"')).status_code == 412
    assert (await api.get(path_of(account))).json()["present"] == []


async def test_only_live_accounts_of_the_platform_that_are_named_once_are_taken(
    api, connection, account, ids, other_api
):  # fmt: skip
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    [contested] = await connection.scalars(
        text("SELECT id FROM accounts WHERE state = 'contested'")
    )
    elsewhere = await official_account(api, platform="tiktok")
    refused = {
        "not_found": await set_controls(api, account, present=[ABSENT]),
        "not_live": await set_controls(api, account, absent=[str(contested)]),
        "wrong_platform": await set_controls(api, elsewhere, present=[ids["satu"]]),
        "named_twice": await set_controls(
            api, account, present=[ids["satu"]], absent=[ids["satu"]]
        ),
    }
    for code, answer in refused.items():
        assert answer.status_code == 422, code
        assert [each["code"] for each in answer.json()["errors"]] == [code]
    theirs = await other_api.put(path_of(account), NONE, If_Match='"1"')
    assert theirs.status_code == (await other_api.get(path_of(account))).status_code == 404
    own = await official_account(other_api)
    answer = await set_controls(other_api, own, present=[ids["satu"]])
    assert [each["code"] for each in answer.json()["errors"]] == ["not_found"]
    assert (await api.get(path_of(account))).json() == {**NONE, "entries": []}


async def test_only_officers_of_the_whole_government_set_them(
    api, http, services, government, account, ids
):  # fmt: skip
    [unit, *_] = (await api.get("/v1/work-units")).json()["items"]
    readers = {
        "read-only": Api(
            http,
            await key_of(services, government.tenant_id, scopes=[Scope.OFFICIAL_ACCOUNTS_READ]),
        ),
        "unit-head": Api(http, await key_of(services, government.tenant_id, unit=unit["id"])),
    }
    for name, reader in readers.items():
        answer = await reader.put(path_of(account), NONE, If_Match='"1"')
        assert answer.status_code == 403, name
    assert (await readers["read-only"].get(path_of(account))).status_code == 200
    assert (await readers["unit-head"].get(path_of(account))).status_code == 403


@pytest.mark.parametrize(
    ("listed", "verdict", "found", "violations"),
    [
        pytest.param([SATU], "complete", 1, 0, id="as-expected"),
        pytest.param([], "void", 0, 0, id="known-follower-missing"),
        pytest.param([SATU, DUA], "void", 1, 1, id="known-stranger-on-it"),
    ],
)
async def test_a_list_is_checked_against_them(
    api, connection, account, ids, listed, verdict, found, violations
):  # fmt: skip
    await set_controls(api, account, present=[ids["satu"]], absent=[ids["dua"]])
    followers = [*listed, *CITIZENS]
    await read_count(api, account, SECOND, followers=len(followers))
    taken = (await upload(api, account, export(followers), SECOND)).json()
    assert taken["certificate"] == {
        "verdict": verdict,
        "reasons": [] if verdict == "complete" else ["control_failed"],
    }
    assert taken["controls"] == {
        "present_expected": 1,
        "present_found": found,
        "absent_expected": 1,
        "absent_violations": violations,
        "uncounted": 0,
    }
    assert (await api.get(f"/v1/follower-lists/{taken['id']}")).json() == taken
    follows = await connection.scalar(text("SELECT count(*) FROM follows"))
    assert follows == (1 if verdict == "complete" else 0), "a void list shows nobody's follow"


async def test_nobody_is_accused_by_lists_that_fail_their_controls(
    api, services, government, registry, account, ids
):  # fmt: skip
    campaign = await make_campaign(api, account)
    await set_controls(api, account, present=[ids["satu"]])
    for days in (3, 1):
        moment = NOW - timedelta(days=days)
        await read_count(api, account, moment, followers=len(CITIZENS) - days)
        taken = await upload(api, account, export(CITIZENS[days:]), moment)
        assert taken.json()["certificate"]["verdict"] == "void"
    await judge(services, government, campaign)
    follow = (await verdicts_of(api, registry["3"]))["follow"]
    assert (follow["verdict"], follow["reason"]) == ("unknown", "never_checked")


async def test_a_control_whose_id_is_unknown_is_told_and_does_not_count(api, connection, ids):
    official = await official_account(api, platform="x")
    employee = (await api.get("/v1/employees")).json()["items"][0]
    made = await api.post(
        f"/v1/employees/{employee['id']}/accounts", {"account": "https://x.com/humas_uji"}
    )
    await set_controls(api, official, present=[made.json()["id"]])
    await read_count(api, official, SECOND, followers=2)
    taken = (await upload(api, official, x_export(["7", "8"]), SECOND)).json()
    assert taken["certificate"] == {"verdict": "complete", "reasons": []}
    assert (taken["controls"]["uncounted"], taken["controls"]["present_expected"]) == (1, 0)
    await connection.execute(text("UPDATE accounts SET platform_id = '9' WHERE platform = 'x'"))
    await read_count(api, official, NOW, followers=1)
    taken = (await upload(api, official, x_export(["7"]), NOW)).json()
    assert taken["certificate"] == {"verdict": "void", "reasons": ["control_failed"]}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("unseen_since = :later", id="gone-from-the-platform"),
        pytest.param("declared_at = :later", id="declared-after-the-list"),
        pytest.param("state = 'suspended'", id="suspended"),
    ],
)
async def test_a_control_that_no_list_could_hold_does_not_count(
    api, connection, account, ids, change
):  # fmt: skip
    await set_controls(api, account, present=[ids["satu"]])
    await connection.execute(
        text(f"UPDATE accounts SET {change} WHERE handle = 'satu'"),  # noqa: S608
        {"later": NOW + timedelta(minutes=1)} if ":later" in change else {},
    )
    await read_count(api, account, SECOND, followers=40)
    taken = (await upload(api, account, export(CITIZENS), SECOND)).json()
    assert taken["certificate"]["verdict"] == "complete"
    assert taken["controls"]["uncounted"] == 1


async def test_a_list_that_breaks_off_fails_no_control(api, account, ids):
    await set_controls(api, account, present=[ids["dua"]])
    whole = await upload(api, account, export([SATU, *CITIZENS]), SECOND)
    assert whole.json()["certificate"]["verdict"] == "void"
    second_part = {
        FOLLOWERS.replace("_1.", "_2."): entries([SATU, *CITIZENS[1:]]),
        OWNER: personal("pemprovsumsel"),
    }
    taken = (await upload(api, account, archive(second_part), SECOND)).json()
    assert taken["certificate"]["verdict"] == "partial"
    assert "control_failed" not in taken["certificate"]["reasons"]
    assert taken["controls"]["uncounted"] == 1


@pytest.mark.parametrize("on_it", [True, False])
async def test_a_list_that_was_read_is_checked_too_and_tells_its_pages(
    api, services, government, connection, account, ids, on_it
):  # fmt: skip
    await set_controls(api, account, present=[ids["satu"]])
    await connection.execute(text("UPDATE accounts SET platform_id = '1' WHERE handle = 'satu'"))
    script = Script()
    citizens = [Follower(f"w{number}", f"warga{number}") for number in range(40)]
    script.pages = (citizens, [], [Follower("1", "satu")] if on_it else [])
    script.count = (len(citizens) + on_it,)
    await run(services, script, list_of(government, account))
    [taken] = (await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")).json()[
        "items"
    ]
    assert taken["pages"] == 3
    assert taken["certificate"]["verdict"] == ("complete" if on_it else "void")
    assert taken["controls"]["present_found"] == on_it


async def test_the_age_of_the_account_settles_whether_a_list_is_cut_by_date(api, account):
    recent = [(f"warga{n}", SECOND - timedelta(days=10 * n)) for n in range(11)]
    await read_count(api, account, SECOND, followers=12)
    reasons = []
    for number, opened in enumerate((None, "2026-08-01", "2019-01-01")):
        version = (await api.get(f"/v1/official-accounts/{account['id']}")).headers["etag"]
        edited = await api.patch(
            f"/v1/official-accounts/{account['id']}", {"opened_at": opened}, etag=version
        )
        assert edited.json()["opened_at"] == opened
        followers = [(f"awal{number}", recent[-1][1]), *recent[:-1]]
        taken = (await upload(api, account, export(followers), SECOND)).json()
        reasons.append("date_range" in taken["certificate"]["reasons"])
    assert reasons == [True, False, True]
    young = await official_account(api, "baru", opened_at="2026-08-01")
    assert young["opened_at"] == "2026-08-01"
