"""Instagram: Business Discovery, own nodes, conversations, the User Profile API, profile pages.

A person's Instagram-scoped id is `igsid-<platform id>` here. Whoever follows an official account
has written to it, and so have a third of the others, and some citizens.
"""

import re
from collections.abc import Sequence
from zlib import crc32

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused, page_of
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
from app.platforms.sandbox.world import AccountState, Listed, Truth, WorldAccount

SCOPED = "igsid-"
CITIZENS = 120
MAX_PAGE = 100
WROTE_OF = 3
NO_CONSENT = graph_error(230, "(#230) User consent is required to access user profile")
_NUMBER = re.compile(r"[0-9]{1,9}")
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
            Route("/instagram/v26.0/me/conversations", self.conversations),
            Route("/instagram/v26.0/{node}", self.node),
            Route("/pages/instagram/{handle}/", self.page),
        )

    async def node(self, request: Request) -> Response:
        """A node: a person by a scoped id, another account through one's own, or one's own."""
        return await graph_answer(self._graph, request, self._node)

    async def conversations(self, request: Request) -> Response:
        """One page of those who wrote to the account that the token speaks for."""
        return await graph_answer(self._graph, request, self._conversations)

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

    def _conversations(self, request: Request, order: FaultOrder | None) -> bytes:
        own = self._own(require_token(self._graph, request).platform_id)
        asked = request.query_params
        if own is None or asked.get("platform") != "instagram":
            raise no_object("me")
        size, start = _number(asked.get("limit"), 25), _number(asked.get("after"), 0)
        size = min(MAX_PAGE, max(1, size))
        page, after = page_of(self._writers(own), start, size, order)
        paging: dict[str, object] = {"cursors": {"before": str(start), "after": str(after)}}
        if after is not None:
            # The real one holds the token, which is a good reason to leave it alone.
            paging["next"] = f"https://elsewhere.example/conversations?after={after}"
        data = [_conversation(own, each) for each in page]
        return orjson.dumps({"data": data, **({"paging": paging} if page else {})})

    def _writers(self, own: WorldAccount) -> Sequence[Listed]:
        """Whoever wrote to an account, in an order that has nothing to do with who they are."""
        people = [
            Listed(each.platform_id, each.handle, each.display_name)
            for each in self._truth.accounts()
            if each.platform is Platform.INSTAGRAM and is_there(each) and self._wrote(each, own)
        ]
        followers = self._truth.followers_of(own, self._clock.now())
        citizens = [
            each
            for each in followers[-CITIZENS:]
            if self._truth.by_id(Platform.INSTAGRAM, each.platform_id) is None
        ]
        return sorted(people + citizens, key=lambda each: crc32(each.platform_id.encode()))

    def _wrote(self, person: WorldAccount, own: WorldAccount) -> bool:
        if person == own:
            return False
        if self._truth.follows(Platform.INSTAGRAM, person.platform_id, own.platform_id):
            return True
        return crc32(f"{person.platform_id} {own.platform_id}".encode()) % WROTE_OF == 0

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
        if not self._wrote(person, official):
            raise Refused(400, NO_CONSENT)
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


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else otherwise


def _conversation(own: WorldAccount, writer: Listed) -> dict[str, object]:
    people = [
        {"username": own.handle, "id": own.platform_id},
        {"username": writer.handle, "id": f"{SCOPED}{writer.platform_id}"},
    ]
    return {"participants": {"data": people}, "id": f"aWdfZAG06{writer.platform_id}"}


def _graph_node(answer: Shown) -> dict[str, object]:
    return {
        "id": answer.platform_id,
        "username": answer.handle,
        "name": answer.display_name,
        "followers_count": answer.followers,
        "follows_count": 12,
        "media_count": 340,
    }
