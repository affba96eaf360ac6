"""Bluesky's XRPC as the public AppView answers it: profiles, one by one or up to 25."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import orjson
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

MAX_ACTORS = 25
WINDOW = timedelta(minutes=5)
REQUESTS_PER_WINDOW = 3000
JSON = "application/json; charset=utf-8"

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_HANDLE = re.compile(
    r"(?=.{1,253}\Z)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+"
    r"[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)


def _error(name: str, message: str) -> bytes:
    return orjson.dumps({"error": name, "message": message})


REFUSALS: Final = MappingProxyType(
    {
        Fault.RATE_LIMITED: (429, _error("RateLimitExceeded", "Rate Limit Exceeded")),
        Fault.SERVER_ERROR: (500, _error("InternalServerError", "Internal Server Error")),
    }
)


class Refused(Exception):
    """Bluesky refuses the request."""

    def __init__(self, message: str, error: str = "InvalidRequest") -> None:
        super().__init__(message)
        self.body = _error(error, message)


class RequestWindow:
    """Counts requests in windows of five minutes, as the `RateLimit-*` headers tell them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._ends_at: datetime | None = None

    def spend(self, now: datetime) -> bool:
        """Use up one request; False when none was left."""
        if self._ends_at is None or now >= self._ends_at:
            self._ends_at, self._used = now + WINDOW, 0
        self._used += 1
        return self._used <= self._limit

    def headers(self, now: datetime) -> dict[str, str]:
        """The four headers; the reset is in unix seconds."""
        ends_at = self._ends_at or now + WINDOW
        return {
            "ratelimit-limit": str(self._limit),
            "ratelimit-remaining": str(max(0, self._limit - self._used)),
            "ratelimit-reset": str(int(ends_at.timestamp())),
            "ratelimit-policy": f"{self._limit};w={WINDOW.seconds}",
        }


def _exhausted(order: FaultOrder, now: datetime) -> dict[str, str]:
    until = now + timedelta(seconds=order.retry_seconds)
    return {"ratelimit-remaining": "0", "ratelimit-reset": str(int(until.timestamp()))}


class Bluesky:
    """Answers the XRPC methods that the sandbox offers."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults, *, limit: int) -> None:
        self._truth = truth
        self._clock = clock
        self._faults = faults
        self._window = RequestWindow(limit)

    def routes(self) -> Sequence[Route]:
        """The XRPC methods."""
        return (
            Route("/xrpc/app.bsky.actor.getProfile", self.get_profile),
            Route("/xrpc/app.bsky.actor.getProfiles", self.get_profiles),
            Route("/xrpc/{nsid}", self.not_offered, methods=["GET", "POST"]),
        )

    async def get_profile(self, request: Request) -> Response:
        """`app.bsky.actor.getProfile`."""
        return await self._answer(request, self._one_profile)

    async def get_profiles(self, request: Request) -> Response:
        """`app.bsky.actor.getProfiles`; actors that do not exist are left out in silence."""
        return await self._answer(request, self._many_profiles)

    async def not_offered(self, request: Request) -> Response:
        """Every other XRPC method."""
        del request
        return Response(
            _error("MethodNotImplemented", "Method Not Implemented"), 501, media_type=JSON
        )

    async def _answer(
        self, request: Request, answer: Callable[[Request, FaultOrder | None], bytes]
    ) -> Response:
        order = self._faults.take(Platform.BLUESKY)
        await hang(order)
        now = self._clock.now()
        within = self._window.spend(now)
        response = instead(order, request, REFUSALS, now)
        if response is None and not within:
            status, body = REFUSALS[Fault.RATE_LIMITED]
            response = Response(body, status, media_type=JSON)
        if response is None:
            try:
                response = Response(answer(request, order), media_type=JSON)
            except Refused as refusal:
                response = Response(refusal.body, 400, media_type=JSON)
            response = mangled(response, order)
        response.headers.update(self._window.headers(now))
        if order is not None and order.fault is Fault.RATE_LIMITED:
            response.headers.update(_exhausted(order, now))
        return response

    def _one_profile(self, request: Request, order: FaultOrder | None) -> bytes:
        actor = request.query_params.get("actor")
        if actor is None:
            raise Refused('Error: Params must have the property "actor"')
        _require_actor(actor, "actor")
        found = self._find(actor)
        if found is None:
            raise Refused("Profile not found")
        if found.state is AccountState.SUSPENDED:
            raise Refused("Account has been suspended", "AccountTakedown")
        if found.state is AccountState.DEACTIVATED:
            raise Refused("Account is deactivated", "AccountDeactivated")
        answers = twisted([shown(found, self._clock.now())], order)
        if not answers:
            raise Refused("Profile not found")
        return orjson.dumps(_profile(answers[0]))

    def _many_profiles(self, request: Request, order: FaultOrder | None) -> bytes:
        actors = request.query_params.getlist("actors")
        if not actors:
            raise Refused('Error: Params must have the property "actors"')
        if len(actors) > MAX_ACTORS:
            raise Refused(f"Error: actors must not have more than {MAX_ACTORS} elements")
        for place, actor in enumerate(actors):
            _require_actor(actor, f"actors/{place}")
        now = self._clock.now()
        gone = {AccountState.SUSPENDED, AccountState.DEACTIVATED}
        found = [account for actor in actors if (account := self._find(actor))]
        answers = twisted([shown(each, now) for each in found if each.state not in gone], order)
        return orjson.dumps({"profiles": [_profile(each) for each in answers]})

    def _find(self, actor: str) -> WorldAccount | None:
        if actor.startswith("did:"):
            return self._truth.by_id(Platform.BLUESKY, actor)
        return self._truth.by_handle(Platform.BLUESKY, actor)


def _require_actor(actor: str, name: str) -> None:
    pattern = _DID if actor.startswith("did:") else _HANDLE
    if not pattern.fullmatch(actor):
        raise Refused(f"Error: {name} must be a valid did or a handle")


def _profile(answer: Shown) -> dict[str, object]:
    created = answer.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "did": answer.platform_id,
        "handle": answer.handle,
        "displayName": answer.display_name,
        "associated": {"lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": False},
        "labels": [],
        "createdAt": created,
        "indexedAt": created,
        "followersCount": answer.followers,
        "followsCount": 12,
        "postsCount": 340,
    }
