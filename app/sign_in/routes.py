"""Signing in and out: pages for browsers, and what a page asks of its session."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.core.pages import html_of
from app.core.services import Services, ServicesDep
from app.identity import queries as identity
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.sign_in import browsers, sessions
from app.sign_in.browsers import ATTEMPT_SECONDS, Attempt, SignInFailed
from app.sign_in.issuer import IssuerUnreachable
from app.sign_in.pages import HEADERS, PAGES, Outcome, link_page
from app.sign_in.rules import HOME, csrf_token
from app.sign_in.schemas import SessionEnded, SessionOut
from app.sign_in.service import SignIn

router = APIRouter(tags=["signing in"])
Anybody = Annotated[Caller, Depends(may())]
HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
# What a browser says of a form that stands on our own page, and no page can forge.
OWN_SITE = "same-origin"
SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page.", "content": HTML},
    303: {"description": "Signed in, or on the way to the provider."},
    **{page.status: {"description": page.title, "content": HTML} for page in PAGES.values()},
}


def refused(outcome: Outcome) -> Response:
    page = PAGES[outcome]
    return HTMLResponse(html_of(page), page.status, HEADERS)


async def signed_in(services: Services, caller: Caller, request: Request, to: str) -> Response:
    response = RedirectResponse(to, 303, HEADERS)
    await sessions.begin(services, caller, request, response)
    sessions.Cookies.of(services.settings).remove(response, sessions.ATTEMPT)
    return response


@router.get("/sign-in", response_class=HTMLResponse, responses=SHOWN)
async def begin_sign_in(
    request: Request,
    services: ServicesDep,
    next: Annotated[  # noqa: A002 - The name in the address.
        str | None, Query(max_length=300, description="A path of this service to go on to")
    ] = None,
) -> Response:
    """Public: send the browser to the identity provider."""
    sign_in: SignIn = request.app.state.sign_in
    attempt = Attempt.new(next)
    try:
        address = await browsers.way_out(services, sign_in, attempt)
    except SignInFailed as failed:
        return refused(failed.outcome)
    except IssuerUnreachable:
        return refused(Outcome.PROVIDER_DOWN)
    response = RedirectResponse(address, 303, HEADERS)
    cookies = sessions.Cookies.of(services.settings)
    cookies.put(response, sessions.ATTEMPT, attempt.as_cookie(), ATTEMPT_SECONDS)
    return response


@router.get("/sign-in/callback", response_class=HTMLResponse, responses=SHOWN)
async def come_back_from_provider(
    request: Request,
    services: ServicesDep,
    state: Annotated[str | None, Query(description="As the provider was given it")] = None,
    code: Annotated[str | None, Query(description="From the provider, good once")] = None,
    error: Annotated[str | None, Query(description="From the provider: nobody signed in")] = None,
    iss: Annotated[str | None, Query(description="From the provider: who it is")] = None,
) -> Response:
    """Public: where the provider sends the browser back to."""
    answer = {"state": state, "code": code, "error": error, "iss": iss}
    sign_in: SignIn = request.app.state.sign_in
    kept = sessions.Cookies.of(services.settings).read(request, sessions.ATTEMPT)
    attempt = Attempt.from_cookie(kept)
    try:
        caller = await browsers.come_back(services, sign_in, attempt, answer)
    except SignInFailed as failed:
        return refused(failed.outcome)
    except IssuerUnreachable:
        return refused(Outcome.PROVIDER_DOWN)
    assert attempt is not None
    return await signed_in(services, caller, request, attempt.next)


@router.get("/sign-in/link", response_class=HTMLResponse, responses=SHOWN)
async def show_sign_in_link(
    token: Annotated[
        str, Query(min_length=1, max_length=200, description="The token of the link, good once")
    ],
) -> HTMLResponse:
    """Public: a page with the button that signs in by a link; looking at it uses up nothing."""
    return HTMLResponse(link_page(token), headers=HEADERS)


@router.post("/sign-in/link", response_class=HTMLResponse, responses=SHOWN)
async def follow_sign_in_link(
    request: Request,
    services: ServicesDep,
    token: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    """Public: sign the browser in with the rights of the key that the link was made for."""
    # Another site must not sign its visitors in as somebody else, whose acts they would then do.
    if request.headers.get("sec-fetch-site", OWN_SITE) != OWN_SITE:
        return refused(Outcome.NOT_ASKED)
    try:
        caller = await browsers.follow_link(services, token)
    except SignInFailed as failed:
        return refused(failed.outcome)
    return await signed_in(services, caller, request, HOME)


@router.get("/v1/session")
async def show_session(
    caller: Anybody, request: Request, session: SessionDep, services: ServicesDep
) -> SessionOut:
    """Who calls, and what they may do."""
    token = sessions.Cookies.of(services.settings).read(request, sessions.NAME)
    by_cookie = token is not None and "authorization" not in request.headers
    return SessionOut(
        kind=caller.kind,
        id=caller.id,
        government=await identity.tenant_name(session, caller.tenant_id),
        scopes=sorted(caller.scopes),
        unit_id=caller.unit_id,
        is_employee=caller.employee_id is not None,
        expires_at=caller.expires_at,
        csrf_token=csrf_token(token) if by_cookie and token is not None else None,
    )


@router.delete("/v1/session")
async def sign_out(
    caller: Anybody, request: Request, services: ServicesDep, response: Response
) -> SessionEnded:
    """Sign the browser out; a caller without a session has nothing to end."""
    await sessions.end(services, caller, request, response)
    sign_in: SignIn = request.app.state.sign_in
    return SessionEnded(provider_url=await _provider_end(services, sign_in))


async def _provider_end(services: Services, sign_in: SignIn) -> str | None:
    client = services.settings.oidc_client_id
    if sign_in.issuer is None or client is None:
        return None
    try:
        address = (await sign_in.issuer.provider()).told.get("end_session_endpoint")
    except IssuerUnreachable:
        return None
    return f"{address}?{urlencode({'client_id': client})}" if isinstance(address, str) else None
