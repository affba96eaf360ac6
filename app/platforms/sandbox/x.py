"""X API v2's user lookups and follower lists, and X's public profile pages, with their limits."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Make, Refused, page_of
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.lists import shown_followers
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount, WorldToken

MAX_USERS = 100
MAX_PAGE = 1000
DEFAULT_PAGE = 100
WINDOW = timedelta(minutes=15)
# Requests in a window, for the app's token and for an account's own.
LIMITS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({
    "users": (300, 900),
    "me": (0, 75),
    "followers": (300, 300),
})  # fmt: skip
ID = re.compile(r"[0-9]{1,19}")
HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
SIZE = re.compile(r"[0-9]{1,4}")
TOKEN = re.compile(r"[0-9A-F]{15}Z")
PROBLEM = {"content-type": "application/problem+json"}
GONE = frozenset({AccountState.SUSPENDED, AccountState.DEACTIVATED})


def _problem(kind: str, title: str, detail: str, status: int) -> bytes:
    where = kind if kind == "about:blank" else f"https://api.x.com/2/problems/{kind}"
    return orjson.dumps({"title": title, "detail": detail, "type": where, "status": status})


UNAUTHORIZED = (401, _problem("about:blank", "Unauthorized", "Unauthorized", 401))
TOO_MANY = (429, _problem("about:blank", "Too Many Requests", "Too Many Requests", 429))
DOWN = (503, _problem("about:blank", "Service Unavailable", "Service Unavailable", 503))
REFUSALS: Final = MappingProxyType({
    Fault.CREDITS_EXHAUSTED: (
        402,
        _problem(
            "credits",
            "CreditsDepleted",
            "Your enrolled account does not have any credits to fulfill this request.",
            402,
        ),
    ),
    Fault.EXPIRED_TOKEN: UNAUTHORIZED,
    Fault.RATE_LIMITED: TOO_MANY,
    Fault.SERVER_ERROR: DOWN,
})  # fmt: skip
# A public page has no token and no credits to lose.
PAGE_REFUSALS: Final = MappingProxyType({Fault.RATE_LIMITED: TOO_MANY, Fault.SERVER_ERROR: DOWN})
NEEDS_ACCOUNT = (
    403,
    _problem(
        "unsupported-authentication",
        "Unsupported Authentication",
        "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
        403,
    ),
)

OWNER_SUSPENDED = (
    403,
    _problem("user-suspended", "Forbidden", "The user used for authentication is suspended", 403),
)


def _invalid(message: str, **parameters: str) -> Refused:
    body = {
        "errors": [
            {"parameters": {key: [value] for key, value in parameters.items()}, "message": message}
        ],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    }
    return Refused(400, orjson.dumps(body), headers=PROBLEM)


class Windows:
    """Requests of the last quarter of an hour, by endpoint and token."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[datetime, int]] = {}

    def spend(
        self, endpoint: str, caller: WorldToken, now: datetime
    ) -> tuple[bool, dict[str, str]]:
        """Use up one request: whether one was left, and the headers that tell of it."""
        app, account = LIMITS[endpoint]
        limit = app if caller.platform_id is None else account
        key = (endpoint, caller.token)
        ends_at, used = self._used.get(key, (now + WINDOW, 0))
        if now >= ends_at:
            ends_at, used = now + WINDOW, 0
        self._used[key] = (ends_at, used + 1)
        return used < limit, _limits(limit, max(0, limit - used - 1), ends_at)


def _limits(limit: int, remaining: int, ends_at: datetime) -> dict[str, str]:
    """The three headers; the reset is in unix seconds."""
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(math.ceil(ends_at.timestamp())),
    }


class X:
    """Answers the API methods that the sandbox offers, and profile pages."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._faults = faults
        self._windows = Windows()
        self._desk = Desk(Platform.X, truth, clock, faults, REFUSALS)
        self._pages = Desk(Platform.X, truth, clock, faults, PAGE_REFUSALS, "text/html")

    def routes(self) -> Sequence[Route]:
        """The API methods and the pages."""
        return (
            Route("/x/2/users/by", self.users_by),
            Route("/x/2/users/me", self.me),
            Route("/x/2/users", self.users),
            Route("/x/2/users/{id}/followers", self.followers),
            Route("/pages/x/{handle}", self.page),
        )

    async def users(self, request: Request) -> Response:
        """`GET /2/users?ids=`; who is not there is told in `errors`."""
        return await self._answer(request, "users", self._by_ids)

    async def users_by(self, request: Request) -> Response:
        """`GET /2/users/by?usernames=`."""
        return await self._answer(request, "users", self._by_usernames)

    async def me(self, request: Request) -> Response:
        """`GET /2/users/me`, for an account's own token."""
        return await self._answer(request, "me", self._me)

    async def followers(self, request: Request) -> Response:
        """`GET /2/users/:id/followers`, in pages."""
        return await self._answer(request, "followers", self._followers)

    async def page(self, request: Request) -> Response:
        """A public profile page; a page without a profile tells nothing of the account."""
        return await self._pages.answer(request, self._profile_page)

    async def _answer(self, request: Request, endpoint: str, make: Make) -> Response:
        now = self._clock.now()
        caller = self._desk.bearer(request)
        within, limits = self._windows.spend(endpoint, caller, now) if caller else (True, {})
        order = self._faults.peek(Platform.X)

        def guarded(request: Request, order: FaultOrder | None) -> bytes:
            self._require(caller, endpoint)
            if not within:
                raise Refused(*TOO_MANY, headers=PROBLEM)
            return make(request, order)

        response = await self._desk.answer(request, guarded)
        if order is not None and order.fault is Fault.RATE_LIMITED:
            limits = _limits(LIMITS[endpoint][0], 0, now + timedelta(seconds=order.retry_seconds))
        response.headers.update(limits)
        return response

    def _require(self, caller: WorldToken | None, endpoint: str) -> None:
        """A token of the app, or of an account that is still there."""
        if caller is None:
            raise Refused(*UNAUTHORIZED, headers=PROBLEM)
        if caller.platform_id is None:
            if endpoint == "me":
                raise Refused(*NEEDS_ACCOUNT, headers=PROBLEM)
            return
        account = self._truth.by_id(Platform.X, caller.platform_id)
        if account is None or account.state is AccountState.DEACTIVATED:
            raise Refused(*UNAUTHORIZED, headers=PROBLEM)
        if account.state is AccountState.SUSPENDED:
            raise Refused(*OWNER_SUSPENDED, headers=PROBLEM)

    def _by_ids(self, request: Request, order: FaultOrder | None) -> bytes:
        asked = _listed(request, "ids")
        for each in asked:
            if not ID.fullmatch(each):
                raise _invalid(f"The `ids` query parameter value [{each}] is not valid", ids=each)
        return self._looked_up(request, order, {
            each: self._truth.by_id(Platform.X, each) for each in asked
        })  # fmt: skip

    def _by_usernames(self, request: Request, order: FaultOrder | None) -> bytes:
        asked = _listed(request, "usernames")
        for each in asked:
            if not HANDLE.fullmatch(each):
                message = f"The `usernames` query parameter value [{each}] does not match"
                raise _invalid(f"{message} ^[A-Za-z0-9_]{{1,15}}$", usernames=each)
        return self._looked_up(request, order, {
            each: self._truth.by_handle(Platform.X, each) for each in asked
        })  # fmt: skip

    def _looked_up(
        self,
        request: Request,
        order: FaultOrder | None,
        asked: Mapping[str, WorldAccount | None],
    ) -> bytes:
        name = "ids" if request.url.path.endswith("/users") else "usernames"
        there = [each for each in asked.values() if each and each.state not in GONE]
        errors = [
            _missing(name, value, found)
            for value, found in asked.items()
            if found is None or found.state in GONE
        ]
        body: dict[str, object] = {}
        users = self._users(request, order, there)
        if users:
            body["data"] = users
        return orjson.dumps({**body, "errors": errors} if errors else body)

    def _users(
        self, request: Request, order: FaultOrder | None, there: Iterable[WorldAccount]
    ) -> list[dict[str, object]]:
        """The accounts with the fields that were asked for; an app's token sees no connection."""
        fields = set(request.query_params.get("user.fields", "").split(","))
        caller = self._desk.bearer(request)
        viewer = caller.platform_id if caller else None
        by_handle = {each.handle: each for each in there}
        now = self._clock.now()
        users = []
        for answer in twisted([shown(each, now) for each in by_handle.values()], order):
            account = by_handle[answer.handle]
            user: dict[str, object] = {
                "id": answer.platform_id,
                "username": answer.handle,
                "name": answer.display_name,
            }
            if "public_metrics" in fields:
                user["public_metrics"] = _metrics(answer)
            if "protected" in fields:
                user["protected"] = account.state is AccountState.PRIVATE
            if "connection_status" in fields and viewer is not None:
                user["connection_status"] = self._connections(account, viewer)
            users.append(user)
        return users

    def _connections(self, account: WorldAccount, viewer: str) -> list[str]:
        pairs = {
            "followed_by": (account.platform_id, viewer),
            "following": (viewer, account.platform_id),
        }
        return [name for name, pair in pairs.items() if self._truth.follows(Platform.X, *pair)]

    def _me(self, request: Request, order: FaultOrder | None) -> bytes:
        caller = self._desk.bearer(request)
        account = self._truth.by_id(Platform.X, caller.platform_id or "") if caller else None
        users = self._users(request, order, [account] if account else [])
        return orjson.dumps({"data": users[0]} if users else {})

    def _followers(self, request: Request, order: FaultOrder | None) -> bytes:
        wanted = str(request.path_params["id"])
        account = self._truth.by_id(Platform.X, wanted)
        if account is None or account.state in GONE:
            return orjson.dumps({"errors": [_missing("id", wanted, account)]})
        caller = self._desk.bearer(request)
        owner = caller is not None and caller.platform_id == wanted
        hidden = order is not None and order.fault is Fault.HIDDEN_LIST
        if hidden or (account.state is AccountState.PRIVATE and not owner):
            return orjson.dumps({"errors": [_not_shown(wanted)]})
        size, start = _size(request), _start(request)
        listed = shown_followers(self._truth, account, self._clock.now())
        entries, following = page_of(listed, start, size, order)
        meta: dict[str, object] = {"result_count": len(entries)}
        if following is not None:
            meta["next_token"] = _token(following)
        if start:
            meta["previous_token"] = _token(max(0, start - size))
        data = [
            {"id": each.platform_id, "username": each.handle, "name": each.display_name}
            for each in entries
        ]
        return orjson.dumps({"data": data, "meta": meta} if data else {"meta": meta})

    def _profile_page(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._truth.by_handle(Platform.X, request.path_params["handle"])
        there = [account] if account and account.state not in GONE else []
        answers = twisted([shown(each, self._clock.now()) for each in there], order)
        return b"".join((
            b'<!DOCTYPE html><html dir="ltr" lang="en"><head><title>X</title>',
            *(_profile(each) for each in answers),
            b'</head><body><div id="react-root"></div></body></html>',
        ))  # fmt: skip


def _listed(request: Request, name: str) -> list[str]:
    asked = request.query_params.get(name, "")
    values = list(dict.fromkeys(asked.split(","))) if asked else []
    if not 1 <= len(values) <= MAX_USERS:
        message = (
            f"The number of values in the `{name}` query parameter list [{len(values)}]"
            f" is not between 1 and {MAX_USERS}"
        )
        raise _invalid(message, **{name: asked})
    return values


def _size(request: Request) -> int:
    text = request.query_params.get("max_results", str(DEFAULT_PAGE))
    if not SIZE.fullmatch(text) or not 1 <= int(text) <= MAX_PAGE:
        message = f"The `max_results` query parameter value [{text}] is not between 1 and 1000"
        raise _invalid(message, max_results=text)
    return int(text)


def _token(start: int) -> str:
    return f"{start:015X}Z"


def _start(request: Request) -> int:
    text = request.query_params.get("pagination_token")
    if text is None:
        return 0
    if not TOKEN.fullmatch(text):
        message = f"The `pagination_token` query parameter value [{text}] is not valid"
        raise _invalid(message, pagination_token=text)
    return int(text[:-1], 16)


def _missing(name: str, value: str, account: WorldAccount | None) -> dict[str, str]:
    """Why a user is not there; the two reasons share their type."""
    suspended = account is not None and account.state is AccountState.SUSPENDED
    return {
        "value": value,
        "detail": f"User has been suspended: [{value}]."
        if suspended
        else f"Could not find user with {name}: [{value}].",
        "title": "Forbidden" if suspended else "Not Found Error",
        "resource_type": "user",
        "parameter": name,
        "resource_id": value,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


def _not_shown(value: str) -> dict[str, str]:
    return {
        "value": value,
        "detail": f"Sorry, you are not authorized to see the user with id: [{value}].",
        "title": "Authorization Error",
        "resource_type": "user",
        "parameter": "id",
        "resource_id": value,
        "type": "https://api.x.com/2/problems/not-authorized-for-resource",
    }


def _metrics(answer: Shown) -> dict[str, object]:
    return {
        "followers_count": answer.followers,
        "following_count": 12,
        "post_count": 340,
        "listed_count": 3,
    }


def _profile(answer: Shown) -> bytes:
    statistics = {"FollowAction": answer.followers, "SubscribeAction": 12, "WriteAction": 340}
    block = {
        "@context": "https://schema.org",
        "@type": "ProfilePage",
        "dateCreated": answer.created_at.isoformat(),
        "mainEntity": {
            "@type": "Person",
            "additionalName": answer.handle,
            "givenName": answer.display_name,
            "identifier": answer.platform_id,
            "interactionStatistic": [
                {
                    "@type": "InteractionCounter",
                    "interactionType": f"https://schema.org/{name}",
                    "userInteractionCount": count,
                }
                for name, count in statistics.items()
            ],
        },
    }
    # A name may hold what would end the script block.
    safe = orjson.dumps(block).replace(b"<", b"\\u003c")
    return b'<script type="application/ld+json">' + safe + b"</script>"
