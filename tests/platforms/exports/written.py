"""Writes exports in the shapes that Instagram has used, and reads lists in the simplest way."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from app.platforms.exports import FollowerExport, open_export

PART = "connections/followers_and_following/followers_{}.json"
OWNER = "personal_information/personal_information/personal_information.json"

Follower = tuple[str, int | None]


def entry(handle: str, timestamp: int = 1735689600, **more: Any) -> dict[str, Any]:
    return {
        "title": "",
        "media_list_data": [],
        "string_list_data": [
            {
                "href": f"https://www.instagram.com/{handle}",
                "value": handle,
                "timestamp": timestamp,
            }
        ],
        **more,
    }


def as_list(entries: Sequence[Any]) -> bytes:
    return json.dumps(entries).encode()


def zipped(
    files: Mapping[str, bytes | str], packing: int = zipfile.ZIP_DEFLATED, level: int = 6
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing, compresslevel=level) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def opened(data: bytes, filename: str | None = None) -> FollowerExport:
    return open_export(io.BytesIO(data), filename=filename)


def followers(export: FollowerExport) -> list[Follower]:
    return [follower for batch in export.batches() for follower in batch]


def mojibake(text: str) -> str:
    """The text as Meta writes it: every byte of its UTF-8 as a letter of its own."""
    return text.encode().decode("latin-1")


def simply_read(data: bytes) -> list[Follower]:
    """What a reader without any concern for size or speed finds in a list."""
    document = json.loads(data)
    if isinstance(document, dict):
        document = document.get("relationships_followers", [document])
    found: list[Follower] = []
    for item in document:
        details = item.get("string_list_data") or [{}]
        value = details[0].get("value", "")
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode()
        time = details[0].get("timestamp", 0)
        if value.strip() and not value.strip().startswith("__deleted__"):
            found.append((value.strip().lower(), time if 0 < time < 253_402_300_800 else None))
    return found


class SmallReads(io.BytesIO):
    """Gives what it holds in small pieces after the first look, so that blocks end anywhere."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most
        self._looked = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._looked:
            self._looked = True
            return super().read(size)
        return super().read(self._most if size is None or size < 0 else min(size, self._most))
