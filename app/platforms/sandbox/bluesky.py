"""Bluesky's XRPC as the public AppView answers it: profiles, relationships, followers."""

import re
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
from app.platforms.sandbox.desk import Desk, Make, Refused, page_of
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.lists import GONE, listed_followers
from app.platforms.sandbox.window import WINDOW, RequestWindow
from app.platforms.sandbox.world import AccountState, Listed, Truth, WorldAccount

MAX_ACTORS = 25
MAX_OTHERS = 30
DEFAULT_PAGE = 50
MAX_PAGE = 100
REQUESTS_PER_WINDOW = 3000
TOO_MANY = 429

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_HANDLE = re.compile(
    r"(?=.{1,253}\Z)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+"
    r"[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)
_NUMBER = re.compile(r"[0-9]{1,9}")


def _error(name: str, message: str) -> bytes:
    return orjson.dumps({"error": name, "message": message})


REFUSALS: Final = MappingProxyType(
    {
        Fault.RATE_LIMITED: (TOO_MANY, _error("RateLimitExceeded", "Rate Limit Exceeded")),
        Fault.SERVER_ERROR: (500, _error("InternalServerError", "Internal Server Error")),
    }
)


def _refused(message: str, error: str = "InvalidRequest") -> Refused:
    return Refused(400, _error(error, message))


def _limits(window: RequestWindow, now: datetime) -> dict[str, str]:
    """The four headers; the reset is in unix seconds."""
    return {
        "ratelimit-limit": str(window.limit),
        "ratelimit-remaining": str(window.remaining),
        "ratelimit-reset": str(int(window.ends_at(now).timestamp())),
        "ratelimit-policy": f"{window.limit};w={WINDOW.seconds}",
    }


def _exhausted(order: FaultOrder, now: datetime) -> dict[str, str]:
    until = now + timedelta(seconds=order.retry_seconds)
    return {"ratelimit-remaining": "0", "ratelimit-reset": str(int(until.timestamp()))}


def _too_many(request: Request, order: FaultOrder | None) -> bytes:
    del request, order
    raise Refused(*REFUSALS[Fault.RATE_LIMITED])


class Bluesky:
    """Answers the XRPC methods that the sandbox offers."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults, *, limit: int) -> None:
        self._truth = truth
        self._clock = clock
        self._faults = faults
        self._desk = Desk(
            Platform.BLUESKY, truth, clock, faults, REFUSALS, "application/json; charset=utf-8"
        )
        self._window = RequestWindow(limit)

    def routes(self) -> Sequence[Route]:
        """The XRPC methods."""
        return (
            Route("/xrpc/app.bsky.actor.getProfile", self.get_profile),
            Route("/xrpc/app.bsky.actor.getProfiles", self.get_profiles),
            Route("/xrpc/app.bsky.graph.getFollowers", self.get_followers),
            Route("/xrpc/app.bsky.graph.getRelationships", self.get_relationships),
            Route("/xrpc/{nsid}", self.not_offered, methods=["GET", "POST"]),
        )

    async def get_profile(self, request: Request) -> Response:
        """`app.bsky.actor.getProfile`."""
        return await self._answer(request, self._one_profile)

    async def get_profiles(self, request: Request) -> Response:
        """`app.bsky.actor.getProfiles`; actors that do not exist are left out in silence."""
        return await self._answer(request, self._many_profiles)

    async def get_followers(self, request: Request) -> Response:
        """`app.bsky.graph.getFollowers`; the count beside it still holds who is left out here."""
        return await self._answer(request, self._followers)

    async def get_relationships(self, request: Request) -> Response:
        """`app.bsky.graph.getRelationships`; a DID that nobody has is told as a stranger's."""
        return await self._answer(request, self._relationships)

    async def not_offered(self, request: Request) -> Response:
        """Every other XRPC method."""
        del request
        body = _error("MethodNotImplemented", "Method Not Implemented")
        return Response(body, 501, media_type=self._desk.media_type)

    async def _answer(self, request: Request, make: Make) -> Response:
        now = self._clock.now()
        within = self._window.spend(now)
        # Nothing is awaited before the desk takes this order, so it is the one that it takes.
        order = self._faults.peek(Platform.BLUESKY)
        response = await self._desk.answer(request, make if within else _too_many)
        response.headers.update(_limits(self._window, now))
        if order is not None and order.fault is Fault.RATE_LIMITED:
            response.headers.update(_exhausted(order, now))
        return response

    def _one_profile(self, request: Request, order: FaultOrder | None) -> bytes:
        found = self._one(request, "Profile not found")
        return orjson.dumps(_profile(self._spoilt(found, order, "Profile not found")))

    def _many_profiles(self, request: Request, order: FaultOrder | None) -> bytes:
        actors = _many(request, "actors", MAX_ACTORS)
        for place, actor in enumerate(actors):
            _require_actor(actor, f"actors/{place}")
        now = self._clock.now()
        found = [account for actor in actors if (account := self._find(actor))]
        answers = twisted([shown(each, now) for each in found if each.state not in GONE], order)
        return orjson.dumps({"profiles": [_profile(each) for each in answers]})

    def _followers(self, request: Request, order: FaultOrder | None) -> bytes:
        missing = f"Actor not found: {request.query_params.get('actor')}"
        subject = self._one(request, missing)
        size = _limit(request)
        start = _start(request)
        everyone = listed_followers(self._truth, subject, self._clock.now())
        entries, after = page_of(everyone, start, size, order)
        body = {
            "subject": _short_profile(self._spoilt(subject, order, missing)),
            "followers": [_short_profile(each) for each in entries],
        }
        return orjson.dumps(body if after is None else {**body, "cursor": f"place{after}"})

    def _relationships(self, request: Request, order: FaultOrder | None) -> bytes:
        actor = request.query_params.get("actor")
        if actor is None:
            raise _refused('Error: Params must have the property "actor"')
        _require_actor(actor, "actor")
        others = _many(request, "others", MAX_OTHERS, at_least=0)
        for place, other in enumerate(others):
            _require_actor(other, f"others/{place}")
        official = self._find(actor)
        if official is None:
            entries = [_not_found(other) for other in others]
        else:
            dids = [other for other in others if other.startswith("did:")]
            told = {each.platform_id for each in twisted(map(self._known, dids), order)}
            entries = [self._relationship(each, official) for each in sorted(told)]
            entries += [_not_found(other) for other in others if other not in dids]
        did = official.platform_id if official else actor
        return orjson.dumps({"actor": did, "relationships": entries})

    def _known(self, did: str) -> Shown:
        now = self._clock.now()
        found = self._find(did)
        return shown(found, now) if found else Shown(did, "", "", now, hidden=False, followers=0)

    def _relationship(self, did: str, official: WorldAccount) -> dict[str, object]:
        entry: dict[str, object] = {"$type": "app.bsky.graph.defs#relationship", "did": did}
        if self._truth.follows(Platform.BLUESKY, did, official.platform_id):
            entry["followedBy"] = f"at://{did}/app.bsky.graph.follow/3kdemofollow2a"
        return entry

    def _one(self, request: Request, missing: str) -> WorldAccount:
        """The account that `actor` names, if the platform speaks of it."""
        actor = request.query_params.get("actor")
        if actor is None:
            raise _refused('Error: Params must have the property "actor"')
        _require_actor(actor, "actor")
        found = self._find(actor)
        if found is None:
            raise _refused(missing)
        if found.state is AccountState.SUSPENDED:
            raise _refused("Account has been suspended", "AccountTakedown")
        if found.state is AccountState.DEACTIVATED:
            raise _refused("Account is deactivated", "AccountDeactivated")
        return found

    def _spoilt(self, account: WorldAccount, order: FaultOrder | None, missing: str) -> Shown:
        answers = twisted([shown(account, self._clock.now())], order)
        if not answers:
            raise _refused(missing)
        return answers[0]

    def _find(self, actor: str) -> WorldAccount | None:
        if actor.startswith("did:"):
            return self._truth.by_id(Platform.BLUESKY, actor)
        return self._truth.by_handle(Platform.BLUESKY, actor)


def _many(request: Request, name: str, at_most: int, at_least: int = 1) -> list[str]:
    given = request.query_params.getlist(name)
    if len(given) < at_least:
        raise _refused(f'Error: Params must have the property "{name}"')
    if len(given) > at_most:
        raise _refused(f"Error: {name} must not have more than {at_most} elements")
    return given


def _require_actor(actor: str, name: str) -> None:
    pattern = _DID if actor.startswith("did:") else _HANDLE
    if not pattern.fullmatch(actor):
        raise _refused(f"Error: {name} must be a valid did or a handle")


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_PAGE))
    if not _NUMBER.fullmatch(text):
        raise _refused("Error: limit must be an integer")
    if int(text) > MAX_PAGE:
        raise _refused(f"integer too big (maximum {MAX_PAGE}, got {int(text)})")
    if int(text) < 1:
        raise _refused(f"integer too small (minimum 1, got {int(text)})")
    return int(text)


def _start(request: Request) -> int:
    place = request.query_params.get("cursor", "place0").removeprefix("place")
    if not _NUMBER.fullmatch(place):
        raise _refused("Malformed cursor")
    return int(place)


def _not_found(actor: str) -> dict[str, object]:
    return {"$type": "app.bsky.graph.defs#notFoundActor", "actor": actor, "notFound": True}


def _short_profile(answer: Shown | Listed) -> dict[str, object]:
    return {
        "did": answer.platform_id,
        "handle": answer.handle,
        "displayName": answer.display_name,
        "labels": [],
    }


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
