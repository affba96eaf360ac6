"""Invented exports of an official Instagram account, in the platform's own layout."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime

OWNER = "personal_information/personal_information/personal_information.json"
FOLLOWERS = "connections/followers_and_following/followers_1.json"


def entries(followers: Iterable[tuple[str, datetime]]) -> list[dict]:
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


def export(
    followers: Iterable[tuple[str, datetime]], *, owner: str | None = "pemprovsumsel"
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FOLLOWERS, json.dumps(entries(followers)))
        if owner is not None:
            person = {"string_map_data": {"Username": {"value": owner}}}
            archive.writestr(OWNER, json.dumps({"profile_user": [person]}))
    return file.getvalue()
