"""Keeping endpoints: made, edited, removed, their secrets exchanged, messages sent again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.crypto import KeyringUnusable, Undecryptable
from app.core.db import among
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.etags import require_version
from app.core.ids import new_id
from app.feed import queries as feed
from app.feed.rules import TOLD_KINDS, Position, before
from app.identity.rules import Caller
from app.settings import Settings
from app.webhooks import outbox, queries
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.rules import (
    OLD_SECRET_LASTS,
    OLD_SECRET_LASTS_AT_MOST,
    DeliveryState,
    Disabled,
    Reach,
    UrlRefused,
    checked_url,
    reach_of,
)
from app.webhooks.schemas import (
    EndpointEdit,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    RedeliveryIn,
    SecretIn,
)
from app.webhooks.sealing import new_secret, opened, put_secret, required_keys

ENDPOINTS_AT_MOST = 20
RESTARTED_AT_MOST = 10_000


class UrlInvalid(Invalid):
    """Nothing can be sent to this address."""


class KindWithheld(Invalid):
    """Webhooks do not tell of {kinds}; the audit trail does."""


class TooManyEndpoints(Conflict):
    """A government has at most {most} endpoints; remove one first."""


class EndsTooLate(Invalid):
    """An old secret ends within 30 days from now."""


def own_reach(settings: Settings) -> Reach:
    """Where the operator allows changes to be sent."""
    return reach_of(http=settings.webhook_http, private_hosts=settings.webhook_private_hosts)


def _check_url(settings: Settings, url: str) -> None:
    try:
        checked_url(url, own_reach(settings))
    except UrlRefused as fault:
        raise UrlInvalid(errors=[FieldError("/body/url", fault.code, str(fault))]) from fault


def _check_kinds(kinds: Sequence[ChangeKind]) -> list[str]:
    withheld = sorted({each.value for each in kinds} - set(TOLD_KINDS))
    if withheld:
        fault = FieldError("/body/kinds", "kind", f"not told of: {', '.join(withheld)}")
        raise KindWithheld(kinds=", ".join(withheld), errors=[fault])
    return sorted({each.value for each in kinds})


def _note(
    session: AsyncSession, caller: Caller, kind: ChangeKind, endpoint_id: UUID, now: datetime,
    **facts: Any,
) -> None:  # fmt: skip
    record(
        session,
        kind,
        endpoint_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        **facts,
    )


async def make(
    session: AsyncSession, settings: Settings, caller: Caller, body: EndpointIn, *, now: datetime
) -> EndpointMade:
    """An endpoint that is told of every change from now on.

    Raises:
        UrlInvalid: nothing can be sent to its address.
        KindWithheld: it asks for what other systems are not told.
        TooManyEndpoints: there are too many already.
        WebhooksNotSetUp: its secret could not be stored.
    """
    keys = required_keys(settings)
    _check_url(settings, body.url)
    kinds = _check_kinds(body.kinds)
    there = (await session.scalars(queries.visible_to(caller))).all()
    if len(there) >= ENDPOINTS_AT_MOST:
        raise TooManyEndpoints(most=ENDPOINTS_AT_MOST)
    # What runs now ends later, and is told.
    position = before(await feed.horizon(session))
    secret = new_secret()
    endpoint = WebhookEndpoint(
        tenant_id=caller.tenant_id,
        id=new_id(),
        name=body.name,
        url=body.url,
        kinds=kinds,
        position_transaction=position.transaction,
        position_sequence=position.sequence,
        created_at=now,
        created_by=caller.actor,
        version=1,
    )
    put_secret(keys, endpoint, secret)
    session.add(endpoint)
    _note(session, caller, ChangeKind.WEBHOOK_CREATED, endpoint.id, now)
    await session.flush()
    return EndpointMade(**shown(endpoint, 0).model_dump(), secret=secret)


async def edit(
    session: AsyncSession,
    settings: Settings,
    caller: Caller,
    endpoint_id: UUID,
    body: EndpointEdit,
    *,
    expected: int,
    now: datetime,
) -> WebhookEndpoint:
    """Change an endpoint; what is lined up already is sent to where it is now.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
        UrlInvalid, KindWithheld: as for a new one.
    """
    endpoint = await queries.get(session, caller, endpoint_id, locked=True)
    require_version(endpoint.version, expected)
    if body.name is not None:
        endpoint.name = body.name
    if body.url is not None:
        _check_url(settings, body.url)
        endpoint.url = body.url
    if body.kinds is not None:
        endpoint.kinds = _check_kinds(body.kinds)
    if body.enabled is True and endpoint.disabled is not None:
        await _enable(session, endpoint, now)
    elif body.enabled is False and endpoint.disabled is None:
        outbox.disable(session, endpoint, Disabled.OFFICER, caller.actor, now)
    endpoint.version += 1
    fields = sorted(body.model_fields_set)
    _note(session, caller, ChangeKind.WEBHOOK_UPDATED, endpoint.id, now, fields=fields)
    await session.flush()
    return endpoint


async def _enable(session: AsyncSession, endpoint: WebhookEndpoint, now: datetime) -> None:
    endpoint.disabled = None
    latest = before(await feed.horizon(session))
    # A place that a restored database has not reached yet would keep it waiting for weeks.
    if Position(endpoint.position_transaction, endpoint.position_sequence) > latest:
        endpoint.position_transaction = latest.transaction
        endpoint.position_sequence = latest.sequence
    waiting = queries.of_endpoint(endpoint).where(WebhookDelivery.state == DeliveryState.WAITING)
    found = (await session.scalars(waiting)).all()
    await outbox.restart(session, endpoint.tenant_id, [each.id for each in found], now)


async def remove(
    session: AsyncSession, caller: Caller, endpoint_id: UUID, *, now: datetime
) -> None:
    """Remove an endpoint, with its messages.

    Raises:
        NotFound: there is none.
    """
    endpoint = await queries.get(session, caller, endpoint_id, locked=True)
    await session.delete(endpoint)
    _note(session, caller, ChangeKind.WEBHOOK_REMOVED, endpoint_id, now)
    await session.flush()


async def exchange_secret(
    session: AsyncSession,
    settings: Settings,
    caller: Caller,
    endpoint_id: UUID,
    body: SecretIn,
    *,
    now: datetime,
) -> EndpointMade:
    """A new secret; until the old one ends, both sign.

    Raises:
        NotFound: there is no such endpoint.
        EndsTooLate: the old secret would live on for too long.
        WebhooksNotSetUp: secrets can be neither read nor stored.
    """
    keys = required_keys(settings)
    endpoint = await queries.get(session, caller, endpoint_id, locked=True)
    ends_at = now + OLD_SECRET_LASTS if body.old_ends_at is None else body.old_ends_at
    if ends_at > now + OLD_SECRET_LASTS_AT_MOST:
        raise EndsTooLate(errors=[FieldError("/body/old_ends_at", "range", "within 30 days")])
    try:
        old = (opened(keys, endpoint, now)[0], ends_at) if ends_at > now else None
    except (KeyringUnusable, Undecryptable):
        # What nobody can read signs nothing, and a new secret is the way out.
        old = None
    secret = new_secret()
    put_secret(keys, endpoint, secret, old)
    endpoint.version += 1
    _note(session, caller, ChangeKind.WEBHOOK_SECRET_EXCHANGED, endpoint.id, now)
    await session.flush()
    waiting = await queries.waiting(session, caller.tenant_id, [endpoint.id])
    return EndpointMade(**shown(endpoint, waiting.get(endpoint.id, 0)).model_dump(), secret=secret)


async def redeliver(
    session: AsyncSession, caller: Caller, endpoint_id: UUID, body: RedeliveryIn, *, now: datetime
) -> int:
    """Send messages again; how many.

    Raises:
        NotFound: there is no such endpoint, or no such message of it.
    """
    endpoint = await queries.get(session, caller, endpoint_id, locked=True)
    wanted = select(WebhookDelivery.id).where(
        WebhookDelivery.tenant_id == endpoint.tenant_id,
        WebhookDelivery.endpoint_id == endpoint.id,
    )
    if body.delivery_ids is not None:
        wanted = wanted.where(among(WebhookDelivery.id, body.delivery_ids))
    else:
        wanted = wanted.where(
            WebhookDelivery.state == DeliveryState.DEAD,
            WebhookDelivery.finished_at >= body.dead_since,
        ).limit(RESTARTED_AT_MOST)
    found = (await session.scalars(wanted)).all()
    if body.delivery_ids is not None and len(found) < len(set(body.delivery_ids)):
        raise NotFound
    await outbox.restart(session, caller.tenant_id, found, now)
    _note(session, caller, ChangeKind.WEBHOOK_REDELIVERED, endpoint.id, now, restarted=len(found))
    return len(found)


def shown(endpoint: WebhookEndpoint, waiting: int) -> EndpointOut:
    """An endpoint as the API answers it."""
    return EndpointOut(
        id=endpoint.id,
        name=endpoint.name,
        url=endpoint.url,
        kinds=endpoint.kinds,
        enabled=endpoint.disabled is None,
        disabled=endpoint.disabled,
        waiting=waiting,
        old_secret_ends_at=endpoint.old_secret_ends_at,
        created_at=endpoint.created_at,
        version=endpoint.version,
    )
