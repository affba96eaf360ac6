"""Each platform's lists are read in every shape seen, and known for what they are."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.platforms.base import Platform
from app.platforms.exports import (
    ExportRefused,
    KeyedBy,
    Relation,
    followers_keyed_by,
    open_export,
)
from tests.platforms.exports.written import (
    OWNER,
    PART,
    as_list,
    entry,
    followers,
    mojibake,
    opened,
    zipped,
)

INSTAGRAM, THREADS, TIKTOK, X = (
    Platform.INSTAGRAM, Platform.THREADS, Platform.TIKTOK, Platform.X,
)  # fmt: skip
FANS = [
    {"Date": "2025-10-01 09:31:12", "UserName": "Budi.Asn"},
    {"Date": "2023-01-02 03:04:05", "UserName": "siti"},
]
FANS_READ = [("budi.asn", 1759311072), ("siti", 1672628645)]
TIKTOK_PATHS = [
    ("Your Activity", "Follower", "FansList"),
    ("Activity", "Follower List", "FansList"),
    ("Profile And Settings", "Follower", "FansList"),
]
TIKTOK_FOLLOWING = [
    ("Your Activity", "Following", "Following"),
    ("Activity", "Following List", "Following"),
    ("Profile And Settings", "Following", "Following"),
]
HEADER = "Channel Id,Channel Url,Channel Title"
CHANNELS = ["UC1JTQBa5QxZCpXrFSkMxmPw", "UC_x5XG1OV2P6uZZ5FSM9Ttw"]


def at(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A document in which a value stands where a path leads."""
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def tiktok(*lists: dict[str, Any], **sections: Any) -> bytes:
    document: dict[str, Any] = {"App Settings": {"Settings": {"SettingsMap": {"Interests": "a|b"}}}}
    for one in [*lists, sections]:
        for key, value in one.items():
            document[key] = {**document.get(key, {}), **value}
    return json.dumps(document).encode()


def script(word: str, ids: list[str], part: int = 0) -> bytes:
    link = "https://twitter.com/intent/user?user_id="
    listed = [{word: {"accountId": each, "userLink": link + each}} for each in ids]
    return f"window.YTD.{word}.part{part} = {json.dumps(listed, indent=2)}".encode()


def takeout(header: str = HEADER, *, channels: list[str] = CHANNELS, title: str = "Judul") -> bytes:
    rows = [f"{each},http://www.youtube.com/channel/{each},{title}" for each in channels]
    return "\n".join([header, *rows, "", ""]).encode()


def threads(word: str, listed: list[dict[str, Any]]) -> bytes:
    return json.dumps({f"text_post_app_text_post_app_{word}": listed}).encode()


@pytest.mark.parametrize("path", TIKTOK_PATHS, ids=" > ".join)
@pytest.mark.parametrize("name", ["user_data_tiktok.json", "user_data.json", None])
def test_tiktok_keeps_followers_in_three_places(path, name):
    data = tiktok(at(path, FANS), at(("Your Activity", "Following", "Following"), None))
    for upload in (data, zipped({name or "TikTok/user_data.json": data})):
        export = opened(upload, name)
        assert followers(export) == FANS_READ
        assert (export.platform, export.relation) == (TIKTOK, Relation.FOLLOWERS)
        assert export.keyed_by is KeyedBy.HANDLE
        assert export.summary.oldest == datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert not export.summary.truncated


@pytest.mark.parametrize("path", TIKTOK_PATHS, ids=" > ".join)
@pytest.mark.parametrize("nothing", [None, []], ids=["null", "empty"])
def test_an_empty_tiktok_list_is_read_as_nobody(path, nothing):
    export = opened(tiktok(at(path, nothing)))
    assert followers(export) == []
    assert (export.summary.listed, export.summary.truncated) == (0, False)


def test_a_null_beside_the_list_takes_nothing_away():
    export = opened(tiktok(at(TIKTOK_PATHS[2], None), at(TIKTOK_PATHS[0], FANS)))
    assert followers(export) == FANS_READ


def test_two_lists_with_entries_are_not_one_list():
    with pytest.raises(ExportRefused) as refusal:
        followers(opened(tiktok(at(TIKTOK_PATHS[0], FANS), at(TIKTOK_PATHS[1], FANS))))
    assert refusal.value.code == "same_list_twice"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        pytest.param({"username": "Budi", "date": FANS[0]["Date"]}, FANS_READ[0][1], id="lower"),
        pytest.param({"UserName": "budi", "Date": "yesterday"}, None, id="no-date"),
        pytest.param({"UserName": "budi", "Date": 5}, None, id="number"),
        pytest.param({"UserName": "budi"}, None, id="without"),
        pytest.param({"UserName": "budi", "Date": "0001-01-01 00:00:00"}, None, id="too-early"),
    ],
)
def test_tiktok_entries_of_other_spellings_are_read(said, read):
    assert followers(opened(tiktok(at(TIKTOK_PATHS[0], [said])))) == [("budi", read)]


def test_tiktok_tells_its_owner_once_it_has_been_read():
    profile = {"Profile Information": {"ProfileMap": {"userName": "Humas.Sumsel"}}}
    export = opened(tiktok(at(TIKTOK_PATHS[0], FANS), Profile=profile))
    assert export.owner_handle is None
    followers(export)
    assert export.owner_handle == "humas.sumsel"


@pytest.mark.parametrize("path", TIKTOK_FOLLOWING, ids=" > ".join)
def test_tiktok_follows_are_read_when_asked_for_and_refused_as_followers(path):
    data = tiktok(at(path, FANS))
    export = open_export(io.BytesIO(data), filename=None, relation=Relation.FOLLOWING)
    assert followers(export) == FANS_READ
    assert export.relation is Relation.FOLLOWING
    with pytest.raises(ExportRefused) as refusal:
        followers(opened(data))
    assert refusal.value.code == "following_list"
    assert "user_data_tiktok.json" in str(refusal.value)


def test_tiktok_without_any_list_holds_no_followers():
    with pytest.raises(ExportRefused) as refusal:
        followers(opened(tiktok()))
    assert refusal.value.code == "not_followers"


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        pytest.param({"data/follower.js": 0}, False, id="one"),
        pytest.param({"x/data/follower.js": 0, "x/data/follower-part1.js": 1}, False, id="parts"),
        pytest.param({"data/follower.js": 0, "data/follower-part2.js": 2}, True, id="gap"),
        pytest.param({"data/follower-part1.js": 1}, True, id="first-missing"),
        pytest.param({"follower.js": 0}, False, id="packed-again"),
    ],
)
def test_x_lists_are_ids_in_parts(files, missing):
    account = (
        'window.YTD.account.part0 = [{"account":{"username":"Humas","accountId":"12497",'
        '"createdAt":"2006-11-15T13:18:50.000Z"}}]'
    )
    parts = {name: script("follower", [f"38{n}", "7"], part=n) for name, n in files.items()}
    export = opened(zipped({**parts, "data/account.js": account, "Your archive.html": "<html>"}))
    ids = [("380", None), ("7", None), ("381", None), ("7", None), ("382", None), ("7", None)]
    assert followers(export) == [pair for n in sorted(files.values()) for pair in ids[2 * n :][:2]]
    assert (export.platform, export.keyed_by) == (X, KeyedBy.PLATFORM_ID)
    assert (export.owner_handle, export.owner_id) == ("humas", "12497")
    assert export.summary.truncated is missing
    assert (export.summary.oldest, export.summary.newest) == (None, None)


@pytest.mark.parametrize(
    ("data", "truncated"),
    [
        pytest.param(script("follower", ["1", "2"]), False, id="bare"),
        pytest.param(b"\xef\xbb\xbf\n" + script("follower", ["1", "2"]), False, id="mark"),
        pytest.param(script("follower", ["1", "2"], part=1), True, id="a-later-part-alone"),
        pytest.param(b'window.YTD.follower.part0=[{"follower":{"accountId":1}},'
                     b'{"follower":{"accountId":"2"}}]', False, id="numbers-and-no-spaces"),
        pytest.param(script("follower", ["1", "2"])[:-1], True, id="cut"),
    ],
)  # fmt: skip
def test_a_bare_script_of_x_is_read(data, truncated):
    export = opened(data, "follower.js")
    assert followers(export) == [("1", None), ("2", None)]
    assert export.summary.truncated is truncated


def test_what_is_no_id_of_x_is_unusable():
    odd = [{"follower": {"accountId": each}} for each in ("budi", "", None, True, "1" * 30, 5.5)]
    data = b"window.YTD.follower.part0 = " + json.dumps([*odd, {"x": 1}, 5]).encode()
    export = opened(data.replace(b"[", b'[{"follower":{"accountId":"9"}},', 1))
    assert followers(export) == [("9", None)]
    assert export.summary.unusable == 8


def test_threads_lists_stand_beside_instagrams():
    files: dict[str, bytes] = {
        PART.format(1): as_list([entry("ig")]),
        "your_instagram_activity/threads/followers.json": threads("followers", [entry("Budi")]),
        "your_instagram_activity/threads/following.json": threads("following", [entry("humas")]),
        OWNER: b'{"profile_user":[{"string_map_data":{"Username":{"value":"humas"}}}]}',
    }
    data = zipped(files)
    assert followers(opened(data)) == [("ig", 1735689600)]
    export = open_export(io.BytesIO(data), filename=None, platform=THREADS)
    assert followers(export) == [("budi", 1735689600)]
    assert (export.platform, export.owner_handle) == (THREADS, "humas")
    assert export.others == (
        (THREADS, Relation.FOLLOWING), (INSTAGRAM, Relation.FOLLOWERS),
    )  # fmt: skip
    bare = opened(files["your_instagram_activity/threads/followers.json"], "followers.json")
    assert (bare.platform, followers(bare)) == (THREADS, [("budi", 1735689600)])
    by_hand = {"threads/followers.json": files["your_instagram_activity/threads/followers.json"]}
    assert opened(zipped(by_hand)).platform is THREADS


FOLLOWING_NEW = {
    "title": "Humas_Prov",
    "string_list_data": [{"href": "https://www.instagram.com/_u/humas_prov", "timestamp": 17}],
}
BY_TITLE = {"title": "Humas_Prov", "string_list_data": [{"href": "", "timestamp": 17}]}
BY_ADDRESS = {"title": "", "string_list_data": FOLLOWING_NEW["string_list_data"]}


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        pytest.param({"relationships_following": [FOLLOWING_NEW]}, None, id="new"),
        pytest.param({"relationships_following": [BY_TITLE]}, None, id="title-only"),
        pytest.param({"relationships_following": [BY_ADDRESS]}, None, id="address-only"),
        pytest.param({"relationships_following": [entry("humas_prov", 17)]}, None, id="old"),
        pytest.param([FOLLOWING_NEW], "following.json", id="bare-by-its-name"),
    ],
)
def test_instagram_follows_are_read_in_both_shapes(data, filename):
    written = json.dumps(data).encode()
    export = opened(written, filename)
    assert followers(export) == [("humas_prov", 17)]
    assert (export.platform, export.relation) == (INSTAGRAM, Relation.FOLLOWING)
    name = "connections/followers_and_following/following.json"
    assert followers(opened(zipped({name: written}))) == [("humas_prov", 17)]


def test_deleted_and_misspelt_names_are_treated_alike_everywhere():
    listed = [entry("__deleted__x"), entry(mojibake("åse")), entry(" ")]
    export = opened(threads("followers", listed))
    assert [handle for handle, _ in followers(export)] == ["åse"]
    assert (export.summary.deleted, export.summary.unusable) == (1, 1)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(takeout(), id="english"),
        pytest.param(takeout("ID del canal,URL del canal,Título del canal"), id="spanish"),
        pytest.param(takeout("ID Channel,URL Channel,Judul Channel"), id="indonesian"),
        pytest.param(b"\xef\xbb\xbf" + takeout(), id="mark"),
        pytest.param(takeout(title='"Berita, ""kini""\nbaris dua"'), id="quoted"),
        pytest.param(takeout().replace(b"\n", b"\r\n"), id="windows"),
        pytest.param(takeout().replace(HEADER.encode() + b"\n", b""), id="without-header"),
        pytest.param(zipped({
            "Takeout/YouTube and YouTube Music/playlists/a-videos.csv": "Video ID,Time\nx,y\n",
            "Takeout/YouTube and YouTube Music/channels/channel.csv":
                f"Channel ID,Title\n{CHANNELS[0]},Humas\n",
            "Takeout/YouTube y YouTube Music/suscripciones/suscripciones.csv":
                takeout("ID del canal,URL del canal,Título del canal"),
        }), id="zip"),
    ],
)  # fmt: skip
def test_takeout_is_known_by_its_channels_in_any_language(data):
    export = opened(data)
    assert followers(export) == [(each, None) for each in CHANNELS]
    assert (export.platform, export.relation) == (Platform.YOUTUBE, Relation.FOLLOWING)
    assert export.keyed_by is KeyedBy.PLATFORM_ID
    assert not export.summary.truncated


def test_rows_of_takeout_without_a_channel_are_unusable():
    export = opened(takeout().rstrip() + b"\nUCshort,x,y\n")
    assert len(followers(export)) == 2
    assert export.summary.unusable == 1


@pytest.mark.parametrize("end", [b"", b'\nUC1JTQBa5QxZCpXrFSkMxmPw,"open'], ids=["no-end", "quote"])
def test_a_cut_takeout_is_marked(end):
    export = opened(takeout().rstrip() + end)
    assert followers(export)[:2] == [(each, None) for each in CHANNELS]
    assert export.summary.truncated


def test_mastodon_follows_are_addresses():
    data = (
        b"Account address,Show boosts,Notify on new posts,Languages\n"
        b"Humas@sosial.contoh,true,false,\nlokal,true,false,\n"
    )
    for upload in (data, zipped({"following_accounts.csv": data})):
        export = opened(upload)
        assert followers(export) == [("humas@sosial.contoh", None)]
        assert (export.platform, export.relation) == (Platform.MASTODON, Relation.FOLLOWING)
        assert export.summary.unusable == 1


def test_only_x_lists_followers_by_id():
    kinds = {each: followers_keyed_by(each) for each in Platform}
    assert [each for each, kind in kinds.items() if kind is KeyedBy.PLATFORM_ID] == [X]


WORDS = {INSTAGRAM: "followers_1.json", THREADS: "threads/followers.json", X: "data/follower.js"}


@pytest.mark.parametrize(("platform", "file"), WORDS.items(), ids=WORDS)
def test_a_refusal_names_the_file_of_the_platform_that_was_wanted(platform, file):
    for data in (b'{"relationships_blocked_users":[]}', b"hello"):
        with pytest.raises(ExportRefused) as refusal:
            open_export(io.BytesIO(data), filename=None, platform=platform)
        assert file in str(refusal.value)
