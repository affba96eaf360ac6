"""Invented exports of official accounts, in the platforms' own layouts."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime

OWNER = "personal_information/personal_information/personal_information.json"
FOLLOWERS = "connections/followers_and_following/followers_1.json"
FOLLOWING = "connections/followers_and_following/following.json"
THREADS = "your_instagram_activity/threads/followers.json"

Followers = Iterable[tuple[str, datetime]]


def entries(followers: Followers) -> list[dict]:
    return [
        {
            "title": "",
            "media_list_data": [],
            "string_list_data": [
                {
                    "href": f"https://www.instagram.com/{handle}",
                    "value": handle,
                    "timestamp": int(began.timestamp()),
                }
            ],
        }
        for handle, began in followers
    ]


def archive(files: Mapping[str, object]) -> bytes:
    """A ZIP of texts as they are and of everything else as JSON."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return file.getvalue()


def personal(owner: str) -> dict:
    return {"profile_user": [{"string_map_data": {"Username": {"value": owner}}}]}


def export(followers: Followers, *, owner: str | None = "pemprovsumsel") -> bytes:
    files: dict[str, object] = {FOLLOWERS: entries(followers)}
    return archive(files if owner is None else {**files, OWNER: personal(owner)})


def threads_export(followers: Followers, *, owner: str = "pemprovsumsel") -> bytes:
    listed = {"text_post_app_text_post_app_followers": entries(followers)}
    return archive({THREADS: listed, FOLLOWERS: entries([]), OWNER: personal(owner)})


def tiktok_export(followers: Followers, *, owner: str = "pemprovsumsel") -> bytes:
    fans = [
        {"Date": began.strftime("%Y-%m-%d %H:%M:%S"), "UserName": handle}
        for handle, began in followers
    ]
    document = {
        "Your Activity": {"Follower": {"App": 1, "FansList": fans}},
        "Profile And Settings": {"Profile Info": {"ProfileMap": {"userName": owner}}},
    }
    return archive({"TikTok_Data/user_data_tiktok.json": document})


def x_export(ids: Iterable[str], *, owner: str = "pemprovsumsel", owner_id: str = "12497") -> bytes:
    listed = [{"follower": {"accountId": each}} for each in ids]
    account = [{"account": {"username": owner, "accountId": owner_id}}]
    return archive({
        "data/follower.js": f"window.YTD.follower.part0 = {json.dumps(listed)}",
        "data/account.js": f"window.YTD.account.part0 = {json.dumps(account)}",
        "Your archive.html": "<html></html>",
    })  # fmt: skip


def following(handles: Iterable[str]) -> bytes:
    """An employee's own file of those whom they follow."""
    listed = [
        {
            "title": each,
            "string_list_data": [{"href": f"https://www.instagram.com/_u/{each}", "timestamp": 17}],
        }
        for each in handles
    ]
    return archive({FOLLOWING: {"relationships_following": listed}})


OWN_THREADS = "your_instagram_activity/threads/following.json"


def instagram_own(followed: Followers, *, owner: str | None = "satu") -> bytes:
    """An employee's own export, in Instagram's present layout."""
    listed = [
        {
            "title": handle,
            "string_list_data": [
                {
                    "href": f"https://www.instagram.com/_u/{handle}",
                    "timestamp": int(began.timestamp()),
                }
            ],
        }
        for handle, began in followed
    ]
    files: dict[str, object] = {FOLLOWING: {"relationships_following": listed}}
    return archive(files if owner is None else {**files, OWNER: personal(owner)})


def threads_own(followed: Followers, *, owner: str | None = "satu") -> bytes:
    listed = {"text_post_app_text_post_app_following": entries(followed)}
    files: dict[str, object] = {OWN_THREADS: listed, FOLLOWING: {"relationships_following": []}}
    return archive(files if owner is None else {**files, OWNER: personal(owner)})


def tiktok_own(followed: Followers, *, owner: str | None = "satu") -> bytes:
    listed = [
        {"Date": began.strftime("%Y-%m-%d %H:%M:%S"), "UserName": handle}
        for handle, began in followed
    ]
    document: dict[str, object] = {
        "Your Activity": {
            "Follower": {"App": 1, "FansList": None},
            "Following": {"App": 1, "Following": listed},
        }
    }
    if owner is not None:
        document["Profile And Settings"] = {"Profile Info": {"ProfileMap": {"userName": owner}}}
    return archive({"TikTok_Data/user_data_tiktok.json": document})


def x_own(followed: Followers, *, owner: str | None = "satu", owner_id: str = "101") -> bytes:
    listed = [{"following": {"accountId": each}} for each, _ in followed]
    files = {"data/following.js": f"window.YTD.following.part0 = {json.dumps(listed)}"}
    if owner is not None:
        account = [{"account": {"username": owner, "accountId": owner_id}}]
        files["data/account.js"] = f"window.YTD.account.part0 = {json.dumps(account)}"
    return archive(files)


def youtube_own(followed: Followers, *, owner: str | None = None) -> bytes:
    """Takeout's file, which never says whose it is."""
    assert owner is None
    rows = [f"{each},http://www.youtube.com/channel/{each},Kanal" for each, _ in followed]
    table = "\n".join(["Channel Id,Channel Url,Channel Title", *rows]) + "\n"
    return archive({"Takeout/YouTube/subscriptions/subscriptions.csv": table})


def mastodon_own(followed: Followers, *, owner: str | None = None) -> bytes:
    """The settings page's file, which never says whose it is."""
    assert owner is None
    rows = [f"{each},true,false," for each, _ in followed]
    table = "\n".join(["Account address,Show boosts,Notify on new posts,Languages", *rows]) + "\n"
    return archive({"following_accounts.csv": table})
