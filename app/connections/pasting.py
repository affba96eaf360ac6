"""Access tokens that a custodian makes on the account's own server, and brings to us: Mastodon."""

from contextlib import suppress
from uuid import UUID

from app.connections import queries
from app.connections.answers import Outcome
from app.connections.connecting import Grant, NotConnectable, NotSetUp, keep
from app.connections.rules import PASTED, LossReason, Subject, Wanted, matching
from app.connections.schemas import ConnectionOut
from app.connections.sealing import opened_tokens
from app.connections.service import AccessMaker, lose, show
from app.core.crypto import KeyringUnusable, Undecryptable, keys_of
from app.core.errors import AppError, Conflict, Invalid, ServiceUnavailable
from app.core.logs import get_logger
from app.core.metrics import record_connection
from app.core.services import Services
from app.identity.rules import Caller
from app.platforms.access import Access
from app.platforms.base import (
    CredentialsBad,
    OtherAccount,
    ParseFailed,
    PlatformError,
    Target,
    TokenRefused,
)
from app.platforms.mastodon import MastodonAdapter
from app.platforms.oauth import Identity, Tokens, token_of
from app.platforms.oauth_catalog import OAUTHS


class ConsentWanted(Invalid):
    """Accounts on {platform} are connected on a consent page: POST to this address instead."""


class TokenNotAccepted(Invalid):
    """The account's own server does not accept this access token; nothing was stored."""


class TokenTooNarrow(Invalid):
    """The access token lacks a right: it needs read:accounts and read:follows."""


class TokenOfAnother(Conflict):
    """The access token speaks for another account; nothing was stored."""


class ServerSilent(ServiceUnavailable):
    """The account's own server gave no usable answer; nothing was stored. Try again shortly."""


async def connect(
    services: Services, make_access: AccessMaker, caller: Caller, subject: Subject, token: str
) -> ConnectionOut:
    """Connect an official account with a token, once its server says that it is the account's own.

    Raises:
        NotFound: there is no such account, or it is not visible.
        AppError: a subclass says why the token is not kept.
    """
    now = services.clock.now()
    async with services.database.transaction(caller.tenant_id) as session:
        owner = await queries.visible_owner(session, caller, subject)
    if owner.platform not in PASTED:
        wanted = ConsentWanted if owner.platform in OAUTHS else NotConnectable
        raise wanted(platform=owner.platform.value)
    try:
        keys = keys_of(services.settings)
    except KeyringUnusable as missing:
        raise NotSetUp(what=str(missing)) from missing
    identity = await _verified(make_access(owner.platform), owner.wanted, _usable(token))
    tokens = Tokens(identity.access_token, None, None, None)
    async with services.database.transaction(caller.tenant_id) as session:
        # Read again: the account may have been corrected while its server was being asked.
        owner = await queries.visible_owner(session, caller, subject)
        if matching(owner.wanted, [identity]) is None:
            raise TokenOfAnother
        await keep(session, keys, Grant(caller, subject, owner.platform, tokens, identity), now=now)
        return await show(session, caller, subject, now=now)


def _usable(token: str) -> str:
    try:
        return token_of(token.strip())
    except ParseFailed:
        raise TokenNotAccepted from None


async def _verified(access: Access, wanted: Wanted, token: str) -> Identity:
    """The account that a token speaks for, which is the wanted one.

    Raises:
        AppError: it is not, or nobody can tell.
    """
    asked = Target(wanted.handle, wanted.platform_id, token)
    outcome = Outcome.CONNECTED
    try:
        platform_id = await MastodonAdapter(access).own_id(asked)
    except PlatformError as error:
        refusal, outcome = _refusal(error)
        raise refusal from None
    finally:
        await access.aclose()
        record_connection(platform=access.platform.value, outcome=outcome.value)
        get_logger().info(
            "token brought",
            action="connected",
            platform=access.platform.value,
            outcome=outcome.value,
        )
    return Identity(platform_id, wanted.handle, token)


def _refusal(error: PlatformError) -> tuple[AppError, Outcome]:
    """What an error means for whoever brought the token, and how it is counted."""
    match error:
        case OtherAccount():
            return TokenOfAnother(), Outcome.OTHER_ACCOUNT
        case TokenRefused():
            return TokenNotAccepted(), Outcome.CODE_REFUSED
        case CredentialsBad():
            return TokenTooNarrow(), Outcome.CODE_REFUSED
        case _:
            return ServerSilent(), Outcome.PLATFORM_DOWN


async def give_up(services: Services, tenant_id: UUID, subject: Subject, token: str) -> None:
    """Ask for the owner again where the platform refuses a token that nothing can renew."""
    now = services.clock.now()
    async with services.database.transaction(tenant_id) as session:
        connection = await queries.of_subject(session, tenant_id, subject, lock=True)
        if connection is None or connection.refresh_token is not None:
            return
        with suppress(KeyringUnusable, Undecryptable):
            held, _ = opened_tokens(keys_of(services.settings), connection)
            # Another token may have been brought since this one was refused.
            if held == token:
                lose(session, connection, LossReason.GRANT_REFUSED, now=now)
