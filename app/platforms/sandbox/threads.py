"""Threads: an account's own profile and insights, profile lookup, and public profile pages."""

from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
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
    web_id,
)
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount, count_at

METRIC = "followers_count"
FEWEST_FOR_LOOKUP = 100


class Threads:
    """Answers the Threads API and profile pages."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._graph = Desk(Platform.THREADS, truth, clock, faults, REFUSALS, JSON)
        self._pages = Desk(Platform.THREADS, truth, clock, faults, PAGE_REFUSALS, HTML)

    def routes(self) -> Sequence[Route]:
        """The API and the pages."""
        return (
            Route("/threads/v1.0/me", self.me),
            Route("/threads/v1.0/me/threads_insights", self.insights),
            Route("/threads/v1.0/profile_lookup", self.lookup),
            Route("/pages/threads/@{handle}", self.page),
        )

    async def me(self, request: Request) -> Response:
        """The profile of the account whose token asks; it has no follower count."""
        return await graph_answer(self._graph, request, self._me)

    async def insights(self, request: Request) -> Response:
        """The current total of followers of the account whose token asks."""
        return await graph_answer(self._graph, request, self._insights)

    async def lookup(self, request: Request) -> Response:
        """A public profile with 100 followers or more, by its exact handle."""
        return await graph_answer(self._graph, request, self._lookup)

    async def page(self, request: Request) -> Response:
        """A public profile page; whoever is not there leads to a page that asks to sign in."""
        return await self._pages.answer(request, self._page)

    def _own(self, request: Request, order: FaultOrder | None) -> Shown:
        platform_id = require_token(self._graph, request).platform_id
        account = self._truth.by_id(Platform.THREADS, platform_id) if platform_id else None
        answers = self._shown(account, order)
        if not answers:
            raise no_object("me")
        return answers[0]

    def _shown(self, account: WorldAccount | None, order: FaultOrder | None) -> list[Shown]:
        if account is None or not is_there(account):
            return []
        return twisted([shown(account, self._clock.now())], order)

    def _me(self, request: Request, order: FaultOrder | None) -> bytes:
        own = self._own(request, order)
        node = {"id": own.platform_id, "username": own.handle, "name": own.display_name}
        return orjson.dumps(chosen(node, request.query_params.get("fields", "id").split(",")))

    def _insights(self, request: Request, order: FaultOrder | None) -> bytes:
        own = self._own(request, order)
        if request.query_params.get("metric") != METRIC:
            raise Refused(400, graph_error(100, f"(#100) metric must be one of: {METRIC}"))
        told = {
            "name": METRIC,
            "period": "day",
            "title": "followers_count",
            "total_value": {"value": own.followers},
            "id": f"{own.platform_id}/insights/{METRIC}/day",
        }
        return orjson.dumps({"data": [told]})

    def _lookup(self, request: Request, order: FaultOrder | None) -> bytes:
        require_token(self._graph, request)
        handle = request.query_params.get("username", "")
        found = self._truth.by_handle(Platform.THREADS, handle)
        public = found is not None and found.state is not AccountState.PRIVATE
        known = found is not None and count_at(found, self._clock.now()) >= FEWEST_FOR_LOOKUP
        answers = self._shown(found, order) if public and known else []
        if not answers:
            words = "The requested profile does not exist or cannot be looked up"
            raise Refused(400, graph_error(100, f"(#100) {words}"))
        fields = request.query_params.get("fields", "username").split(",")
        node = {
            "id": answers[0].platform_id,
            "username": answers[0].handle,
            "name": answers[0].display_name,
            "follower_count": answers[0].followers,
        }
        return orjson.dumps(chosen(node, fields))

    def _page(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._truth.by_handle(Platform.THREADS, request.path_params["handle"])
        answers = self._shown(account, order)
        if account is None or not answers:
            return data_page("Threads \u2022 Log in")
        # Every page also suggests somebody else, with a count of their own.
        other = {"pk": "6000000000", "username": "warga.contoh", "follower_count": 5}
        user = {
            "pk": web_id(answers[0].platform_id),
            "username": answers[0].handle,
            "full_name": answers[0].display_name,
            "text_post_app_is_private": account.state is AccountState.PRIVATE,
            "follower_count": answers[0].followers,
        }
        return data_page(
            f"{answers[0].display_name} (@{answers[0].handle}) \u2022 Threads",
            {"result": {"data": {"suggested": [other]}}},
            {"result": {"data": {"user": user}}},
        )
