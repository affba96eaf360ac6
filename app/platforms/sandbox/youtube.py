"""The YouTube Data API's channels and subscriptions, with counts cut to three figures."""

import base64
import hashlib
import json
import secrets
import zlib
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.lists import GONE
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount
from app.platforms.sandbox.youtube_pages import YouTubePages

FIGURES = 3
DEFAULT_RESULTS = 5
MAX_RESULTS = 50
PARTS = frozenset({"id", "snippet", "statistics"})
# One channel in so many lets everyone see its subscriptions; they are private by default.
PUBLIC_SHARE = 8


def _pretty(body: object) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"


def _error(code: int, message: str, domain: str, reason: str, status: str) -> bytes:
    detail = {"message": message, "domain": domain, "reason": reason}
    error = {"code": code, "message": message, "errors": [detail], "status": status}
    return _pretty({"error": error})


def _forbidden(message: str, reason: str) -> bytes:
    return _error(403, message, "youtube.subscription", reason, "PERMISSION_DENIED")


PRIVATE: Final = _forbidden(
    "The requester is not allowed to access the requested subscriptions.", "subscriptionForbidden"
)
REFUSALS: Final = MappingProxyType(
    {
        Fault.EXPIRED_TOKEN: (
            401,
            _error(
                401,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
                "global",
                "authError",
                "UNAUTHENTICATED",
            ),
        ),
        Fault.KEY_INVALID: (
            400,
            _error(400, "Bad Request", "usageLimits", "keyInvalid", "INVALID_ARGUMENT"),
        ),
        Fault.QUOTA_EXCEEDED: (
            403,
            _error(
                403,
                "The request cannot be completed because you have exceeded your "
                '<a href="/youtube/v3/getting-started#quota">quota</a>.',
                "youtube.quota",
                "quotaExceeded",
                "PERMISSION_DENIED",
            ),
        ),
        Fault.RATE_LIMITED: (
            429,
            _error(
                429,
                "Resource has been exhausted (e.g. check quota).",
                "global",
                "rateLimitExceeded",
                "RESOURCE_EXHAUSTED",
            ),
        ),
        Fault.SERVER_ERROR: (
            503,
            _error(
                503,
                "The service is currently unavailable.",
                "global",
                "backendError",
                "UNAVAILABLE",
            ),
        ),
    }
)


def _bad_parameter(message: str, domain: str, reason: str) -> Refused:
    return Refused(400, _error(400, message, domain, reason, "INVALID_ARGUMENT"))


def three_figures(count: int) -> int:
    """The count cut down to three significant figures, as the API publishes it."""
    digits = str(count)
    return int(digits[:FIGURES].ljust(len(digits), "0"))


def subscriptions_are_public(account: WorldAccount) -> bool:
    """Whether the account's owner lets everyone see what it subscribes to."""
    open_to_all = zlib.crc32(account.platform_id.encode()) % PUBLIC_SHARE == 0
    return open_to_all and account.state is not AccountState.PRIVATE


class YouTube:
    """Answers the API methods that the sandbox offers; the daily quota is left to faults."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults, *, key: str) -> None:
        self._truth = truth
        self._clock = clock
        self._key = key
        self._desk = Desk(
            Platform.YOUTUBE, truth, clock, faults, REFUSALS, "application/json; charset=UTF-8"
        )
        self._pages = YouTubePages(truth, clock, faults)

    def routes(self) -> Sequence[Route]:
        """The API methods and the public pages."""
        return (
            Route("/youtube/v3/channels", self.channels),
            Route("/youtube/v3/subscriptions", self.subscriptions),
            *self._pages.routes(),
        )

    async def channels(self, request: Request) -> Response:
        """`channels.list` by `id`, `forHandle` or `mine`."""
        return await self._desk.answer(request, self._channel_list)

    async def subscriptions(self, request: Request) -> Response:
        """`subscriptions.list` of `channelId` where it is public, or `mine` with a token."""
        return await self._desk.answer(request, self._subscription_list)

    def _require_key(self, request: Request) -> None:
        key = request.query_params.get("key") or request.headers.get("x-goog-api-key")
        if not key:
            message = (
                "Method doesn't allow unregistered callers (callers without established "
                "identity). Please use API Key or other form of API consumer identity to "
                "call this API."
            )
            raise Refused(403, _error(403, message, "global", "forbidden", "PERMISSION_DENIED"))
        if not secrets.compare_digest(key.encode(), self._key.encode()):
            raise Refused(*REFUSALS[Fault.KEY_INVALID])

    def _mine(self, request: Request) -> WorldAccount:
        """The channel that the request's token speaks for."""
        token = self._desk.bearer(request)
        found = self._truth.by_id(Platform.YOUTUBE, token.platform_id or "") if token else None
        if found is None:
            raise Refused(*REFUSALS[Fault.EXPIRED_TOKEN])
        if found.state in GONE:
            word = "Suspended" if found.state is AccountState.SUSPENDED else "Closed"
            message = f"The YouTube account of the authenticated user is {word.lower()}."
            raise Refused(403, _forbidden(message, f"authenticatedUserAccount{word}"))
        return found

    def _channel_list(self, request: Request, order: FaultOrder | None) -> bytes:
        if request.query_params.get("mine") == "true":
            found = [self._mine(request)]
        else:
            self._require_key(request)
            found = [each for each in self._asked_for(request) if each.state not in GONE]
        parts = _parts(request)
        limit = _limit(request)
        now = self._clock.now()
        # The API promises no order, so the sandbox keeps clients from counting on one.
        found.sort(key=lambda account: account.platform_id, reverse=True)
        answers = twisted([shown(each, now) for each in found[:limit]], order)
        items = [_channel(each, parts) for each in answers]
        body = _head("channel", items, len(found), limit)
        return _pretty({**body, "items": items} if items else body)

    def _subscription_list(self, request: Request, order: FaultOrder | None) -> bytes:
        parts = _parts(request)
        limit = _limit(request)
        subscriber = self._subscriber(request, order)
        wanted = request.query_params.get("forChannelId")
        chosen = set(wanted.split(",")) if wanted else None
        now = self._clock.now()
        found = [
            shown(each, now)
            for each in self._truth.accounts()
            if each.platform is Platform.YOUTUBE
            and (chosen is None or each.platform_id in chosen)
            and self._truth.follows(each.platform, subscriber.platform_id, each.platform_id)
        ]
        answers = twisted(found[:limit], order)
        items = [_subscription(each, subscriber, parts) for each in answers]
        return _pretty({**_head("subscription", items, len(found), limit), "items": items})

    def _subscriber(self, request: Request, order: FaultOrder | None) -> WorldAccount:
        if request.query_params.get("mine") == "true":
            return self._mine(request)
        self._require_key(request)
        channel_id = request.query_params.get("channelId")
        if not channel_id:
            message = "No filter selected. Expected one of: channelId, id, mine, mySubscribers"
            raise _bad_parameter(message, "youtube.parameter", "missingRequiredParameter")
        found = self._truth.by_id(Platform.YOUTUBE, channel_id)
        if found is None or found.state in GONE:
            message = "The subscriber identified with the request cannot be found."
            domain = "youtube.subscription"
            raise Refused(404, _error(404, message, domain, "subscriberNotFound", "NOT_FOUND"))
        if not subscriptions_are_public(found) or (order and order.fault is Fault.HIDDEN_LIST):
            raise Refused(403, PRIVATE)
        return found

    def _asked_for(self, request: Request) -> list[WorldAccount]:
        ids = request.query_params.get("id")
        handle = request.query_params.get("forHandle")
        if ids and handle:
            raise _bad_parameter(
                "Incompatible parameters specified in the request: id, forHandle",
                "youtube.parameter",
                "incompatibleParameters",
            )
        if handle:
            found = self._truth.by_handle(Platform.YOUTUBE, handle.removeprefix("@"))
            return [found] if found else []
        if not ids:
            raise _bad_parameter(
                "No filter selected. Expected one of: forHandle, forUsername, id, idParam, "
                "managedByMe, categoryId, mine, mySubscribers",
                "youtube.parameter",
                "missingRequiredParameter",
            )
        # An id that is asked for twice is answered once.
        wanted = dict.fromkeys(ids.split(","))
        return [each for key in wanted if (each := self._truth.by_id(Platform.YOUTUBE, key))]


def _parts(request: Request) -> frozenset[str]:
    asked = ",".join(request.query_params.getlist("part"))
    if not asked:
        raise _bad_parameter("Required parameter: part", "global", "required")
    parts = frozenset(asked.split(","))
    for unknown in sorted(parts - PARTS):
        raise _bad_parameter(f"'{unknown}'", "youtube.part", "unknownPart")
    return parts


def _limit(request: Request) -> int:
    text = request.query_params.get("maxResults", str(DEFAULT_RESULTS))
    if not (text.isascii() and text.isdigit() and len(text) <= FIGURES) or int(text) > MAX_RESULTS:
        message = f"Invalid value '{text}'. Values must be within the range: [0, {MAX_RESULTS}]"
        raise _bad_parameter(message, "youtube.parameter", "invalidValue")
    return int(text)


def _head(kind: str, items: object, total: int, limit: int) -> dict[str, object]:
    return {
        "kind": f"youtube#{kind}ListResponse",
        "etag": _etag(items),
        "pageInfo": {"totalResults": total, "resultsPerPage": limit},
    }


def _subscription(
    answer: Shown, subscriber: WorldAccount, parts: frozenset[str]
) -> dict[str, object]:
    snippet = {
        "publishedAt": "2026-11-01T02:00:00Z",
        "title": answer.display_name,
        "description": "",
        "resourceId": {"kind": "youtube#channel", "channelId": answer.platform_id},
        "channelId": subscriber.platform_id,
    }
    chosen: dict[str, object] = {"snippet": snippet} if "snippet" in parts else {}
    name = _etag([subscriber.platform_id, answer.platform_id])
    return {"kind": "youtube#subscription", "etag": _etag(chosen), "id": name, **chosen}


def _channel(answer: Shown, parts: frozenset[str]) -> dict[str, object]:
    title = {"title": answer.display_name, "description": ""}
    snippet = {
        **title,
        "customUrl": f"@{answer.handle.lower()}",
        "publishedAt": answer.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "localized": title,
        "country": "ID",
    }
    statistics = {
        "viewCount": "1204113",
        "subscriberCount": _subscribers(answer),
        "hiddenSubscriberCount": answer.hidden,
        "videoCount": "214",
    }
    chosen = {"snippet": snippet, "statistics": statistics}
    chosen = {name: value for name, value in chosen.items() if name in parts}
    head = {"kind": "youtube#channel", "etag": _etag(chosen), "id": answer.platform_id}
    return {**head, **chosen}


def _subscribers(answer: Shown) -> str:
    # A hidden count is not left out but answered as naught, which clients must not believe.
    if answer.hidden:
        return "0"
    if isinstance(answer.followers, str) or answer.followers < 0:
        return str(answer.followers)
    return str(three_figures(answer.followers))


def _etag(content: object) -> str:
    digest = hashlib.sha256(_pretty(content)).digest()[:20]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
