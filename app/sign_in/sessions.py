"""Browser sessions: a random cookie, kept on this side as its hash, idle and absolute ends.

Source: OWASP Session Management Cheat Sheet; RFC 6265bis for the `__Host-` prefix.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Forbidden
from app.core.ids import new_id
from app.core.services import Services
from app.identity import queries as identity
from app.identity.models import WebSession
from app.identity.rules import Caller, hash_token, new_token
from app.settings import Settings
from app.sign_in.rules import csrf_token, same, session_ends

NAME = "simedsos"
ATTEMPT = "simedsos-sign-in"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SEEN_PRECISION = timedelta(minutes=1)


class ChangeNotFromHere(Forbidden):
    """A browser changes things from our own pages only, with X-CSRF-Token as of /v1/session."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """How this service writes its cookies: a browser takes `__Host-` names over HTTPS only."""

    secure: bool

    @classmethod
    def of(cls, settings: Settings) -> "Cookies":
        return cls(settings.public_address().startswith("https://"))

    def name(self, cookie: str) -> str:
        return f"__Host-{cookie}" if self.secure else cookie

    def put(self, response: Response, cookie: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=seconds,
            secure=self.secure,
            httponly=True,
            samesite="lax",
            path="/",
        )

    def remove(self, response: Response, cookie: str) -> None:
        self.put(response, cookie, "", 0)

    def read(self, request: Request, cookie: str) -> str | None:
        return request.cookies.get(self.name(cookie)) or None


async def caller_of(services: Services, request: Request) -> Caller | None:
    """The caller whose browser this is; None without a live session.

    Raises:
        ChangeNotFromHere: the request would change something, and does not come from our pages.
    """
    token = Cookies.of(services.settings).read(request, NAME)
    if token is None:
        return None
    now = services.clock.now()
    async with services.database.system() as session:
        found = await _live(session, services.settings, token, now)
        if found is None:
            return None
        if now - found.last_seen_at > SEEN_PRECISION:
            seen = update(WebSession).where(WebSession.id == found.id).values(last_seen_at=now)
            await session.execute(seen)
        principal = found.api_key_id or found.user_id
        assert principal is not None
        caller = await identity.caller_by_id(session, found.tenant_id, principal, now)
    if caller is not None and request.method not in SAFE:
        _require_own_page(services.settings, request, token)
    return caller


def _require_own_page(settings: Settings, request: Request, token: str) -> None:
    origin = request.headers.get("origin")
    ours = origin is None or origin == settings.public_address()
    sent = request.headers.get(CSRF_HEADER)
    if not ours or not same(sent, csrf_token(token)):
        raise ChangeNotFromHere


async def _live(
    session: AsyncSession, settings: Settings, token: str, now: datetime
) -> WebSession | None:
    found = await session.scalar(
        select(WebSession).where(WebSession.token_hash == hash_token(token))
    )
    idle = timedelta(minutes=settings.session_idle_minutes)
    if found is None or session_ends(found.last_seen_at, found.expires_at, idle) <= now:
        return None
    return found


async def begin(services: Services, caller: Caller, request: Request, response: Response) -> None:
    """Give the browser a session of its own; what it brought along before opens nothing more."""
    settings, now = services.settings, services.clock.now()
    lifetime = timedelta(hours=settings.session_hours)
    token, cookies = new_token(""), Cookies.of(settings)
    before = cookies.read(request, NAME)
    async with services.database.transaction(caller.tenant_id) as session:
        if before is not None:
            await session.execute(
                delete(WebSession).where(WebSession.token_hash == hash_token(before))
            )
        await session.execute(delete(WebSession).where(WebSession.expires_at <= now))
        begun = WebSession(
            tenant_id=caller.tenant_id,
            id=new_id(),
            token_hash=hash_token(token),
            api_key_id=caller.key_id,
            user_id=caller.user_id,
            last_seen_at=now,
            expires_at=now + lifetime,
        )
        session.add(begun)
        _note(session, ChangeKind.SESSION_OPENED, begun.id, caller, now)
    cookies.put(response, NAME, token, int(lifetime.total_seconds()))


async def end(services: Services, caller: Caller, request: Request, response: Response) -> None:
    """Forget the browser's session on both sides; without one nothing happens."""
    cookies, now = Cookies.of(services.settings), services.clock.now()
    token = cookies.read(request, NAME)
    cookies.remove(response, NAME)
    if token is None:
        return
    async with services.database.transaction(caller.tenant_id) as session:
        ended = await session.scalar(
            delete(WebSession)
            .where(WebSession.token_hash == hash_token(token))
            .returning(WebSession.id)
        )
        if ended is not None:
            _note(session, ChangeKind.SESSION_CLOSED, ended, caller, now)


def _note(
    session: AsyncSession, kind: ChangeKind, session_id: UUID, caller: Caller, now: datetime
) -> None:
    record(session, kind, session_id, tenant_id=caller.tenant_id, actor=caller.actor, at=now)
