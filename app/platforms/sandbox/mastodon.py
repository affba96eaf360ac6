"""Mastodon servers under `/mastodon/{host}`, each of which knows only whom it has heard of."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
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
from app.platforms.sandbox.lists import listed_followers
from app.platforms.sandbox.window import RequestWindow
from app.platforms.sandbox.world import AccountState, Listed, Truth, WorldAccount

REQUESTS_PER_WINDOW = 300
DEFAULT_PAGE = 40
MAX_PAGE = 80
AT = "/mastodon/{host}/api/v1/accounts"
_NUMBER = re.compile(r"[0-9]{1,9}")


def _error(words: str) -> bytes:
    return orjson.dumps({"error": words})


INVALID: Final = (401, _error("The access token is invalid"))
MISSING: Final = (404, _error("Record not found"))
TOO_MANY: Final = (429, _error("Too many requests"))
REFUSALS: Final = MappingProxyType(
    {
        Fault.EXPIRED_TOKEN: INVALID,
        Fault.RATE_LIMITED: TOO_MANY,
        Fault.SERVER_ERROR: (503, _error("There was a temporary problem serving your request")),
    }
)


class Mastodon:
    """Answers for every server of the world.

    A hidden account hides its follower list, a private one stands for a server that answers its
    members only, a suspended one is shown with zero counts, a deactivated one is gone.
    """

    def __init__(
        self, truth: Truth, clock: Clock, faults: Faults, *, limit: int = REQUESTS_PER_WINDOW
    ) -> None:
        self._truth = truth
        self._clock = clock
        self._desk = Desk(
            Platform.MASTODON, truth, clock, faults, REFUSALS, "application/json; charset=utf-8"
        )
        self._windows: defaultdict[str, RequestWindow] = defaultdict(lambda: RequestWindow(limit))

    def routes(self) -> Sequence[Route]:
        """The API methods of every server."""
        return (
            Route(f"{AT}/lookup", self.lookup),
            Route(f"{AT}/verify_credentials", self.verify_credentials),
            Route(f"{AT}/relationships", self.relationships),
            Route(f"{AT}/{{id}}/followers", self.followers),
        )

    async def lookup(self, request: Request) -> Response:
        """The account that `acct` names, by what the asked server knows."""
        return await self._answer(request, self._lookup)

    async def verify_credentials(self, request: Request) -> Response:
        """The account that the token speaks for."""
        return await self._answer(request, self._own)

    async def relationships(self, request: Request) -> Response:
        """How accounts stand to the token's; suspended and unknown ones are left out."""
        return await self._answer(request, self._relationships)

    async def followers(self, request: Request) -> Response:
        """One page of followers, with the way to the next in the `Link` header only."""
        links: dict[str, str] = {}

        def make(request: Request, order: FaultOrder | None) -> bytes:
            return self._followers(request, order, links)

        return await self._answer(request, make, links)

    async def _answer(
        self, request: Request, make: Make, links: dict[str, str] | None = None
    ) -> Response:
        now = self._clock.now()
        window = self._windows[request.path_params["host"]]
        within = window.spend(now)
        response = await self._desk.answer(request, make if within else _too_many, headers=links)
        response.headers["x-ratelimit-limit"] = str(window.limit)
        response.headers["x-ratelimit-remaining"] = str(window.remaining)
        response.headers["x-ratelimit-reset"] = _stamp(window.ends_at(now))
        return response

    def _lookup(self, request: Request, order: FaultOrder | None) -> bytes:
        host = request.path_params["host"]
        acct = request.query_params.get("acct", "").removeprefix("@")
        found = self._truth.by_handle(Platform.MASTODON, acct if "@" in acct else f"{acct}@{host}")
        if found is None or found.state is AccountState.DEACTIVATED:
            raise Refused(*MISSING)
        if not self._has_heard_of(host, found):
            raise Refused(*MISSING)
        if found.state is AccountState.PRIVATE and self._viewer(request) is None:
            raise Refused(401, _error("This API requires an authenticated user"))
        return orjson.dumps(self._spoilt(found, host, order))

    def _own(self, request: Request, order: FaultOrder | None) -> bytes:
        viewer = self._required_viewer(request)
        return orjson.dumps(self._spoilt(viewer, request.path_params["host"], order))

    def _relationships(self, request: Request, order: FaultOrder | None) -> bytes:
        viewer = self._required_viewer(request)
        host = request.path_params["host"]
        known = {
            local_id(host, each.platform_id): each
            for each in self._accounts()
            if each.state is not AccountState.SUSPENDED and self._has_heard_of(host, each)
        }
        found = [known[each] for each in request.query_params.getlist("id[]") if each in known]
        now = self._clock.now()
        answers = twisted([shown(each, now) for each in found], order)
        return orjson.dumps([self._relationship(host, each, viewer) for each in answers])

    def _relationship(self, host: str, other: Shown, viewer: WorldAccount) -> dict[str, object]:
        follows = self._truth.follows
        mine, theirs = viewer.platform_id, other.platform_id
        return {
            "id": local_id(host, theirs),
            "following": follows(Platform.MASTODON, mine, theirs),
            "followed_by": follows(Platform.MASTODON, theirs, mine),
            "blocking": False,
            "blocked_by": False,
            "muting": False,
            "requested": False,
            "requested_by": False,
            "domain_blocking": False,
        }

    def _followers(
        self, request: Request, order: FaultOrder | None, links: dict[str, str]
    ) -> bytes:
        host = request.path_params["host"]
        name = request.path_params["id"]
        found = next(
            (each for each in self._accounts() if local_id(host, each.platform_id) == name), None
        )
        if found is None or found.state is AccountState.DEACTIVATED:
            raise Refused(*MISSING)
        viewer = self._viewer(request)
        hidden = found.state is AccountState.HIDDEN and viewer != found
        if hidden or found.state is AccountState.SUSPENDED:
            return b"[]"
        size, start = _size(request), _start(request)
        everyone = listed_followers(self._truth, found, self._clock.now())
        entries, after = page_of(everyone, start, size, order)
        # A full page always offers a next one, so the last page may be empty.
        if after is None and order is None and len(entries) == size:
            after = start + size
        place = f"https://{host}/api/v1/accounts/{name}/followers?limit={size}"
        if after is not None:
            links["link"] = f'<{place}&max_id={after}>; rel="next", '
        if entries:
            links["link"] = links.get("link", "") + f'<{place}&since_id={start}>; rel="prev"'
        return orjson.dumps([_listed(each, host) for each in entries])

    def _accounts(self) -> list[WorldAccount]:
        return [each for each in self._truth.accounts() if each.platform is Platform.MASTODON]

    def _has_heard_of(self, host: str, account: WorldAccount) -> bool:
        """Whether the account is at home there, follows somebody there, or is followed by them."""
        if _host_of(account.handle) == host:
            return True
        follows, theirs = self._truth.follows, account.platform_id
        return any(
            follows(Platform.MASTODON, theirs, each.platform_id)
            or follows(Platform.MASTODON, each.platform_id, theirs)
            for each in self._accounts()
            if _host_of(each.handle) == host
        )

    def _viewer(self, request: Request) -> WorldAccount | None:
        """Whom the token speaks for; a server knows only the tokens of its own accounts."""
        token = self._desk.bearer(request)
        found = self._truth.by_id(Platform.MASTODON, token.platform_id or "") if token else None
        at_home = found is not None and _host_of(found.handle) == request.path_params["host"]
        return found if at_home else None

    def _required_viewer(self, request: Request) -> WorldAccount:
        viewer = self._viewer(request)
        if viewer is not None:
            return viewer
        token = self._desk.bearer(request)
        if token is not None and token.platform_id is None:
            raise Refused(422, _error("This method requires an authenticated user"))
        raise Refused(*INVALID)

    def _spoilt(
        self, account: WorldAccount, host: str, order: FaultOrder | None
    ) -> dict[str, object]:
        honest = shown(account, self._clock.now())
        # An answer about one account has nobody to leave out.
        answers = twisted([honest], order) or [honest]
        return _account(answers[0], account.state, host)


def local_id(host: str, platform_id: str) -> str:
    """The number under which a server keeps an account; another server has another number."""
    digest = blake2b(f"{host} {platform_id}".encode(), digest_size=7).digest()
    return str(10**17 + int.from_bytes(digest, "big"))


def _too_many(request: Request, order: FaultOrder | None) -> bytes:
    del request, order
    raise Refused(*TOO_MANY)


def _host_of(handle: str) -> str:
    return handle.rpartition("@")[2]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _size(request: Request) -> int:
    text = request.query_params.get("limit", "")
    return min(MAX_PAGE, max(1, int(text))) if _NUMBER.fullmatch(text) else DEFAULT_PAGE


def _start(request: Request) -> int:
    text = request.query_params.get("max_id", "")
    return int(text) if _NUMBER.fullmatch(text) else 0


def _listed(listed: Listed, host: str) -> dict[str, object]:
    return _names(listed.platform_id, listed.handle, listed.display_name, host)


def _names(platform_id: str, handle: str, display_name: str, host: str) -> dict[str, object]:
    username, _, home = handle.partition("@")
    uri = f"https://{home}/users/{username}"
    return {
        "id": local_id(host, platform_id),
        "username": username,
        "acct": username if home == host else handle,
        "display_name": display_name,
        "url": f"https://{home}/@{username}",
        "uri": platform_id if platform_id.startswith("https:") else uri,
    }


def _account(answer: Shown, state: AccountState, host: str) -> dict[str, object]:
    names = _names(answer.platform_id, answer.handle, answer.display_name, host)
    suspended = state is AccountState.SUSPENDED
    return {
        **names,
        "locked": False,
        "bot": False,
        "group": False,
        "created_at": answer.created_at.strftime("%Y-%m-%dT00:00:00.000Z"),
        "hide_collections": True if state is AccountState.HIDDEN else None,
        "followers_count": 0 if suspended else answer.followers,
        "following_count": 0 if suspended else 12,
        "statuses_count": 0 if suspended else 340,
        "emojis": [],
        "fields": [],
        **({"suspended": True} if suspended else {}),
    }
