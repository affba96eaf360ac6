"""Owner exports as Instagram and TikTok pack them: what an official account's owner downloads."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from zlib import crc32

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults
from app.platforms.sandbox.lists import shown_followers
from app.platforms.sandbox.world import Listed, Truth, WorldAccount

OFFERED: Final = (Platform.INSTAGRAM, Platform.TIKTOK)
# Whoever followed from the beginning began some day in this time after the account was opened.
EARLY: Final = timedelta(days=500)
REFUSALS: Final = MappingProxyType(
    {Fault.SERVER_ERROR: (500, b"{}"), Fault.RATE_LIMITED: (429, b"{}")}
)
NOT_OFFERED: Final = (404, orjson.dumps({"error": "no export of this account"}))

Entry = tuple[Listed, datetime]


class Exports:
    """Packs a ZIP for each request; the list in it omits whom the account's lists omit."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._desks = {
            each: Desk(each, truth, clock, faults, REFUSALS, "application/zip") for each in OFFERED
        }

    def routes(self) -> Sequence[Route]:
        """One address for each account that can be exported."""
        return (Route("/_sandbox/exports/{platform}/{platform_id}", self.export),)

    async def export(self, request: Request) -> Response:
        """The export of the account as it is now; faults spoil it like any other answer."""
        try:
            desk = self._desks[Platform(request.path_params["platform"])]
        except (KeyError, ValueError):
            status, body = NOT_OFFERED
            return Response(body, status, media_type="application/json")
        return await desk.answer(request, self._packed)

    def _packed(self, request: Request, order: FaultOrder | None) -> bytes:
        platform = Platform(request.path_params["platform"])
        account = self._truth.by_id(platform, request.path_params["platform_id"])
        if account is None:
            raise Refused(*NOT_OFFERED)
        entries = self._entries(account)
        match order.fault if order else None:
            case Fault.HIDDEN_LIST:
                entries = []
            case Fault.SHORT_LIST:
                entries = entries[: len(entries) // 2]
            case Fault.DUPLICATE_PAGES:
                entries = entries[: len(entries) // 2] * 2
        return _zipped(LAYOUTS[platform](account, entries))

    def _entries(self, account: WorldAccount) -> list[Entry]:
        """The followers with the moment each began to follow, newest first."""
        listed = shown_followers(self._truth, account, self._clock.now())
        dated = [(each, self._began_at(account, each)) for each in listed]
        return sorted(dated, key=lambda each: (each[1], each[0].handle), reverse=True)

    def _began_at(self, account: WorldAccount, follower: Listed) -> datetime:
        known = self._truth.began_at(account.platform, follower.platform_id, account.platform_id)
        minutes = crc32(follower.platform_id.encode()) % (EARLY // timedelta(minutes=1))
        return known or account.created_at + timedelta(minutes=minutes)


def _zipped(files: Mapping[str, object]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, orjson.dumps(content))
    return packed.getvalue()


def _instagram(account: WorldAccount, entries: Sequence[Entry]) -> Mapping[str, object]:
    owner = {"Username": {"href": "", "value": account.handle, "timestamp": 0}}
    person = {"title": "", "media_map_data": {}, "string_map_data": owner}
    listed = [
        {
            "title": "",
            "media_list_data": [],
            "string_list_data": [
                {
                    "href": f"https://www.instagram.com/{each.handle}",
                    "value": each.handle,
                    "timestamp": int(began.timestamp()),
                }
            ],
        }
        for each, began in entries
    ]
    return {
        "personal_information/personal_information/personal_information.json": {
            "profile_user": [person]
        },
        "connections/followers_and_following/followers_1.json": listed,
    }


def _tiktok(account: WorldAccount, entries: Sequence[Entry]) -> Mapping[str, object]:
    fans = [
        {"Date": began.strftime("%Y-%m-%d %H:%M:%S"), "UserName": each.handle}
        for each, began in entries
    ]
    profile = {"Profile Info": {"ProfileMap": {"userName": account.handle}}}
    document = {
        "Your Activity": {"Follower": {"App": 1, "FansList": fans}},
        "Profile And Settings": profile,
    }
    return {"TikTok_Data/user_data_tiktok.json": document}


Layout = Callable[[WorldAccount, Sequence[Entry]], Mapping[str, object]]
LAYOUTS: Final[Mapping[Platform, Layout]] = MappingProxyType(
    {Platform.INSTAGRAM: _instagram, Platform.TIKTOK: _tiktok}
)
