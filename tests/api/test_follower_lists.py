"""Each platform's owner export is matched against its own accounts, and only its own is taken."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.api.exports import (
    archive,
    export,
    following,
    threads_export,
    tiktok_export,
    x_export,
)
from tests.api.test_compliance import (
    CITIZENS,
    FIRST,
    LONG_AGO,
    SECOND,
    judge,
    make_campaign,
    upload,
    verdicts_of,
)
from tests.api.test_growth import official_account, read_count
from tests.api.test_imports import UNITS, put, table
from tests.support import nip

PLATFORMS = ("instagram", "threads", "tiktok", "x")
HANDLES = {1: "satu", 2: "dua", 3: "tiga"}
LATER = SECOND + timedelta(days=365)
OURS = [("satu", LONG_AGO), ("dua", LONG_AGO)]
IDS = [str(9_000_000_000 + n) for n in range(len(CITIZENS))]
EXPORTS = {
    "instagram": export([*OURS, *CITIZENS]),
    "threads": threads_export([*OURS, *CITIZENS]),
    "tiktok": tiktok_export([*OURS, *CITIZENS]),
    "x": x_export(["101", "102", *IDS]),
}
EACH = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
async def registry(api, connection) -> dict[str, str]:
    """Three employees with an account everywhere; X's ids of the first two are known."""
    await put(api, "work_units", UNITS)
    await put(api, "employees", table(*(f"{nip(n)},Pegawai {n},pppk,16.01,," for n in HANDLES)))
    rows = [
        f"{nip(n)},{platform},{handle},2026-11-01"
        for n, handle in HANDLES.items()
        for platform in PLATFORMS
    ]
    await put(api, "accounts", "nip,platform,account,attested_on\n" + "\n".join(rows))
    await connection.execute(
        text(
            "UPDATE accounts SET platform_id = CASE handle WHEN 'satu' THEN '101' ELSE '102' END"
            " WHERE platform = 'x' AND handle IN ('satu', 'dua')"
        )
    )
    people = (await api.get("/v1/employees")).json()["items"]
    return {str(person["name"]).removeprefix("Pegawai "): person["id"] for person in people}


async def matched(connection, official: dict) -> set[str]:
    rows = await connection.execute(
        text(
            "SELECT account.handle FROM follows AS follow JOIN accounts AS account"
            " ON account.tenant_id = follow.tenant_id AND account.id = follow.account_id"
            " WHERE follow.official_account_id = :id"
        ),
        {"id": official["id"]},
    )
    return {row.handle for row in rows}


@EACH
async def test_a_platforms_own_export_is_taken_and_matched(api, connection, registry, platform):
    official = await official_account(api, platform=platform)
    await read_count(api, official, SECOND, followers=42)
    answer = await upload(api, official, EXPORTS[platform], SECOND)
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert (taken["platform"], taken["listed"], taken["matched"]) == (platform, 42, 2)
    assert taken["certificate"] == {"verdict": "complete", "reasons": []}
    assert (taken["oldest_entry"] is None) == (platform == "x")
    assert await matched(connection, official) == {"satu", "dua"}


async def test_a_list_that_repeats_itself_does_not_hide_who_is_missing(api, registry):
    official = await official_account(api, platform="instagram")
    await read_count(api, official, SECOND, followers=42)
    repeated = export([OURS[0], OURS[0], *CITIZENS])
    taken = (await upload(api, official, repeated, SECOND)).json()
    assert (taken["listed"], taken["matched"]) == (41, 1)
    assert taken["certificate"] == {"verdict": "partial", "reasons": ["fewer_than_count"]}


OTHERS = [
    pytest.param(
        platform,
        # Instagram's archive holds both lists of Meta, so theirs are told apart by what is inside.
        next(EXPORTS[each] for each in ("tiktok", "x", "instagram") if each != platform),
        422, "wrong_platform", id=f"another-platform-for-{platform}",
    )
    for platform in PLATFORMS
]  # fmt: skip
STRANGERS = [
    pytest.param("instagram", export(CITIZENS, owner="jambi"), 422, "wrong_account", id="ig"),
    pytest.param("threads", threads_export(CITIZENS, owner="jambi"), 422, "wrong_account", id="th"),
    pytest.param("tiktok", tiktok_export(CITIZENS, owner="jambi"), 422, "wrong_account", id="tt"),
    pytest.param("x", x_export(IDS, owner="jambi"), 422, "wrong_account", id="x"),
]
TAKEOUT = (
    b"Channel Id,Channel Url,Channel Title\nUC1JTQBa5QxZCpXrFSkMxmPw,"
    b"http://www.youtube.com/channel/UC1JTQBa5QxZCpXrFSkMxmPw,Judul\n"
)
UNUSABLE = [
    pytest.param(platform, content, status, code, id=f"{code}-for-{platform}")
    for platform in PLATFORMS
    for content, status, code in (
        (b"<html><body>Followers</body></html>", 415, "html_export"),
        (b'{"following_v3":[{"name":"Pemprov Sumsel","timestamp":17}]}', 415, "names_only"),
        (archive({"your_facebook_activity/pages/x.json": {}}), 415, "names_only"),
        (TAKEOUT, 422, "wrong_platform"),
        (archive({"xl/workbook.xml": "<x>"}), 415, "no_followers_file"),
        (b"", 422, "empty"),
        (b"Pengikut: 42", 415, "not_an_export"),
    )
]
FOLLOWS = [
    pytest.param("instagram", following(["pemprovsumsel"]), 415, "following_list", id="f-ig"),
    pytest.param(
        "threads", b'{"text_post_app_text_post_app_following":[]}', 415, "following_list", id="f-th"
    ),
    pytest.param(
        "tiktok", b'{"Your Activity":{"Following":{"Following":[]}}}', 415, "following_list",
        id="f-tt",
    ),
    pytest.param("x", b"window.YTD.following.part0 = [ ]", 415, "following_list", id="f-x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "content", "status", "code"), [*OTHERS, *STRANGERS, *UNUSABLE, *FOLLOWS]
)
async def test_what_is_no_export_of_this_account_is_refused_whole(
    api, platform, content, status, code
):
    official = await official_account(api, platform=platform)
    answer = await upload(api, official, content, SECOND)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["code"] for each in answer.json()["errors"]] == [code]
    listed = await api.get(f"/v1/official-accounts/{official['id']}/follower-lists")
    assert listed.json()["items"] == []


async def test_on_x_the_owners_id_speaks_before_the_handle(api):
    renamed = await official_account(api, platform="x", handle="lama", platform_id="12497")
    assert (await upload(api, renamed, x_export(IDS), SECOND)).status_code == 201
    other = await official_account(api, platform="x", platform_id="555")
    answer = await upload(api, other, x_export(IDS), SECOND)
    assert answer.json()["errors"][0]["code"] == "wrong_account"


async def test_an_empty_tiktok_list_proves_nothing(api, registry):
    official = await official_account(api, platform="tiktok")
    await read_count(api, official, SECOND, followers=42)
    answer = await upload(
        api, official, b'{"Your Activity":{"Follower":{"FansList":null}}}', SECOND
    )
    certificate = answer.json()["certificate"]
    assert (answer.status_code, certificate["verdict"]) == (201, "void")
    assert "empty_list" in certificate["reasons"]


async def test_an_export_of_one_year_is_known_for_it(api, registry):
    official = await official_account(api, platform="tiktok")
    await read_count(api, official, SECOND, followers=1139)
    recent = [(f"warga{n}", SECOND - timedelta(days=36 * n)) for n in range(11)]
    answer = await upload(api, official, tiktok_export(recent), SECOND)
    certificate = answer.json()["certificate"]
    assert certificate["verdict"] == "partial"
    assert "date_range" in certificate["reasons"]


async def test_an_account_whose_id_is_unknown_stays_unknown_on_x(
    api, services, government, connection, registry
):
    official = await official_account(api, platform="x")
    campaign = await make_campaign(api, official, duties=[{"kind": "follow", "platforms": ["x"]}])
    for number, moment in enumerate((FIRST, SECOND)):
        ids = ["101", *IDS[number:]]
        await read_count(api, official, moment, followers=len(ids))
        answer = await upload(api, official, x_export(ids), moment)
        assert answer.json()["certificate"]["verdict"] == "complete"
    await judge(services, government, campaign)
    found = {n: (await verdicts_of(api, each))["follow"] for n, each in registry.items()}
    assert {n: (each["verdict"], each["reason"]) for n, each in found.items()} == {
        "1": ("met", "seen_in_list"),
        "2": ("unmet", "absent_from_two_complete_lists"),
        "3": ("unknown", "never_checked"),
    }


async def test_a_follow_is_not_ended_by_a_list_that_cannot_hold_the_account(
    api, connection, registry
):
    official = await official_account(api, platform="x")
    await read_count(api, official, FIRST, followers=3)
    await upload(api, official, x_export(["101", "102", "7"]), FIRST)
    await connection.execute(text("UPDATE accounts SET platform_id = NULL WHERE handle = 'dua'"))
    await read_count(api, official, SECOND, followers=1)
    assert (await upload(api, official, x_export(["7"]), SECOND)).status_code == 201
    rows = await connection.execute(
        text(
            "SELECT account.handle, follow.closed_at IS NULL AS open FROM follows AS follow"
            " JOIN accounts AS account ON account.id = follow.account_id"
        )
    )
    assert {row.handle: row.open for row in rows} == {"satu": False, "dua": True}


@pytest.mark.parametrize(
    ("learnt_at", "declared_at", "is_open"),
    [
        pytest.param(None, None, False, id="id-declared-with-the-account"),
        pytest.param(LONG_AGO, None, False, id="id-learnt-before-the-list"),
        pytest.param(LATER, None, True, id="id-learnt-after-the-list"),
        pytest.param(None, LATER, True, id="declared-anew-after-the-list"),
    ],
)
async def test_a_list_ends_follows_only_of_accounts_that_it_was_matched_against(
    api, connection, registry, learnt_at, declared_at, is_open
):
    official = await official_account(api, platform="x")
    await read_count(api, official, FIRST, followers=2)
    await upload(api, official, x_export(["101", "7"]), FIRST)
    await connection.execute(
        text(
            "UPDATE accounts SET platform_id_since = :learnt_at,"
            " declared_at = COALESCE(:declared_at, declared_at) WHERE platform_id = '101'"
        ),
        {"learnt_at": learnt_at, "declared_at": declared_at},
    )
    await read_count(api, official, SECOND, followers=1)
    assert (await upload(api, official, x_export(["7"]), SECOND)).status_code == 201
    [row] = await connection.execute(text("SELECT closed_at IS NULL AS open FROM follows"))
    assert row.open is is_open


async def test_a_follow_found_in_an_older_list_is_not_ended_by_one_that_never_looked(
    api, connection, registry
):
    official = await official_account(api, platform="x")
    await read_count(api, official, SECOND, followers=1)
    await upload(api, official, x_export(["7"]), SECOND)
    await connection.execute(
        text("UPDATE accounts SET platform_id_since = :later WHERE platform_id = '101'"),
        {"later": LATER},
    )
    await read_count(api, official, FIRST, followers=3)
    await upload(api, official, x_export(["101", "102", "7"]), FIRST)
    rows = await connection.execute(
        text(
            "SELECT account.platform_id, follow.closed_at IS NULL AS open FROM follows AS follow"
            " JOIN accounts AS account ON account.id = follow.account_id"
        )
    )
    assert {row.platform_id: row.open for row in rows} == {"101": True, "102": False}
