"""The YouTube Data API's `channels.list`, with counts as text cut to three figures."""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.faults import (
    Fault,
    FaultOrder,
    Faults,
    Shown,
    hang,
    instead,
    mangled,
    shown,
    twisted,
)
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount

FIGURES = 3
DEFAULT_RESULTS = 5
MAX_RESULTS = 50
JSON = "application/json; charset=UTF-8"
PARTS = frozenset({"id", "snippet", "statistics"})


def _pretty(body: object) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"


def _error(code: int, message: str, domain: str, reason: str, status: str) -> bytes:
    detail = {"message": message, "domain": domain, "reason": reason}
    error = {"code": code, "message": message, "errors": [detail], "status": status}
    return _pretty({"error": error})


REFUSALS: Final = MappingProxyType(
    {
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


class Refused(Exception):
    """YouTube refuses the request."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def _bad_parameter(message: str, domain: str, reason: str) -> Refused:
    return Refused(400, _error(400, message, domain, reason, "INVALID_ARGUMENT"))


def three_figures(count: int) -> int:
    """The count cut down to three significant figures, as the API publishes it."""
    digits = str(count)
    return int(digits[:FIGURES].ljust(len(digits), "0"))


class YouTube:
    """Answers the API methods that the sandbox offers; the daily quota is left to faults."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults, *, key: str) -> None:
        self._truth = truth
        self._clock = clock
        self._faults = faults
        self._key = key

    def routes(self) -> Sequence[Route]:
        """The API methods."""
        return (Route("/youtube/v3/channels", self.channels),)

    async def channels(self, request: Request) -> Response:
        """`channels.list` by `id` or `forHandle`."""
        order = self._faults.take(Platform.YOUTUBE)
        await hang(order)
        response = instead(order, request, REFUSALS, self._clock.now())
        if response is not None:
            return response
        try:
            self._require_key(request)
            response = Response(self._channel_list(request, order), media_type=JSON)
        except Refused as refusal:
            response = Response(refusal.body, refusal.status, media_type=JSON)
        return mangled(response, order)

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

    def _channel_list(self, request: Request, order: FaultOrder | None) -> bytes:
        parts = _parts(request)
        limit = _limit(request)
        now = self._clock.now()
        gone = {AccountState.SUSPENDED, AccountState.DEACTIVATED}
        found = [each for each in self._asked_for(request) if each.state not in gone]
        # The API promises no order, so the sandbox keeps clients from counting on one.
        found.sort(key=lambda account: account.platform_id, reverse=True)
        answers = twisted([shown(each, now) for each in found[:limit]], order)
        items = [_channel(each, parts) for each in answers]
        body: dict[str, object] = {
            "kind": "youtube#channelListResponse",
            "etag": _etag(items),
            "pageInfo": {"totalResults": len(found), "resultsPerPage": limit},
        }
        return _pretty({**body, "items": items} if items else body)

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
