"""Instagram: Business Discovery, an account's own node, the User Profile API, and profile pages.

A person's Instagram-scoped id is `igsid-<platform id>` here, and every person of the world has
written to every official account.
"""

import re
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
from app.platforms.sandbox.world import AccountState, Truth, WorldAccount

SCOPED = "igsid-"
DISCOVERY = re.compile(
    r"business_discovery\.username\((?P<handle>[^(){}]*)\)\{(?P<fields>[^{}]*)\}"
)


def _no_professional() -> Refused:
    """Meta's one answer for a personal account and for nobody at all."""
    return Refused(400, graph_error(110, "Invalid user id", subcode=2207013))


class Instagram:
    """Answers the Graph API's nodes and profile pages."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._truth = truth
        self._clock = clock
        self._graph = Desk(Platform.INSTAGRAM, truth, clock, faults, REFUSALS, JSON)
        self._pages = Desk(Platform.INSTAGRAM, truth, clock, faults, PAGE_REFUSALS, HTML)

    def routes(self) -> Sequence[Route]:
        """The API and the pages."""
        return (
            Route("/instagram/v26.0/{node}", self.node),
            Route("/pages/instagram/{handle}/", self.page),
        )

    async def node(self, request: Request) -> Response:
        """A node: a person by a scoped id, another account through one's own, or one's own."""
        return await graph_answer(self._graph, request, self._node)

    async def page(self, request: Request) -> Response:
        """A public profile page; whoever is not there is named, with nothing in it."""
        return await self._pages.answer(request, self._page)

    def _node(self, request: Request, order: FaultOrder | None) -> bytes:
        caller = require_token(self._graph, request)
        node, fields = request.path_params["node"], request.query_params.get("fields", "id")
        discovery = DISCOVERY.fullmatch(fields)
        if discovery:
            found = self._truth.by_handle(Platform.INSTAGRAM, discovery["handle"])
            told = self._discovered(found, discovery["fields"].split(","), order)
            return orjson.dumps({"business_discovery": told, "id": node})
        # Both need the token of the official account itself.
        own = self._own(caller.platform_id)
        if own is not None and node.startswith(SCOPED):
            return self._person(own, node, fields, order)
        if own is not None and own.platform_id == node:
            return orjson.dumps(self._discovered(own, fields.split(","), order))
        raise no_object(node)

    def _own(self, platform_id: str | None) -> WorldAccount | None:
        return self._truth.by_id(Platform.INSTAGRAM, platform_id) if platform_id else None

    def _discovered(
        self, found: WorldAccount | None, fields: Sequence[str], order: FaultOrder | None
    ) -> dict[str, object]:
        # A private account cannot be a professional one.
        if (
            found is None
            or not is_there(found)
            or not found.professional
            or found.state is AccountState.PRIVATE
        ):
            raise _no_professional()
        answers = twisted([shown(found, self._clock.now())], order)
        if not answers:
            raise _no_professional()
        return chosen(_graph_node(answers[0]), fields)

    def _person(
        self, official: WorldAccount, node: str, fields: str, order: FaultOrder | None
    ) -> bytes:
        person = self._truth.by_id(Platform.INSTAGRAM, node.removeprefix(SCOPED))
        found = [person] if person is not None and is_there(person) else []
        answers = twisted([shown(each, self._clock.now()) for each in found], order)
        if person is None or not answers:
            raise no_object(node)
        told = {
            "id": f"{SCOPED}{answers[0].platform_id}",
            "username": person.handle,
            "is_user_follow_business": self._truth.follows(
                Platform.INSTAGRAM, person.platform_id, official.platform_id
            ),
        }
        return orjson.dumps(chosen(told, fields.split(",")))

    def _page(self, request: Request, order: FaultOrder | None) -> bytes:
        account = self._truth.by_handle(Platform.INSTAGRAM, request.path_params["handle"])
        found = [account] if account is not None and is_there(account) else []
        answers = twisted([shown(each, self._clock.now()) for each in found], order)
        if account is None or not answers:
            return data_page("Instagram", {"result": {"data": {"xig_user_by_username": None}}})
        user = {
            "pk": web_id(answers[0].platform_id),
            "username": answers[0].handle,
            "full_name": answers[0].display_name,
        }
        whole = {
            **user,
            "is_private": account.state is AccountState.PRIVATE,
            "is_verified": False,
            "follower_count": answers[0].followers,
            "following_count": 12,
            "all_media_count": None,
        }
        return data_page(
            f"{answers[0].handle} \u2022 Instagram",
            {"result": {"data": {"xig_user_by_username": {**user, "edges": []}}}},
            {"result": {"data": {"xig_user_by_username": whole}}},
        )


def _graph_node(answer: Shown) -> dict[str, object]:
    return {
        "id": answer.platform_id,
        "username": answer.handle,
        "name": answer.display_name,
        "followers_count": answer.followers,
        "follows_count": 12,
        "media_count": 340,
    }
