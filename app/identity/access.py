"""Who may call what: the bearer token becomes a caller, and the caller a confined transaction."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Forbidden, Unauthenticated
from app.core.services import Services, ServicesDep
from app.core.sharing import Shared
from app.core.web import QUOTA_HEADERS
from app.identity import queries
from app.identity.limits import Limits
from app.identity.rules import KEY_PREFIXES, Caller, bearer_token, hash_token
from app.identity.scopes import Scope

# A revoked key is refused at the latest this much later by every process.
REMEMBERED_FOR = timedelta(seconds=2)
REMEMBERED_AT_MOST = 10_000
CALLER = "simedsos.caller"


class CallerMemory:
    """Callers that this process has just seen, so that a busy key costs no query."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[datetime, Caller]] = {}
        # A busy key whose time is up costs one look-up and not one for each request that waits.
        self.looking: Shared[Caller | None] = Shared()

    def recall(self, key_hash: bytes, now: datetime) -> Caller | None:
        found = self._seen.get(key_hash)
        if found is None or now - found[0] > REMEMBERED_FOR or found[1].expires_at <= now:
            return None
        return found[1]

    def remember(self, key_hash: bytes, caller: Caller, now: datetime) -> None:
        if len(self._seen) >= REMEMBERED_AT_MOST:
            self._seen.clear()
        self._seen[key_hash] = (now, caller)


async def authenticate(services: Services, memory: CallerMemory, token: str) -> Caller | None:
    """The caller that a token names, from memory or from the database."""
    now = services.clock.now()
    key_hash = hash_token(token)
    known = memory.recall(key_hash, now)
    if known is not None:
        return known

    async def look() -> Caller | None:
        async with services.database.system() as session:
            return await queries.caller_by_key(session, key_hash, now)

    caller = await memory.looking.run(key_hash, look)
    if caller is not None:
        memory.remember(key_hash, caller, now)
    return caller


class SignIn(Protocol):
    """How people become callers: by an access token, or by the cookie of a browser session."""

    async def caller_of(self, request: Request, token: str | None) -> Caller | None:
        """The person who calls; None where nobody is known."""


async def person(request: Request, token: str | None) -> Caller | None:
    """The person who calls; one who has just called with the same token costs nothing more."""
    memory: CallerMemory = request.app.state.callers
    sign_in: SignIn = request.app.state.sign_in
    now = request.app.state.services.clock.now()
    if token is None:
        return await sign_in.caller_of(request, None)
    token_hash = hash_token(token)
    known = memory.recall(token_hash, now)
    if known is None:
        known = await sign_in.caller_of(request, token)
        if known is not None:
            memory.remember(token_hash, known, now)
    return known


async def get_caller(request: Request) -> Caller:
    """The authenticated caller of this request, looked up once for all who ask.

    Raises:
        Unauthenticated: no token, or one that is unknown, revoked or expired.
        TooMany: the caller has asked too often, or too many guesses came from their address.
    """
    known: Caller | None = request.scope.get(CALLER)
    if known is not None:
        return known
    token = bearer_token(request.headers.get("authorization"))
    state = request.app.state
    if token is not None and token.startswith(KEY_PREFIXES):
        caller = await authenticate(state.services, state.callers, token)
    elif token is not None or "authorization" not in request.headers:
        caller = await person(request, token)
    else:
        caller = None
    limits: Limits = state.limits
    if caller is None:
        # Who sends no token guesses nothing.
        if token is not None:
            await limits.guess(request)
        raise Unauthenticated
    quota = await limits.spend(caller)
    if quota is not None:
        request.scope[QUOTA_HEADERS] = quota.headers()
    request.scope[CALLER] = caller
    return caller


class WholeTenantOnly(Forbidden):
    """This key is confined to a part of the tree; the request concerns the whole government."""


@dataclass(frozen=True, slots=True)
class May:
    """A dependency that asks for scopes and, where it must, for a caller of the whole tenant."""

    scopes: tuple[Scope, ...]
    whole_tenant: bool

    async def __call__(self, request: Request) -> Caller:
        """The caller, who may.

        Raises:
            Unauthenticated: nobody calls.
            Forbidden: the caller lacks one of the scopes.
            WholeTenantOnly: the caller sees a part of the tree only.
        """
        # Called and not injected: each injected step costs as much as the look-up itself.
        caller = await get_caller(request)
        for scope in self.scopes:
            if scope not in caller.scopes:
                raise Forbidden(scope=scope)
        if self.whole_tenant and caller.unit_id is not None:
            raise WholeTenantOnly
        return caller


def may(*scopes: Scope, whole_tenant: bool = False) -> May:
    """Who may call: holders of all these scopes, and only who sees the whole tenant if it says."""
    return May(scopes, whole_tenant)


async def get_session(
    services: ServicesDep, caller: Annotated[Caller, Depends(get_caller)]
) -> AsyncIterator[AsyncSession]:
    """The request's one transaction, inside the caller's tenant."""
    async with services.database.transaction(caller.tenant_id) as session:
        yield session


# The function scope commits before the answer leaves: a failed commit is an error, not a 201.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
