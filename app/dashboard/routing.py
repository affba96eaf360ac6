"""What all pages share: refusals become pages, and who has not signed in is sent there."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from app.core.errors import AppError
from app.dashboard.asking import Refused
from app.dashboard.rendering import Reader, page

SIGN_IN: Final = "/sign-in"
UNAUTHENTICATED: Final = 401
# Which page says what has gone wrong, and what to do next.
TOLD: Final = (403, 404, 409, 412, 413, 415, 422, 429, 503)
READER: Final = "simedsos.reader"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose refusals are pages for people."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                return refusal(request, refused)
            except AppError as error:
                problem = {"detail": str(error), "errors": [vars_of(each) for each in error.errors]}
                return refusal(request, Refused(error.status, problem))

        return handled


def vars_of(fault: Any) -> dict[str, str]:
    """A fault of a field as the API writes it."""
    return {"pointer": fault.pointer, "code": fault.code, "message": fault.message}


def refusal(request: Request, refused: Refused) -> Response:
    """The page that tells of a refusal; for who has not signed in, the way there."""
    if refused.status == UNAUTHENTICATED:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        to = f"{SIGN_IN}?next={quote(wanted, safe='')}"
        if "hx-request" in request.headers:
            return Response(status_code=204, headers={"HX-Redirect": to})
        return RedirectResponse(to, 303)
    reader: Reader | None = request.scope.get(READER)
    status = refused.status if refused.status in TOLD else 503
    return page(request, "refused.html", reader=reader, status=status, refused=refused, code=status)


def pages_router() -> APIRouter:
    """A router of pages; none of them is part of the API's contract."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)
