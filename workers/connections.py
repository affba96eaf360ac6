"""Keeping tokens alive, and giving them to the jobs that ask in an account's name."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.connections import pasting
from app.connections import service as connections
from app.connections.rules import Subject, SubjectKind
from app.connections.service import AccessMaker
from app.core.crypto import KeyringUnusable, Undecryptable
from app.core.logs import get_logger
from app.core.services import Services
from app.identity import queries as identity
from app.jobs.kinds import RefreshTokens
from app.platforms.base import Platform


async def refresh_tokens(services: Services, _: RefreshTokens) -> None:
    """Renew every tenant's tokens that are to be renewed by now."""
    make_access = connections.access_maker(services)
    async with services.database.system() as session:
        tenants = [tenant.id for tenant in await identity.all_tenants(session)]
    for tenant_id in tenants:
        await refresh_tenant(services, make_access, tenant_id)


async def refresh_tenant(services: Services, make_access: AccessMaker, tenant_id: UUID) -> None:
    """Renew one tenant's tokens, one after the other; one that cannot be read stops no other."""
    await connections.drop_ownerless(services, tenant_id)
    for subject, platform in await connections.subjects(services, tenant_id):
        await _token(services, make_access, tenant_id, subject, platform, ahead=True)


def tokens_of(
    services: Services, make_access: AccessMaker, kind: SubjectKind
) -> Callable[[UUID, UUID], Awaitable[str | None]]:
    """A way to the tokens of one kind of account, by tenant and account; None where none is left.

    A token that cannot be read is none, so that the verdict stays unknown.
    """

    async def token_of(tenant_id: UUID, account_id: UUID) -> str | None:
        subject = Subject(kind, account_id)
        platform = await connections.platform_of(services, tenant_id, subject)
        if platform is None:
            return None
        return await _token(services, make_access, tenant_id, subject, platform, ahead=False)

    return token_of


def refusals_of(services: Services) -> Callable[[UUID, UUID, str], Awaitable[None]]:
    """How to tell that a platform does not accept an official account's token any more."""

    async def refused(tenant_id: UUID, account_id: UUID, token: str) -> None:
        subject = Subject(SubjectKind.OFFICIAL_ACCOUNT, account_id)
        await pasting.give_up(services, tenant_id, subject, token)

    return refused


async def _token(
    services: Services,
    make_access: AccessMaker,
    tenant_id: UUID,
    subject: Subject,
    platform: Platform,
    *,
    ahead: bool,
) -> str | None:
    access = make_access(platform)
    try:
        return await connections.usable_token(services, access, tenant_id, subject, ahead=ahead)
    except (KeyringUnusable, Undecryptable) as error:
        get_logger().error(
            "token unreadable",
            action="token_unreadable",
            platform=platform.value,
            tenant_id=str(tenant_id),
            exc_info=error,
        )
        return None
    finally:
        await access.aclose()
