"""TikTok's Display API for an account's own token, and its public profile pages."""

import hashlib
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount

JSON = "application/json; charset=utf-8"
REQUESTS = 600
WINDOW = timedelta(minutes=1)
FIELDS = frozenset({"open_id", "union_id", "username", "display_name", "follower_count"})
GONE = frozenset({AccountState.SUSPENDED, AccountState.DEACTIVATED})
NOT_FOUND, PRIVATE = 10221, 10222
WRITTEN_IN_FULL = 10_000


def _error(code: str, message: str) -> bytes:
    told = {"code": code, "message": message, "log_id": "202611240330000A1B2C3D4E5F60718293"}
    return orjson.dumps({"data": {}, "error": told})


TOKEN_INVALID = (
    401,
    _error("access_token_invalid", "The access token is invalid or not found in the request."),
)
TOO_MANY = (
    429,
    _error("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later."),
)
REFUSALS: Final = MappingProxyType({
    Fault.EXPIRED_TOKEN: TOKEN_INVALID,
    Fault.RATE_LIMITED: TOO_MANY,
    Fault.SERVER_ERROR: (500, _error("internal_error", "Something went wrong.")),
})  # fmt: skip
PAGE_REFUSALS: Final = MappingProxyType({
    Fault.RATE_LIMITED: (429, b"overload-protect triggered"),
    Fault.SERVER_ERROR: (503, b"overload-protect triggered"),
})  # fmt: skip


def open_id(platform_id: str) -> str:
    """The id that an app sees, made for it alone; the public page's number is another one."""
    return f"open-{platform_id}"


def shortened(count: int) -> int:
    """What a page's `stats` make of a count: 97 944 becomes 97.9 thousand, that is 97 900."""
    if count < WRITTEN_IN_FULL:
        return count
    step = 10 ** ((len(str(count)) - 1) // 3 * 3 - 1)
    return int(count // step * step)


class TikTok:
    """Answers `/v2/user/info/` and profile pages."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._desk = Desk(Platform.TIKTOK, truth, clock, faults, REFUSALS, JSON)
        self._pages = Desk(Platform.TIKTOK, truth, clock, faults, PAGE_REFUSALS, "text/html")
        self._asked: dict[str, deque[datetime]] = {}

    def routes(self) -> Sequence[Route]:
        """The API method and the pages."""
        return (
            Route("/tiktok/v2/user/info/", self.user_info),
            Route("/pages/tiktok/@{handle}", self.page),
        )

    async def user_info(self, request: Request) -> Response:
        """The account whose token asks; there is no way to ask for another."""
        return await self._desk.answer(request, self._user_info)

    async def page(self, request: Request) -> Response:
        """A public profile page; that there is no such account is said with status 200."""
        return await self._pages.answer(request, self._profile_page)

    def _user_info(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._account_of(request)
        if not self._within_limits(account.platform_id):
            raise Refused(*TOO_MANY)
        fields = set(request.query_params.get("fields", "").split(","))
        if not fields <= FIELDS:
            message = "Invalid fields in the request: fields"
            raise Refused(400, _error("invalid_params", message))
        answers = twisted([shown(account, self._clock.now())], order)
        told = {key: each for key, each in _own(answers).items() if key in fields}
        error = {"code": "ok", "message": "", "log_id": "202611240330000A1B2C3D4E5F60718293"}
        return orjson.dumps({"data": {"user": told} if answers else {}, "error": error})

    def _account_of(self, request: Request) -> WorldAccount:
        caller = self._desk.bearer(request)
        platform_id = caller.platform_id if caller else None
        account = self._truth.by_id(Platform.TIKTOK, platform_id) if platform_id else None
        if account is None or account.state in GONE:
            raise Refused(*TOKEN_INVALID)
        return account

    def _within_limits(self, platform_id: str) -> bool:
        """Whether fewer than 600 requests were made within the last minute."""
        now = self._clock.now()
        asked = self._asked.setdefault(platform_id, deque())
        while asked and asked[0] <= now - WINDOW:
            asked.popleft()
        asked.append(now)
        return len(asked) <= REQUESTS

    def _profile_page(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._truth.by_handle(Platform.TIKTOK, request.path_params["handle"])
        scope: dict[str, object] = {
            # Another account's name stands on every page, also where the asked one is not there.
            "webapp.app-context": {"language": "en", "region": "ID", "nickname": "Warga"},
        }
        if account is None or account.state in GONE:
            scope["webapp.user-detail"] = {"statusCode": NOT_FOUND, "statusMsg": ""}
        else:
            private = account.state is AccountState.PRIVATE
            for answer in twisted([shown(account, self._clock.now())], order):
                scope["webapp.user-detail"] = _detail(answer, private=private)
        # A name may hold what would end the script block.
        data = orjson.dumps({"__DEFAULT_SCOPE__": scope}).replace(b"<", b"\\u003c")
        return b"".join((
            b'<!DOCTYPE html><html lang="en"><head><title>TikTok</title></head><body>',
            b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">',
            data,
            b"</script></body></html>",
        ))  # fmt: skip


def _own(answers: Sequence[Shown]) -> dict[str, object]:
    return {
        key: value
        for answer in answers
        for key, value in {
            "open_id": open_id(answer.platform_id),
            "union_id": open_id(f"union:{answer.platform_id}"),
            "username": answer.handle,
            "display_name": answer.display_name,
            "follower_count": answer.followers,
        }.items()
    }


def _detail(answer: Shown, *, private: bool) -> dict[str, object]:
    """A profile; a private one's counts are naught, which clients must not believe."""
    followers: int | str = 0 if private else answer.followers
    short = shortened(followers) if isinstance(followers, int) else followers
    user = {
        "id": answer.platform_id,
        "secUid": f"MS4wLjABAAAA{hashlib.sha256(answer.platform_id.encode()).hexdigest()}",
        "uniqueId": answer.handle,
        "nickname": answer.display_name,
        "privateAccount": private,
        "secret": private,
        "verified": False,
    }
    counts: dict[str, object] = {"followingCount": 12, "heart": 340, "videoCount": 34}
    return {
        "statusCode": PRIVATE if private else 0,
        "statusMsg": "",
        "userInfo": {
            "user": user,
            "stats": {**counts, "followerCount": short},
            "statsV2": {
                **{key: str(count) for key, count in counts.items()},
                "followerCount": str(followers),
            },
        },
    }
