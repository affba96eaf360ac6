"""YouTube's public channel pages (platforms.md section 5 B; the data of `ytInitialData`).

They tell what the API does not, whether a channel is missing or was terminated, and they tell it
with HTTP 200. Their texts are read in English only, which `hl=en` asks for.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.platforms.base import (
    AccountGone,
    AccountSuspended,
    Ambiguous,
    LoginWall,
    NotSupported,
    ParseFailed,
    PlatformError,
    Target,
)
from app.platforms.http import PageAnswer, PlatformHttp
from app.platforms.numbers import ReadCount, read_count
from app.platforms.pages import Page, json_after, objects_with
from app.platforms.reading import mapping_of, text_of

DATA = "var ytInitialData = "
HOME = "FEwhat_to_watch"
OK = 200
LONGEST = 60
NOT_FOUND = 404
# Without this cookie European visitors get a page that asks for consent.
CONSENT = {"Cookie": "SOCS=CAI"}
WALLS = (
    'input[type="password"], form[action*="consent.youtube.com"], form#captcha-form, .g-recaptcha'
)
MISSING = ("does not exist",)
TERMINATED = ("has been terminated", "was removed because it violated", "third-party claims")

CHANNEL_ID = re.compile(r"UC[\w-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """What a channel's page says; `channel_id` is None behind an age gate only."""

    channel_id: str | None
    handle: str | None
    raw: str | None = None
    language: str = "en"
    age_gate: bool = False

    def count(self) -> ReadCount:
        """The interval of the count that the page shows.

        Raises:
            NotSupported: it shows none.
            ParseFailed: it is no count in the page's language.
        """
        if self.raw is None:
            raise NotSupported("an age gate" if self.age_gate else "the channel hides its count")
        if len(self.raw) > LONGEST:
            raise ParseFailed("no usable count")
        return read_count(self.raw, self.language)


def known_id(target: Target) -> str | None:
    """The channel id; where people gave only an id, the handle is that id."""
    if target.platform_id is not None:
        return target.platform_id
    return target.handle if CHANNEL_ID.fullmatch(target.handle) else None


def folded(handle: str) -> str:
    """A handle as two writings of it agree."""
    return unicodedata.normalize("NFC", handle.removeprefix("@")).casefold()


async def ask_page(http: PlatformHttp, target: Target) -> ChannelPage:
    """The page of a channel, by its id where that is known.

    Raises:
        AccountGone: the page says that there is no such channel, or was terminated.
        LoginWall: a page for people came instead, which says nothing of the channel.
        Ambiguous: the page is another channel's.
        PlatformError: the page could not be had or read.
    """
    known = known_id(target)
    path = f"/channel/{quote(known, safe='')}" if known else f"/@{quote(target.handle, safe='')}"
    async with http.page(path, {"hl": "en"}, headers=CONSENT) as answer:
        page = read_channel_page(answer)
    if known and page.channel_id not in {known, None}:
        raise Ambiguous("another id answered")
    if not known and page.handle and folded(page.handle) != folded(target.handle):
        raise Ambiguous("another handle answered")
    return page


def read_channel_page(answer: PageAnswer) -> ChannelPage:
    """The channel of a page; errors as for `ask_page`."""
    page = Page(answer.text)
    if page.has(WALLS):
        raise LoginWall("a sign-in or consent page")
    if answer.status == NOT_FOUND:
        raise AccountGone("the page is not found")
    if answer.status != OK:
        raise Ambiguous(f"refused with {answer.status}")
    data = mapping_of(json_after(answer.text, DATA))
    alert = _alert(data)
    if alert is not None:
        raise alert
    if any(_is_home(each["tabRenderer"]) for each in objects_with(data, "tabRenderer")):
        raise AccountGone("the home page came instead")
    return _channel(data, page.language or "en")


def _alert(data: Mapping[str, Any]) -> PlatformError | None:
    """What the page's error alert says of the channel; None where there is none."""
    for each in objects_with(data.get("alerts"), "alertRenderer"):
        alert = mapping_of(each["alertRenderer"])
        if alert.get("type") != "ERROR":
            continue
        said = (_text(alert.get("text")) or "").lower()
        if any(mark in said for mark in MISSING):
            return AccountGone("the page says so")
        if any(mark in said for mark in TERMINATED):
            return AccountSuspended("the page says so")
        return Ambiguous("an unknown alert")
    return None


def _is_home(tab: object) -> bool:
    # Links to the home feed are on every page; only a chosen tab is what the page shows.
    return (
        isinstance(tab, dict) and tab.get("selected") is True and tab.get("tabIdentifier") == HOME
    )


def _channel(data: Mapping[str, Any], language: str) -> ChannelPage:
    metadata = data.get("metadata")
    about = metadata.get("channelMetadataRenderer") if isinstance(metadata, dict) else None
    if any(True for _ in objects_with(data, "channelAgeGateRenderer")):
        known = about.get("externalId") if isinstance(about, dict) else None
        shown = known if isinstance(known, str) else None
        return ChannelPage(shown, None, language=language, age_gate=True)
    channel_id = text_of(mapping_of(about).get("externalId"))
    header = mapping_of(data.get("header"))
    parts = list(_parts(header))
    if not parts and not any(True for _ in objects_with(header, "c4TabbedHeaderRenderer")):
        raise ParseFailed("an unknown header")
    handle = next((part[1:] for part in parts if part.startswith("@")), None)
    counts = [part for part in parts if "subscriber" in part.lower()] + list(_older(data))
    return ChannelPage(channel_id, handle, counts[0] if counts else None, language)


def _parts(header: Mapping[str, Any]) -> Iterator[str]:
    for row in objects_with(header, "metadataParts"):
        parts = row["metadataParts"]
        for part in parts if isinstance(parts, list) else ():
            said = _text(part.get("text")) if isinstance(part, dict) else None
            if said:
                yield said


def _older(data: Mapping[str, Any]) -> Iterator[str]:
    for each in objects_with(data, "subscriberCountText"):
        said = _text(each["subscriberCountText"])
        if said:
            yield said


def _text(value: object) -> str | None:
    """The words of one of the forms in which a page writes text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    for key in ("content", "simpleText"):
        if isinstance(value.get(key), str):
            return str(value[key])
    runs = value.get("runs")
    if isinstance(runs, list):
        return "".join(str(each.get("text", "")) for each in runs if isinstance(each, dict))
    return None
