"""The pages that belong to no room: the way in, the language, files of ours, signing out."""

from typing import Annotated, Final

from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from app.core.errors import NotFound
from app.dashboard.asking import ApiDep
from app.dashboard.languages import COOKIE, LANGUAGES
from app.dashboard.rendering import STATIC, Reader, page, reader_of
from app.dashboard.routing import READER, pages_router
from app.sign_in.rules import own_path
from app.sign_in.sessions import Cookies

router = pages_router()
A_YEAR: Final = 365 * 24 * 3600
FOR_GOOD: Final = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}
FILES: Final = frozenset(
    str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()
)


async def get_reader(request: Request, api: ApiDep) -> Reader:
    """The reader of a page, also for the page that tells of a refusal."""
    reader = await reader_of(api)
    request.scope[READER] = reader
    return reader


ReaderDep = Annotated[Reader, Depends(get_reader)]


@router.get("/")
async def begin(reader: ReaderDep) -> Response:
    """Go to the first page that shows this reader something."""
    first = reader.menu[0].path if reader.menu else "/v1/session"
    return RedirectResponse(first, 303)


@router.get("/static/{_digest}/{name:path}")
async def show_file(name: str) -> Response:
    """A style, a script or a picture of ours; its address changes with its content."""
    if name not in FILES:
        raise NotFound
    return FileResponse(STATIC / name, headers=FOR_GOOD)


@router.get("/bahasa")
async def choose_language(
    request: Request,
    language: Annotated[str, Query(max_length=2)],
    next: Annotated[str | None, Query(max_length=300)] = None,  # noqa: A002 - In the address.
) -> Response:
    """Remember the reader's language, and go back."""
    response = RedirectResponse(own_path(next) if next else "/", 303)
    if language in LANGUAGES:
        secure = Cookies.of(request.app.state.services.settings).secure
        response.set_cookie(COOKIE, language, max_age=A_YEAR, secure=secure, samesite="lax")
    return response


@router.post("/keluar")
async def sign_out(
    api: ApiDep, request: Request, csrf: Annotated[str, Form(max_length=200)]
) -> Response:
    """End the session on this side, and at the provider where it asks for that."""
    told = await api.send("DELETE", "/v1/session", None, csrf=csrf)
    # Browsers follow no redirect to another host from a form that may only be sent here.
    response = page(request, "signed_out.html", reader=None, provider_url=told["provider_url"])
    Cookies.of(request.app.state.services.settings).remove(response, "simedsos")
    return response
