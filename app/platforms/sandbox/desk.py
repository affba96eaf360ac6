"""What every platform of the sandbox does alike: take the order of faults, answer, spoil it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.faults import (
    Fault,
    FaultOrder,
    Faults,
    Refusals,
    hang,
    instead,
    mangled,
)
from app.platforms.sandbox.world import Listed, Truth, WorldToken


class Refused(Exception):
    """The platform refuses the request, with its own status and body."""

    def __init__(
        self, status: int, body: bytes, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


Make = Callable[[Request, FaultOrder | None], bytes]


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers requests in one platform's name.

    `refusals` are the platform's own status and body for faults that it words itself;
    `media_type` is what its answers are.
    """

    platform: Platform
    truth: Truth
    clock: Clock
    faults: Faults
    refusals: Refusals
    media_type: str = "application/json"

    async def answer(
        self,
        request: Request,
        make: Make,
        *,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer that `make` gives, unless an order of faults has it spoilt or replaced."""
        order = self.faults.take(self.platform)
        await hang(order)
        kind = media_type or self.media_type
        response = instead(order, request, self.refusals, self.clock.now())
        if response is None:
            try:
                body = make(request, order)
                response = Response(body, headers=dict(headers or {}), media_type=kind)
            except Refused as refusal:
                response = Response(
                    refusal.body, refusal.status, refusal.headers, media_type=self.media_type
                )
            response = mangled(response, order)
        return response

    def bearer(self, request: Request) -> WorldToken | None:
        """Whom the request's token speaks for: a bearer token, or Meta's `access_token`."""
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else ""
        token = token or request.query_params.get("access_token", "")
        return self.truth.token_of(self.platform, token)


def page_of(
    entries: Sequence[Listed], start: int, size: int, order: FaultOrder | None
) -> tuple[Sequence[Listed], int | None]:
    """One page of a list from a place on, and the place of the next page; None at the end.

    A page that an order spoils comes empty (`hidden_list`), says that it is the last one
    (`short_list`), holds the first entries again (`duplicate_pages`), or names itself as the next
    one (`cursor_loop`).
    """
    after = start + size if start + size < len(entries) else None
    match order.fault if order else None:
        case Fault.HIDDEN_LIST:
            return [], None
        case Fault.SHORT_LIST:
            return entries[start : start + size // 2], None
        case Fault.DUPLICATE_PAGES:
            return entries[:size], after
        case Fault.CURSOR_LOOP:
            return entries[start : start + size], start
        case _:
            return entries[start : start + size], after
