"""Facebook: Pages by the Graph API, one or several, and their public pages.

Whoever is not `professional` has no Page but a profile of their own.
"""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import FaultOrder, Faults, Shown, shown, twisted
from app.platforms.sandbox.meta import (
    HTML,
    JSON,
    PAGE_REFUSALS,
    REFUSALS,
    chosen,
    data_page,
    graph_answer,
    graph_error,
    is_there,
    no_object,
    require_token,
)
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount, WorldToken

MOST_IDS = 50
UNAVAILABLE = "This content isn\u2019t available right now"


def _alias_refused(alias: str, *, person: bool) -> Refused:
    words = (
        f"(#803) Cannot query users by their username ({alias})"
        if person
        else f"(#803) Some of the aliases you requested do not exist: {alias}"
    )
    return Refused(400, graph_error(803, words))


def abbreviated(count: int | str) -> str:
    """A count as a page writes it: cut to a tenth of its unit."""
    if isinstance(count, str) or count < 1_000:  # noqa: PLR2004 - Below, counts stand in full.
        return str(count)
    unit, size = ("M", 1_000_000) if count >= 1_000_000 else ("K", 1_000)  # noqa: PLR2004 - The unit.
    tenths = count * 10 // size
    return f"{tenths // 10}.{tenths % 10}{unit}".replace(".0", "")


class Facebook:
    """Answers the Graph API's Page nodes and public pages."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._graph = Desk(Platform.FACEBOOK, truth, clock, faults, REFUSALS, JSON)
        self._pages = Desk(Platform.FACEBOOK, truth, clock, faults, PAGE_REFUSALS, HTML)

    def routes(self) -> Sequence[Route]:
        """The API and the pages."""
        return (
            Route("/facebook/v26.0/", self.nodes),
            Route("/facebook/v26.0/{node}", self.node),
            Route("/pages/facebook/profile.php", self.page),
            Route("/pages/facebook/{name}", self.page),
        )

    async def nodes(self, request: Request) -> Response:
        """Several Pages by `ids`; one that is refused refuses them all."""
        return await graph_answer(self._graph, request, self._nodes)

    async def node(self, request: Request) -> Response:
        """One Page by its id or alias."""
        return await graph_answer(self._graph, request, self._node)

    async def page(self, request: Request) -> Response:
        """A public page; a person's own profile is for those who have signed in."""
        account = self._find(_asked_page(request))
        if account is not None and not account.professional:
            return RedirectResponse("/pages/facebook/login", 302)
        return await self._pages.answer(request, self._page)

    def _nodes(self, request: Request, order: FaultOrder | None) -> bytes:
        caller = require_token(self._graph, request)
        asked = [each for each in request.query_params.get("ids", "").split(",") if each]
        if not asked or len(asked) > MOST_IDS:
            words = f"(#100) The parameter ids must name 1 to {MOST_IDS} objects"
            raise Refused(400, graph_error(100, words))
        named = [(each, self._require(each, caller)) for each in asked]
        answers = twisted([shown(found, self._clock.now()) for _, found in named], order)
        if len(answers) < len(named):
            kept = {each.platform_id for each in answers}
            named = [(name, found) for name, found in named if found.platform_id in kept]
        # An answer whose id is spoilt still stands under the name that was asked for.
        names = [name for name, _ in named]
        fields = _fields(request)
        told = {
            name: chosen(_node(answer), fields) for name, answer in zip(names, answers, strict=True)
        }
        return orjson.dumps(told)

    def _node(self, request: Request, order: FaultOrder | None) -> bytes:
        asked = request.path_params["node"]
        account = self._require(asked, require_token(self._graph, request))
        answers = twisted([shown(account, self._clock.now())], order)
        if not answers:
            raise no_object(asked)
        return orjson.dumps(chosen(_node(answers[0]), _fields(request)))

    def _require(self, asked: str, caller: WorldToken) -> WorldAccount:
        """The Page, where the token may see it: an account's own token sees that account only."""
        account = self._find(asked)
        alias = not asked.isdigit()
        if account is None or not is_there(account):
            raise _alias_refused(asked, person=False) if alias else no_object(asked)
        if not account.professional:
            raise _alias_refused(asked, person=True) if alias else no_object(asked)
        own = caller.platform_id in {None, account.platform_id}
        if account.state is AccountState.PRIVATE or not own:
            raise no_object(asked)
        return account

    def _find(self, asked: str) -> WorldAccount | None:
        found = self._truth.by_id(Platform.FACEBOOK, asked)
        return found or self._truth.by_handle(Platform.FACEBOOK, asked)

    def _page(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._find(_asked_page(request))
        there = account is not None and is_there(account)
        answers = twisted([shown(account, self._clock.now())], order) if account and there else []
        if account is None or not answers or account.state is AccountState.PRIVATE:
            return data_page("Facebook", {"result": {"data": {"title": {"text": UNAVAILABLE}}}})
        return _public_page(answers[0])


def _asked_page(request: Request) -> str:
    name: str = request.path_params.get("name") or request.query_params.get("id", "")
    return name


def _fields(request: Request) -> list[str]:
    return request.query_params.get("fields", "id,name").split(",")


def _node(answer: Shown) -> dict[str, object]:
    # Likes are another number than followers, and always fewer here.
    likes = answer.followers if isinstance(answer.followers, str) else answer.followers * 9 // 10
    return {
        "id": answer.platform_id,
        "username": answer.handle,
        "name": answer.display_name,
        "fan_count": likes,
        "followers_count": answer.followers,
    }


def _public_page(answer: Shown) -> bytes:
    node = _node(answer)
    texts = [f"{abbreviated(answer.followers)} followers", "12 following"]
    user = {
        "__typename": "User",
        # A Page of the newer kind is also a user, under another id.
        "id": f"1000{answer.platform_id[-11:]}",
        "name": answer.display_name,
        "delegate_page": {"id": answer.platform_id},
        "profile_social_context": {"content": [{"text": {"text": text}} for text in texts]},
    }
    likes = f"{answer.display_name}. {node['fan_count']} likes &#xb7; 49 talking about this."
    return data_page(
        answer.display_name,
        {"result": {"data": {"user": {"profile_header_renderer": {"user": user}}}}},
        head=f'<meta property="og:title" content="Halaman contoh">'
        f'<meta property="og:description" content="{likes}">',
    )
